import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// What is wrong with a layer list is said in words that name the layer; nothing is allocated for it and nothing crashes.
@Suite struct LayerListTests {
  /// The message for a list, nil where it is accepted. Tensors: a convolution `c` [4, 3, 3, 3], a linear layer `l` [2, 300],
  /// norms `n` [4], `one` with a scale alone, `negative` with a negative variance.
  private func message(_ layers: String, images: Shape = [3, 10, 10]) -> String? {
    do {
      let list = try JSONDecoding.parse(Data(layers.utf8), source: "model.json")
      var description = ModelDescription(id: "example", name: "Example")
      description.architecture = list
      _ = try ModelFixtures.load(Self.checkpoint.get(), description, images: images)
      return nil
    } catch { return "\(error)" }
  }

  private static let checkpoint = Result {
    func tensor(_ name: String, _ shape: [Int], _ value: Float = 0.5) -> TensorToWrite {
      TensorToWrite(name: name, shape: shape, floats: [Float](repeating: value, count: shape.reduce(1, *)))
    }
    return try ModelFixtures.write([
      tensor("c.weight", [4, 3, 3, 3]), tensor("c.bias", [4]), tensor("l.weight", [2, 300]), tensor("l.bias", [2]),
      tensor("n.weight", [4]), tensor("n.bias", [4]), tensor("n.running_mean", [4]), tensor("n.running_var", [4]),
      tensor("one.weight", [3]), tensor("one.running_mean", [3]), tensor("one.running_var", [3]),
      tensor("negative.running_mean", [3]), tensor("negative.running_var", [3], -1), tensor("c.wide", [3, 3]),
      tensor("empty.weight", [0, 3, 3, 3]), tensor("bad.weight", [4, 3, 3, 3]), tensor("bad.bias", [5]),
      tensor("flat.weight", [9, 3]),
    ])
  }

  private static let end = #"{"type": "Flatten"}, {"type": "Linear", "name": "l"}]"#

  @Test func aSoundListIsAccepted() {
    #expect(message("[\(Self.end)") == nil)
  }

  @Test(arguments: [
    (#"{"type": "Relu"}"#, "layers[0]: there is no layer type `Relu`; did you mean `ReLU`?"),
    (#"{"type": "MaxPool"}"#, "did you mean `MaxPool2d`?"),
    (#"{"type": "Transformer"}"#, "there is no layer type `Transformer`; known are AdaptiveAvgPool2d, "),
    (
      #"{"type": "Conv2d", "name": "c", "paddding": 1}"#,
      "description `example`: $.architecture[0]: unknown key `paddding`; did you mean `padding`?"
    ),
    (
      #"{"type": "Residual", "main": [{"type": "ReLU", "inplace": true}]}"#,
      "$.architecture[0].main[0]: unknown key `inplace`"
    ),
    (
      #"{"type": "AddParameter", "name": "l.weight"}"#,
      "tensor `l.weight` of layers[0] (AddParameter `l.weight`) has shape [2, 300], expected one that is repeated to [3, 10, 10]"
    ),
    (
      #"{"type": "MultiplyParameter", "name": "none"}"#,
      "layers[0] (MultiplyParameter `none`) needs the tensor `none`, which is not there"
    ),
    (#"{"type": "PrependParameter", "name": "n.weight"}"#, "expected [N, L, D]"),
    (#"{"type": "MultiheadAttention", "name": "c", "numHeads": 2}"#, "expected [N, L, D]"),
    (
      #"{"type": "Reshape", "shape": [30, 10]}, {"type": "MultiheadAttention", "name": "c", "numHeads": 3}"#,
      "option `numHeads` is 3, which does not divide the width 10"
    ),
    (
      #"{"type": "Reshape", "shape": [30, 10]}, {"type": "MultiheadAttention", "name": "c", "numHeads": 2}"#,
      "layers[1] (MultiheadAttention `c`) needs the tensor `c.in_proj_weight`, which is not there"
    ),
    (#"{"type": "PReLU", "name": "n"}"#, "has shape [4], expected [3] or [1]"),
    (#"{"type": "CELU", "alpha": 0}"#, "option `alpha` is 0.0, expected another than 0"),
    (#"{"type": "Hardtanh", "minVal": 2}"#, "option `minVal` is above `maxVal`"),
    (
      #"{"type": "Multiply", "branches": [[], [{"type": "Flatten"}]]}"#,
      "give [1, 3, 10, 10] and [1, 300], which have other numbers of axes"
    ),
    (#"{"name": "c"}"#, "$.architecture[0]: missing key `type`"),
    (#"{"type": "ReLU", "beta": 2}"#, "layers[0] (ReLU): ReLU has no option `beta`; it has none"),
    (
      #"{"type": "Linear", "name": "l", "stride": 2}"#,
      "layers[0] (Linear `l`): Linear has no option `stride`; it has name, bias"
    ),
    (#"{"type": "Conv2d"}"#, "layers[0] (Conv2d): Conv2d needs the option `name`"),
    (#"{"type": "MaxPool2d"}"#, "layers[0] (MaxPool2d): MaxPool2d needs the option `kernelSize`"),
    (#"{"type": "Residual"}"#, "layers[0] (Residual): Residual needs the option `main`"),
    (
      #"{"type": "Conv2d", "name": "d"}"#,
      "test.pt: layers[0] (Conv2d `d`) needs the tensor `d.weight`, which is not there; near it are "
    ),
    (
      #"{"type": "Conv2d", "name": "flat"}"#,
      "test.pt: tensor `flat.weight` of layers[0] (Conv2d `flat`) has shape [9, 3], expected [K, 3 / 1, h, w]"
    ),
    (
      #"{"type": "Conv2d", "name": "bad"}"#, "tensor `bad.bias` of layers[0] (Conv2d `bad`) has shape [5], expected [4]"
    ),
    (#"{"type": "Conv2d", "name": "empty"}"#, "leaves nothing: [1, 0, 8, 8]"),
    (#"{"type": "Conv2d", "name": "bad", "bias": true, "groups": 3}"#, "expected [K, 3 / 3, h, w]"),
    (
      #"{"type": "Linear", "name": "c"}"#,
      "tensor `c.weight` of layers[0] (Linear `c`) has shape [4, 3, 3, 3], expected [K, 10]"
    ),
    (
      #"{"type": "BatchNorm2d", "name": "n"}"#,
      "tensor `n.running_mean` of layers[0] (BatchNorm2d `n`) has shape [4], expected [3]"
    ),
    (#"{"type": "BatchNorm2d", "name": "one"}"#, "needs the tensor `one.bias`, which is not there"),
    (
      #"{"type": "BatchNorm2d", "name": "negative"}"#,
      "tensor `negative.running_var` of layers[0] (BatchNorm2d `negative`) holds a variance that is not positive"
    ),
    (#"{"type": "GroupNorm", "name": "m", "numGroups": 3}"#, "needs the tensor `m.weight`, which is not there"),
    (#"{"type": "GroupNorm", "name": "one", "numGroups": 3}"#, "needs the tensor `one.bias`, which is not there"),
    (#"{"type": "GroupNorm", "numGroups": 2}"#, "the channels do not divide into 2 groups"),
    (#"{"type": "LayerNorm", "name": "n"}"#, "has shape [4], expected [10]"),
    (
      #"{"type": "Residual", "main": [{"type": "Conv2d", "name": "c", "padding": 1}]}"#,
      "layers[0] (Residual) on an input of shape [1, 3, 10, 10]: `main` gives [1, 4, 10, 10] but `shortcut` [1, 3, 10, 10]; they are added"
    ),
    (
      #"{"type": "Residual", "main": [{"type": "Sequential", "layers": [{"type": "ReLU"}, {"type": "Conv2d", "name": "e"}]}]}"#,
      "layers[0].main[0].layers[1] (Conv2d `e`) needs the tensor `e.weight`"
    ),
    (#"{"type": "Concatenate", "branches": [[], [{"type": "Flatten"}]]}"#, "layers[0] (Concatenate) on an input"),
    (
      #"{"type": "Concatenate", "branches": [[], [{"type": "ReLU"}, {"type": "Nope"}]]}"#,
      "layers[0].branches[1][1]: there is no layer type `Nope`"
    ),
    (#"{"type": "Concatenate", "branches": []}"#, "option `branches` must hold at least one list"),
    (#"{"type": "Concatenate", "branches": [[]], "axis": 0}"#, "option `axis` is the batch"),
    (
      #"{"type": "Flatten"}, {"type": "MaxPool2d", "kernelSize": 2}"#,
      "layers[1] (MaxPool2d) on an input of shape [1, 300]: expected [N, C, H, W]"
    ),
    (
      #"{"type": "Mean", "axes": [1, 2, 3]}, {"type": "Softmax"}"#,
      "layers[1] (Softmax) on an input of shape [1]: needs at least 2 axes"
    ),
    (
      #"{"type": "Mean", "axes": [1, 2, 3]}, {"type": "Linear", "name": "l"}"#,
      "needs at least 2 axes, the first for the batch"
    ),
    (#"{"type": "GELU", "approximate": "sigmoid"}"#, "option `approximate` is `sigmoid`, expected `none` or `tanh`"),
  ]) func mistakesAreNamed(layers: String, part: String) {
    let message = message("[\(layers), \(Self.end)")
    #expect(message?.contains(part) == true, "\(message ?? "accepted")")
  }

  @Test(arguments: [
    (
      #"{"type": "Conv2d", "name": "c", "stride": 9223372036854775807}"#,
      "option `stride` is 9223372036854775807, expected 1...65536"
    ),
    (#"{"type": "Conv2d", "name": "c", "stride": 0}"#, "option `stride` is 0"),
    (#"{"type": "Conv2d", "name": "c", "stride": [1, -1]}"#, "option `stride` is -1"),
    (
      #"{"type": "Conv2d", "name": "c", "stride": [1, 1, 1]}"#,
      "option `stride` must be one number or [vertical, horizontal]"
    ),
    (#"{"type": "Conv2d", "name": "c", "stride": []}"#, "option `stride` must be one number"),
    (#"{"type": "Conv2d", "name": "c", "stride": 1e30}"#, "$.architecture[0].stride"),
    (#"{"type": "Conv2d", "name": "c", "stride": 1.5}"#, "$.architecture[0].stride"),
    (#"{"type": "Conv2d", "name": "c", "padding": -1}"#, "option `padding` is -1, expected 0...65536"),
    (
      #"{"type": "Conv2d", "name": "c", "padding": 65536}"#,
      "the output [1, 4, 131080, 131080] has more than 2147483647 elements"
    ),
    (#"{"type": "Conv2d", "name": "c", "padding": 4096}"#, "at most 268435456 numbers per image are accepted"),
    (#"{"type": "Conv2d", "name": "c", "groups": 0}"#, "option `groups` is 0, expected 1...65536"),
    (#"{"type": "Conv2d", "name": "c", "groups": 9223372036854775807}"#, "option `groups` is 9223372036854775807"),
    (#"{"type": "Conv2d", "name": "c", "dilation": 0}"#, "option `dilation` is 0"),
    (#"{"type": "Conv2d", "name": "c", "dilation": 60000}"#, "the window is larger than the padded image"),
    (
      #"{"type": "ConvTranspose2d", "name": "c", "outputPadding": 9223372036854775807}"#,
      "has shape [4, 3, 3, 3], expected [3, K / groups, h, w]"
    ),
    (#"{"type": "MaxPool2d", "kernelSize": 0}"#, "option `kernelSize` is 0"),
    (#"{"type": "MaxPool2d", "kernelSize": 1000000}"#, "option `kernelSize` is 1000000"),
    (#"{"type": "AvgPool2d", "kernelSize": 2, "padding": 2}"#, "option `padding` is more than half a window of 2 x 2"),
    (#"{"type": "AvgPool2d", "kernelSize": 12}"#, "layers[0] (AvgPool2d) on an input of shape [1, 3, 10, 10]"),
    (#"{"type": "AdaptiveAvgPool2d", "outputSize": 100000}"#, "option `outputSize` is 100000, expected 1...1024"),
    (#"{"type": "AdaptiveAvgPool2d", "outputSize": 0}"#, "option `outputSize` is 0"),
    (#"{"type": "Upsample", "factor": 1024}"#, "at most 268435456 numbers per image are accepted"),
    (#"{"type": "Upsample", "factor": -2}"#, "option `factor` is -2"),
    (#"{"type": "Upsample", "factor": 9223372036854775807}"#, "option `factor` is 9223372036854775807"),
    (
      #"{"type": "Reshape", "shape": [1000000000, 1000000000, 1000000000]}"#,
      "option `shape` must hold positive extents"
    ),
    (#"{"type": "Reshape", "shape": [7, -1]}"#, "option `shape` is [7, -1], but an image has 300 numbers here"),
    (#"{"type": "Reshape", "shape": [-1, -1]}"#, "at most one -1"),
    (#"{"type": "Reshape", "shape": [0, 300]}"#, "option `shape` must hold positive extents"),
    (#"{"type": "Reshape", "shape": []}"#, "option `shape` is [], but an image has 300 numbers here"),
    (
      #"{"type": "Pad", "low": [0, 0, 65536, 65536], "high": [0, 0, 65536, 65536]}"#,
      "has more than 2147483647 elements"
    ),
    (
      #"{"type": "Reshape", "shape": [1, 1, 1, 1, 300]}, {"type": "Pad", "low": [0, 65536, 65536, 65536, 65536, 65536], "high": [0, 0, 0, 0, 0, 0]}"#,
      "layers[1] (Pad)"
    ),
    (#"{"type": "Pad", "low": [1, 0, 0, 0], "high": [0, 0, 0, 0]}"#, "0 for the batch"),
    (#"{"type": "Pad", "low": [0, 0, 0, -1], "high": [0, 0, 0, 0]}"#, "option `low`"),
    (#"{"type": "Pad", "low": [0], "high": [0]}"#, "for each of 4 axes"),
    (
      #"{"type": "Slice", "axis": 1, "count": 9223372036854775807}"#,
      "option `count` is 9223372036854775807, but there are 3"
    ),
    (#"{"type": "Slice", "axis": 1, "start": -1}"#, "option `start` is -1, the axis has 3"),
    (#"{"type": "Slice", "axis": 1, "step": 0}"#, "option `step` is 0"),
    (#"{"type": "Slice", "axis": 1, "count": 0}"#, "option `count` is 0"),
    (#"{"type": "Slice", "axis": 0}"#, "option `axis` is the batch"),
    (#"{"type": "Slice", "axis": -9223372036854775808}"#, "the input has 4 axes"),
    (#"{"type": "Permute", "permutation": [0, 1, 1, 2]}"#, "layers[0] (Permute)"),
    (#"{"type": "Permute", "permutation": [0, 9223372036854775807]}"#, "layers[0] (Permute)"),
    (#"{"type": "Permute", "permutation": [0]}"#, "layers[0] (Permute)"),
    (#"{"type": "Permute", "permutation": [1, 0, 2, 3]}"#, "must leave axis 0, the batch, in place"),
    (#"{"type": "Mean", "axes": [0, 1]}"#, "option `axes` must name axes other than the batch"),
    (#"{"type": "Mean", "axes": []}"#, "option `axes` must name axes"),
    (#"{"type": "Sum", "axes": [4]}"#, "option `axes` is 4, but the input has 4 axes"),
    (#"{"type": "GroupNorm", "numGroups": 0}"#, "option `numGroups` is 0"),
    (#"{"type": "LayerNorm", "normalizedDimensions": 4}"#, "option `normalizedDimensions` is 4, expected 1...3"),
    (#"{"type": "LayerNorm", "normalizedDimensions": -1}"#, "option `normalizedDimensions` is -1"),
    (#"{"type": "LayerNorm", "eps": -1}"#, "option `eps` is negative"),
    (#"{"type": "LayerNorm", "eps": 1e300}"#, "option `eps` is out of float32's range"),
    (#"{"type": "Softplus", "beta": 0}"#, "option `beta` must be positive"),
    (#"{"type": "Softplus", "beta": 1e60}"#, "option `beta` is out of float32's range"),
    (#"{"type": "LeakyReLU", "negativeSlope": 1e60}"#, "option `negativeSlope` is out of float32's range"),
    (#"{"type": "Scale", "value": 1e60}"#, "option `value` is out of float32's range"),
    (#"{"type": "Clip", "minimum": 2, "maximum": 1}"#, "option `minimum` is above `maximum`"),
  ]) func hostileValuesAreRefused(layers: String, part: String) {
    let message = message("[\(layers), \(Self.end)")
    #expect(message?.contains(part) == true, "\(message ?? "accepted")")
  }

  @Test func transposedConvolutionChecksItsExtraRows() throws {
    let weight = TensorToWrite(name: "t.weight", shape: [3, 1, 2, 2], floats: [Float](repeating: 1, count: 12))
    var description = ModelDescription(id: "example", name: "Example")
    for padding in ["2", "-1", "[0, 9223372036854775807]"] {
      description.architecture = try JSONDecoding.parse(
        Data(#"[{"type": "ConvTranspose2d", "name": "t", "stride": 2, "outputPadding": \#(padding)}]"#.utf8), source: ""
      )
      let message = ModelFixtures.message {
        _ = try ModelFixtures.load(ModelFixtures.write([weight]), description, images: [3, 4, 4])
      }
      #expect(message?.contains("expected 0...1") == true, "\(message ?? "accepted")")
    }
  }

  /// Every layer is within its limit, but upsampling again and again must stop somewhere.
  @Test func manySmallStepsMeetTheLimitToo() {
    let doubling = [String](repeating: #"{"type": "Upsample", "factor": 2}"#, count: 40).joined(separator: ", ")
    #expect(message("[\(doubling), \(Self.end)")?.contains("layers[9] (Upsample)") == true)
  }

  @Test func nestingHasALimit() {
    func nested(_ depth: Int) -> String {
      String(repeating: #"{"type": "Sequential", "layers": ["#, count: depth) + #"{"type": "ReLU"}"#
        + String(repeating: "]}", count: depth)
    }
    #expect(message("[\(nested(25)), \(Self.end)") == nil)
    #expect(message("[\(nested(40)), \(Self.end)")?.contains("nest deeper than 64 levels") == true)
    #expect(message("[\(nested(100_000)), \(Self.end)")?.contains("nest deeper than 64 levels") == true)
  }

  @Test(arguments: [
    ("[]", "the network's output has shape [1, 3, 10, 10], expected [1, K] with K at least 2"),
    (#"[{"type": "Mean", "axes": [1, 2, 3]}]"#, "the network's output has shape [1]"),
    (#"[{"type": "Flatten"}, {"type": "Slice", "axis": 1, "count": 1}]"#, "the network's output has shape [1, 1]"),
    (#"[{"type": "Flatten"}, {"type": "Permute", "permutation": [0, 1]}]"#, ""),
    (#"{"type": "ReLU"}"#, "description `example`: $.architecture: expected "),
    ("7", "description `example`: $.architecture: expected "),
    (#""resnet1000""#, "there is no architecture `resnet1000`"),
    ("[7]", "$.architecture[0]: expected "),
  ]) func outputAndFormAreChecked(list: String, part: String) {
    let message = message(list)
    #expect(part.isEmpty ? message == nil : message?.contains(part) == true, "\(message ?? "accepted")")
  }

  @Test func unusedTensorsAreNoted() throws {
    var description = ModelDescription(id: "example", name: "Example")
    description.architecture = try JSONDecoding.parse(Data("[\(Self.end)".utf8), source: "model.json")
    let model = try ModelFixtures.load(Self.checkpoint.get(), description, images: [3, 10, 10])
    #expect(model.unusedTensors == 16)
    #expect(model.notes == ["16 tensors are not used by the network: c.weight, c.bias, n.weight, n.bias, ..."])
  }
}
