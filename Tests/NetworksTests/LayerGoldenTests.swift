import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Every layer type against PyTorch in float64, each in a small network described as a layer list.
@Suite struct LayerGoldenTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let inputShape: [Int]
    let layers: JSONValue
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    let url = ModelFixtures.directory.appendingPathComponent("layers.json")
    guard let data = try? Data(contentsOf: url) else { return [] }
    return (try? JSONDecoding.decode([Case].self, from: data, source: "layers.json")) ?? []
  }()

  @Test(.everyEngine, arguments: cases) func agreesWithPyTorch(_ example: Case) throws {
    var description = ModelDescription(id: example.name, name: example.name)
    description.architecture = example.layers
    let shape = Shape(example.inputShape)
    let model = try ModelFixtures.load(ModelFixtures.checkpoint("layers"), description, images: shape)
    #expect(model.architecture == "layers")
    let images = try ModelFixtures.images(shape, count: 2)
    for target in [GradientTarget.logitSum, .logitPredicted] {
      let agreement = try ClassifierAgreement(
        model.classifier, images: images, logits: ModelFixtures.golden("layers/\(example.name)/logits"), target: target,
        gradient: ModelFixtures.golden("layers/\(example.name)/\(target.rawValue)"))
      #expect(agreement.logitError < 1)
      #expect(agreement.medianRelativeError < 1e-4)
      #expect(agreement.smallestCosine > 0.999)
    }
  }

  @Test func everyTypeHasACase() throws {
    var types: Set<String> = []
    func collect(_ layer: Layer) {
      types.insert(layer.type)
      let lists = [layer.layers ?? [], layer.main ?? [], layer.shortcut ?? []] + (layer.branches ?? [])
      for inner in lists.joined() { collect(inner) }
    }
    for example in Self.cases {
      for layer in try JSONDecoding.decode([Layer].self, from: example.layers, source: example.name) { collect(layer) }
    }
    #expect(types == Set(LayerType.all.keys))
  }

  /// The list that `plugins show` prints is the one that is checked.
  @Test func everyOptionExists() throws {
    var layer = Layer("Conv2d", name: "x")
    (layer.kernelSize, layer.stride, layer.padding, layer.outputPadding, layer.dilation) = (1, 1, 1, 1, 1)
    (layer.outputSize, layer.groups, layer.bias, layer.affine, layer.ceilMode) = (1, 1, true, true, true)
    (layer.countIncludePad, layer.eps, layer.numGroups, layer.normalizedDimensions) = (true, 1, 1, 1)
    (layer.beta, layer.negativeSlope, layer.approximate, layer.minimum, layer.maximum) = (1, 1, "tanh", 1, 1)
    (layer.value, layer.factor, layer.axis, layer.axes, layer.start, layer.count) = (1, 1, 1, [1], 1, 1)
    (layer.step, layer.low, layer.high, layer.shape, layer.permutation) = (1, [1], [1], [1], [1])
    (layer.alpha, layer.minVal, layer.maxVal, layer.numHeads) = (1, 1, 1, 1)
    (layer.mode, layer.alignCorners, layer.qkvBias, layer.shiftSize) = ("bilinear", true, true, 1)
    layer.windowSize = 1
    (layer.threshold, layer.lambd, layer.lower, layer.upper) = (1, 1, 1, 1)
    (layer.layers, layer.main, layer.shortcut, layer.branches) = ([], [], [], [])
    let document = try JSONDecoding.parse(JSONEncoding.encode(layer), source: "layer")
    let keys = Set(document.objectValue?.map(\.key) ?? []).subtracting(["type"])
    #expect(keys == Set(LayerType.all.values.flatMap(\.options)))
    #expect(try JSONDecoding.decode(Layer.self, from: document, source: "layer", rejectUnknownKeys: true) == layer)
  }
}
