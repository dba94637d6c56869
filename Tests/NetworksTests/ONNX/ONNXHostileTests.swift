import BenchCore
import Checkpoints
import Foundation
import ONNXSchema
import SwiftProtobuf
import Testing
import _Fixtures

@testable import Networks

/// Graphs that cannot be imported: each ends in an error that says what, where and what to do.
@Suite struct ONNXHostileTests {
  typealias Attributes = [String: Int64]

  private static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: Attributes = [:],
    lists: [String: [Int64]] = [:]
  ) -> ProtoNode {
    ONNXGraphs.node(
      operation, inputs, outputs,
      attributes.mapValues { .int($0) }.merging(lists.mapValues { .ints($0) }) { first, _ in first })
  }

  private static func integers(_ name: String, _ values: [Int64]) -> ProtoTensor {
    ONNXGraphs.integers(name, values)
  }

  private static func value(_ name: String, _ dims: [Int64], type: Int32 = 1) -> ProtoValueInfo {
    ONNXGraphs.value(name, dims, type: type)
  }

  /// A network from images `x` [n, 3, 4, 4] to `y` [n, 48].
  private static func model(_ nodes: [ProtoNode], _ constants: [ProtoTensor] = [], opset: Int64 = 13) -> ProtoModel {
    .with { model in
      model.irVersion = 8
      model.opsetImport = [.with { $0.version = opset }]
      model.graph.node = nodes
      model.graph.initializer = constants
      model.graph.input = [value("x", [-1, 3, 4, 4])]
      model.graph.output = [value("y", [-1, 48])]
    }
  }

  private static func load(_ model: ProtoModel) throws -> LoadedModel {
    let file = CheckpointFile(name: "m.onnx", data: try model.serializedBytes())
    return try ONNXPlugin().load(file, nil, LoadOptions(imageShape: [3, 4, 4]))
  }

  private static func message(_ model: ProtoModel) -> String {
    do {
      _ = try load(model)
      return ""
    } catch { return "\(error)" }
  }

  @Test func theSmallestNetworkIsRead() throws {
    #expect(try Self.load(Self.model([Self.node("Flatten", ["x"], ["y"])])).classifier.classCount == 48)
  }

  @Test func operatorsThatAreMissingAreNamedWithNodeAndOpset() {
    let message = Self.message(Self.model([Self.node("Flaten", ["x"], ["y"])]))
    #expect(
      message.contains("m.onnx: node `flaten` (Flaten, opset 13)") && message.contains("this operator is not known"))
    var foreign = Self.node("Gelu", ["x"], ["y"])
    foreign.domain = "com.example"
    #expect(Self.message(Self.model([foreign])).contains("the domain `com.example`"))
    #expect(
      Self.message(Self.model([Self.node("Gelu", ["x"], ["y"])])).contains("known in opsets 20 to"))
    #expect(Self.message(Self.model([Self.node("Flatten", ["x"], ["y"])], opset: 6)).contains("opset 6, expected 7 to"))
  }

  @Test(
    arguments: [
      ([node("Relu", ["z"], ["y"])], "reads the value `z`, which nothing before it makes"),
      ([node("Relu", ["y"], ["y"])], "reads the value `y`"),
      ([node("Identity", ["y"], ["y"])], "reads the value `y`"),
      ([node("Identity", ["z"], ["y"]), node("Identity", ["y"], ["z"])], "reads the value `z`"),
      ([node("Relu", ["x"], ["z"])], "the output `y` is made by no node"),
      ([node("Relu", [], ["y"])], "its input 0 is absent"),
      ([node("Relu", ["x"], ["y"])], "has shape [1, 3, 4, 4] for 1 images, expected [1, K]"),
      ([node("Flatten", ["x"], ["y"], ["axis": 9])], "there is no axis 9"),
      ([node("Conv", ["x", "four"], ["y"])], "expected images [N, C, ...]"),
      ([node("MaxPool", ["x"], ["y"], lists: ["kernel_shape": [0, 1]])], "must be in 1..."),
      ([node("MaxPool", ["x"], ["y"], lists: ["kernel_shape": [1 << 40, 1]])], "must be in 1..."),
      ([node("MaxPool", ["x"], ["y"], lists: ["kernel_shape": [1 << 12, 1 << 12]])], "must be in 1..."),
      ([node("GatherND", ["x", "four"], ["y"])], "is outside axis 0"),
      ([node("GatherND", ["x", "huge"], ["y"], ["batch_dims": 2])], "do not fit"),
      ([node("ScatterND", ["x", "zero", "x"], ["y"])], "elements"),
      ([node("MaxPool", ["x"], ["y"], lists: ["kernel_shape": [2, 2], "pads": [-1, 0, 0, 0]])], "not negative"),
      ([node("Reshape", ["x", "huge"], ["y"])], "are not the extents of a tensor"),
      ([node("Reshape", ["x", "negative"], ["y"])], "has a negative extent"),
      ([node("Expand", ["x", "huge"], ["y"])], "are not the extents of a tensor"),
      ([node("Expand", ["x", "large"], ["y"])], "makes 805306368 integers"),
      ([node("Tile", ["x", "huge"], ["y"])], "do not fit"),
      ([node("Tile", ["x", "many"], ["y"])], "of which an image has more than 16777216 elements"),
      (
        [node("Conv", ["x", "filters"], ["y"], lists: ["pads": [0, 1 << 20, 0, 1 << 20], "strides": [1, 1 << 10]])],
        "makes [1, 3, 4, 2097156] on its way"
      ),
      (
        [
          node(
            "ConvTranspose", ["x", "filters"], ["y"], lists: ["strides": [1, 1 << 20], "output_shape": [4, 4]])
        ], "on its way, of which an image has more than 16777216 elements"
      ),
      ([node("ConstantOfShape", ["huge"], ["y"])], "are not the extents"),
      ([node("ConstantOfShape", ["large"], ["y"])], "elements"),
      ([node("Concat", ["huge", "x"], ["y"])], "at least one input and an axis"),
      ([node("Mul", ["huge", "huge"], ["y"])], "not a 64-bit integer|no result that is a 64-bit integer"),
      ([node("Div", ["four", "zero"], ["y"])], "no result that is a 64-bit integer"),
      ([node("Gather", ["x", "huge"], ["y"], ["axis": 1])], "is outside axis 1"),
      ([node("Transpose", ["x"], ["y"], lists: ["perm": [0, 0, 1, 2]])], "not a permutation"),
      ([node("Dropout", ["x", "", "four"], ["y"])], "training mode"),
      ([node("Cast", ["x"], ["y"], ["to": 8])], "of type string"),
    ]) func nodesThatCannotBe(_ nodes: [ProtoNode], _ reason: String)
  {
    let constants = [
      Self.integers("huge", [.max, .max, 2, 2]), Self.integers("large", [1 << 12, 1 << 12, 3, 4, 4]),
      Self.integers("many", [1, 1 << 10, 1 << 5, 1 << 5]),
      ProtoTensor.with {
        ($0.name, $0.dataType, $0.dims, $0.floatData) = ("filters", 1, [3, 3, 1, 1], [Float](repeating: 1, count: 9))
      }, Self.integers("negative", [-2, 1]), Self.integers("four", [4, 4, 4, 4]), Self.integers("zero", [0, 0, 0, 0]),
    ]
    let message = Self.message(Self.model(nodes, constants))
    #expect(reason.split(separator: "|").contains { message.contains($0) }, "\(nodes[0].opType): \(message)")
  }

  @Test(arguments: ["bchw", "......->b", "...,...->...", "bchw->bb", "bchw->z", ""])
  func equationsThatDoNotFitAreErrors(_ equation: String) {
    var sum = Self.node("Einsum", ["x"], ["y"])
    sum.attribute = [.with { ($0.name, $0.type, $0.s) = ("equation", 3, Data(equation.utf8)) }]
    #expect(Self.message(Self.model([sum])).contains(equation == "bchw" ? "expected [1, K]" : "einsum"))
  }

  /// A region of infinite size: places that are no integers.
  @Test func placesThatAreNoNumbersAreErrors() {
    var resize = Self.node("Resize", ["x", "region", "", "sizes"], ["y"])
    resize.attribute = [
      .with { ($0.name, $0.type, $0.s) = ("coordinate_transformation_mode", 3, Data("tf_crop_and_resize".utf8)) }
    ]
    let region = ProtoTensor.with {
      ($0.name, $0.dataType, $0.dims) = ("region", 1, [8])
      $0.floatData = [-.infinity, 0, .greatestFiniteMagnitude, 0, .infinity, 1, 1, 1]
    }
    let model = Self.model([resize], [region, Self.integers("sizes", [1, 3, 4, 4])])
    #expect(Self.message(model).contains("expected [1, K]"))
  }

  /// Places outside of the image are marked only where the mode has such; marking took memory for all places before they were counted.
  @Test func enormousImagesAreRefusedBeforeTheyAreMarked() {
    var resize = Self.node("Resize", ["x", "", "scales"], ["y"])
    resize.attribute = [.with { ($0.name, $0.type, $0.s) = ("mode", 3, Data("nearest".utf8)) }]
    let scales = ProtoTensor.with {
      ($0.name, $0.dataType, $0.dims, $0.floatData) = ("scales", 1, [4], [1, 0x1p8, 0x1p8, 0x1p8])
    }
    #expect(Self.message(Self.model([resize], [scales])).contains("of which an image has more than"))
  }

  /// A message that lists them would take minutes.
  @Test(arguments: ["Expand", "Tile", "Reshape", "Transpose"]) func millionsOfAxesAreNotListed(_ operation: String) {
    let nodes = [
      Self.node("ConstantOfShape", ["many"], ["ones"]), Self.node("Cast", ["ones"], ["axes"], ["to": 7]),
      Self.node(operation, ["x", "axes"], ["y"]),
    ]
    let message = Self.message(Self.model(nodes, [Self.integers("many", [1 << 23])]))
    #expect(!message.isEmpty && message.count < 1000, "\(message.prefix(1000))")
  }

  /// 64 MB of a mask each: what many nodes keep together is counted.
  @Test func masksCannotMultiplyWithoutEnd() {
    var nodes = [Self.node("Reshape", ["x", "flat"], ["start"]), Self.node("Tile", ["start", "many"], ["m0"])]
    for step in 0..<100 { nodes.append(Self.node("Trilu", ["m\(step)"], ["m\(step + 1)"])) }
    nodes.append(Self.node("Identity", ["m100"], ["y"]))
    let constants = [Self.integers("flat", [6, 8]), Self.integers("many", [1 << 9, 1 << 9])]
    #expect(Self.message(Self.model(nodes, constants, opset: 18)).contains("many times those in the file"))
  }

  /// Blocks that are put together need a kernel of as many numbers as columns times a block.
  @Test func enormousKernelsOfColumnsAreRefused() {
    let nodes = [
      Self.node("Reshape", ["x", "column"], ["start"]), Self.node("Tile", ["start", "many"], ["columns"]),
      Self.node("Col2Im", ["columns", "image", "image"], ["y"]),
    ]
    let constants = [
      Self.integers("column", [1, 48, 1]), Self.integers("many", [1, 1 << 14, 1]), Self.integers("image", [128, 128]),
    ]
    #expect(Self.message(Self.model(nodes, constants, opset: 18)).contains("which is too much"))
  }

  /// Forty doublings of a constant would take terabytes.
  @Test func constantsCannotGrowWithoutEnd() {
    var nodes = [Self.node("Cast", ["start"], ["c0"], ["to": 1])]
    for step in 0..<40 {
      nodes.append(Self.node("Concat", ["c\(step)", "c\(step)"], ["c\(step + 1)"], ["axis": 0]))
    }
    nodes.append(Self.node("Identity", ["c40"], ["y"]))
    let message = Self.message(Self.model(nodes, [Self.integers("start", [1, 2, 3, 4])]))
    #expect(message.contains("many times those in the file"), "\(message)")
  }

  /// A function that calls the next twice, thirty times over.
  @Test func functionsCannotMultiplyWithoutEnd() {
    var call = Self.node("F0", ["x"], ["y"])
    call.domain = "local"
    var model = Self.model([call])
    model.opsetImport.append(.with { ($0.domain, $0.version) = ("local", 1) })
    for level in 0..<30 {
      model.functions.append(
        .with { function in
          (function.name, function.domain) = ("F\(level)", "local")
          (function.input, function.output) = (["a"], ["c"])
          function.node = [("a", "b"), ("b", "c")].map { from, to in
            var inner = Self.node("F\(level + 1)", [from], [to])
            inner.domain = "local"
            return level == 29 ? Self.node("Relu", [from], [to]) : inner
          }
        })
    }
    let message = Self.message(model)
    #expect(message.contains("one of more than"), "\(message)")
    var endless = Self.model([call])
    endless.functions = [
      .with { function in
        (function.name, function.domain, function.input, function.output) = ("F0", "local", ["a"], ["c"])
        var inner = Self.node("F0", ["a"], ["c"])
        inner.domain = "local"
        function.node = [inner]
      }
    ]
    #expect(Self.message(endless).contains("nested more than"))
  }

  @Test func graphsThatAreNoClassifiersAreRefused() {
    func message(_ change: (inout ProtoModel) -> Void) -> String {
      var model = Self.model([Self.node("Flatten", ["x"], ["y"])])
      change(&model)
      return Self.message(model)
    }
    #expect(message { $0.graph.input = [] }.contains("has 0 inputs"))
    #expect(message { $0.graph.input.append(Self.value("z", [1])) }.contains("has 2 inputs (`x`, `z`)"))
    #expect(message { $0.graph.input = [Self.value("x", [-1, 3, 4, 4], type: 7)] }.contains("of type int64"))
    #expect(message { $0.graph.input = [.with { $0.name = "x" }] }.contains("has no shape"))
    #expect(message { $0.graph.input = [Self.value("x", [0, 3, 4, 4])] }.contains("for no image at all"))
    #expect(message { $0.graph.output = [Self.value("y", [-1], type: 7)] }.contains("none of real numbers"))
    #expect(message { $0.graph.output = [] }.contains("has 0 outputs"))
  }

  /// Converters append the nodes that they insert; a value that nothing makes stays an error.
  @Test func nodesMayStandInAnyOrder() throws {
    let nodes = [
      Self.node("Flatten", ["b"], ["y"]), Self.node("Neg", ["a"], ["b"]), Self.node("Relu", ["x"], ["a"]),
    ]
    #expect(try Self.load(Self.model(nodes)).classifier.classCount == 48)
    let message = Self.message(Self.model([nodes[1], nodes[0]]))
    #expect(message.contains("node `neg` (Neg, opset 13): reads the value `a`"), "\(message)")
  }

  /// A graph whose weights were left out: as inputs, or nowhere.
  @Test func graphsWithoutWeightsAreExplained() {
    var model = Self.model([Self.node("MatMul", ["x", "w"], ["y"])])
    #expect(Self.message(model).contains("reads the value `w`") && Self.message(model).contains("export_params=False"))
    model.graph.input += (0..<9).map { Self.value("w\($0)", [4, 4]) }
    let message = Self.message(model)
    #expect(
      message.contains("has 10 inputs (`x`, `w0`, `w1`, `w2`, ...)") && message.contains("export_params=True"),
      "\(message)")
  }

  /// A batch of four written into the graph.
  @Test func batchesThatCannotBeChangedAreRefused() {
    var model = Self.model([Self.node("Reshape", ["x", "shape"], ["y"])], [Self.integers("shape", [48, 4])])
    model.graph.input = [Self.value("x", [4, 3, 4, 4])]
    let message = Self.message(model)
    #expect(message.contains("made for batches of 4") && message.contains("dynamic_axes"), "\(message)")
  }

  @Test func damageNeverCrashes() throws {
    for name in ["nhwc-softmax", "exp-and-divide", "function-and-if"] {
      let whole = try Data(contentsOf: ONNXTests.directory.appendingPathComponent("\(name).onnx"))
      for index in stride(from: 0, to: whole.count, by: 3) {
        var damaged = whole
        damaged[index] ^= 1 << UInt8(index / 3 % 8)
        let file = CheckpointFile(name: "m.onnx", data: damaged)
        _ = try? ONNXPlugin().load(file, nil, LoadOptions(imageShape: [3, 8, 8]))
      }
    }
  }
}
