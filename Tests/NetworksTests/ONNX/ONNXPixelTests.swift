import BenchCore
import Checkpoints
import Foundation
import ONNXSchema
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// What a graph does to its pixels first: whether it normalises them, whether it wants them from 0 to 255, and what is given
/// beside it.
@Suite struct ONNXPixelTests {
  private static let given = Preprocessing(mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26])
  private static let byHand = Preprocessing(mean: [0, 0, 0], std: [0.003_921_57, 0.003_921_57, 0.003_921_57])

  private static let constants = [
    ONNXGraphs.floats("mean", [0.49, 0.48, 0.45], [1, 3, 1, 1]),
    ONNXGraphs.floats("std", [0.25, 0.24, 0.26], [1, 3, 1, 1]),
    ONNXGraphs.floats("255", [255], []), ONNXGraphs.floats("1/255", [1 / 255], []),
    ONNXGraphs.floats("127.5", [127.5], []),
    ONNXGraphs.floats("means", [103.9, 116.8, 123.7], [1, 3, 1, 1]), ONNXGraphs.floats("0", [0], []),
    ONNXGraphs.floats("1", [1], []), ONNXGraphs.floats("ones", [1, 1, 1]), ONNXGraphs.floats("zeros", [0, 0, 0]),
    ONNXGraphs.floats("halves", [0.5, 0.5, 0.5]), ONNXGraphs.integers("-1", [-1]),
    ONNXGraphs.integers("least", [.min]), ONNXGraphs.integers("axis", [1]), ONNXGraphs.integers("reversed", [2, 1, 0]),
    ONNXGraphs.integers("size", [1, 3, 4, 4]),
  ]

  private static func model(_ nodes: [ProtoNode], _ last: String, type: Int32 = 1, opset: Int64 = 18) -> ProtoModel {
    ONNXGraphs.model(
      nodes + [ONNXGraphs.node("Flatten", [last], ["y"])], constants, opset: opset, type: type)
  }

  private static let normalisation = [
    ONNXGraphs.node("Sub", ["p", "mean"], ["c"]), ONNXGraphs.node("Div", ["c", "std"], ["z"]),
  ]

  /// Nodes from the image `x` to `p`, behind which the graph normalises.
  static let before: [[ProtoNode]] = [
    [ONNXGraphs.node("Identity", ["x"], ["p"])],
    [ONNXGraphs.node("Clip", ["x", "0", "1"], ["p"])],
    [ONNXGraphs.node("Cast", ["x"], ["p"], ["to": .int(1)])],
    [ONNXGraphs.node("Slice", ["x", "-1", "least", "axis", "-1"], ["p"])],
    [ONNXGraphs.node("Gather", ["x", "reversed"], ["p"], ["axis": .int(1)])],
    [ONNXGraphs.node("Resize", ["x", "", "", "size"], ["p"], ["mode": .string("linear")])],
    [
      ONNXGraphs.node("Cast", ["x"], ["a"], ["to": .int(1)]), ONNXGraphs.node("Clip", ["a", "0", "1"], ["b"]),
      ONNXGraphs.node("Identity", ["b"], ["p"]),
    ],
  ]

  @Test(arguments: before) func normalisationBehindOtherNodesIsSeen(_ nodes: [ProtoNode]) throws {
    let model = try ONNXGraphs.load(Self.model(nodes + Self.normalisation, "z"))
    #expect(model.notes.contains { $0.contains("normalises pixels itself") && $0.contains("(Div)") }, "\(model.notes)")
    #expect(!model.preprocessingIsAssumed)
    #expect(model.preprocessing == .identity(channels: 3))
  }

  @Test(arguments: before) func normalisingTwiceIsRefused(_ nodes: [ProtoNode]) {
    let message = ONNXGraphs.message(Self.model(nodes + Self.normalisation, "z"), preprocessing: Self.given)
    #expect(
      message.contains("normalised twice") && message.contains("node `div` (Div)")
        && message.contains("--mean and --std (mean [0.49, 0.48, 0.45], std [0.25, 0.24, 0.26])"), "\(message)")
  }

  @Test func aDescriptionIsNamed() throws {
    var description = ModelDescription(id: "m", name: "M")
    description.preprocessing = Self.given
    let file = CheckpointFile(
      name: "m.onnx", data: try Self.model(Self.before[0] + Self.normalisation, "z").serializedBytes())
    let failure = try #require(throws: ONNXImportError.self) {
      try ONNXPlugin().load(file, description, LoadOptions(imageShape: [3, 4, 4]))
    }
    #expect(failure.description.contains("the description's `preprocessing` (mean [0.49"), "\(failure)")
  }

  /// What does nothing is no second normalisation.
  @Test func theIdentityMayBeGiven() throws {
    let nodes = Self.before[0] + Self.normalisation
    let model = try ONNXGraphs.load(Self.model(nodes, "z"), preprocessing: .identity(channels: 3))
    #expect(model.notes.contains { $0.contains("normalises pixels itself") })
  }

  @Test func aGraphWithoutArithmeticTakesWhatIsGiven() throws {
    let plain = Self.model([ONNXGraphs.node("Relu", ["x"], ["z"])], "z")
    #expect(try ONNXGraphs.load(plain).preprocessingIsAssumed)
    #expect(try ONNXGraphs.load(plain, preprocessing: Self.given).preprocessing == Self.given)
    // Arithmetic that changes nothing, and arithmetic of the image with itself.
    for nodes in [[ONNXGraphs.node("Mul", ["x", "1"], ["z"])], [ONNXGraphs.node("Mul", ["x", "x"], ["z"])]] {
      #expect(try ONNXGraphs.load(Self.model(nodes, "z")).preprocessingIsAssumed)
      #expect(try ONNXGraphs.load(Self.model(nodes, "z"), preprocessing: Self.given).preprocessing == Self.given)
    }
  }

  /// It may be the network's first layer, which works on normalised pixels.
  @Test func aBatchNormalisationInFrontIsSaidAndNotRefused() throws {
    let nodes = [ONNXGraphs.node("BatchNormalization", ["x", "ones", "zeros", "halves", "ones"], ["z"])]
    #expect(try !ONNXGraphs.load(Self.model(nodes, "z")).preprocessingIsAssumed)
    let model = try ONNXGraphs.load(Self.model(nodes, "z"), preprocessing: Self.given)
    #expect(model.preprocessing == Self.given)
    #expect(model.notes.contains { $0.contains("begins with a batch normalisation") }, "\(model.notes)")
  }

  /// Graphs for pixels from 0 to 255, and what they make of one of [0, 1].
  static let bytes: [(nodes: [ProtoNode], value: @Sendable (Double, Int) -> Double, slope: Double)] = [
    ([ONNXGraphs.node("Div", ["x", "255"], ["z"])], { pixel, _ in pixel }, 1),
    ([ONNXGraphs.node("Mul", ["x", "1/255"], ["z"])], { pixel, _ in pixel }, 1),
    (
      [ONNXGraphs.node("Div", ["x", "127.5"], ["a"]), ONNXGraphs.node("Sub", ["a", "1"], ["z"])],
      { pixel, _ in 2 * pixel - 1 }, 2
    ),
    (
      [ONNXGraphs.node("Sub", ["x", "means"], ["z"])],
      { pixel, channel in 255 * pixel - [103.9, 116.8, 123.7][channel] }, 255
    ),
    (
      [ONNXGraphs.node("Clip", ["x", "0", "255"], ["a"]), ONNXGraphs.node("Div", ["a", "255"], ["z"])],
      { pixel, _ in pixel }, 1
    ),
  ]

  @Test(arguments: bytes.indices) func pixelsAreScaledForGraphsThatWantThemSo(_ index: Int) throws {
    let (nodes, value, slope) = Self.bytes[index]
    let model = try ONNXGraphs.load(Self.model(nodes, "z"))
    #expect(model.notes.contains { $0.contains("from 0 to 255") && $0.contains("multiplied by 255") }, "\(model.notes)")
    #expect(!model.preprocessingIsAssumed)
    #expect(model.preprocessing == Preprocessing(mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255]))
    let pixels = ONNXGraphs.pixels(48).map { 0.01 + 0.98 * $0 }
    let (logits, gradient) = try ONNXGraphs.results(Self.model(nodes, "z"), pixels)
    for place in pixels.indices {
      let want = value(Double(pixels[place]), place / 16)
      #expect(abs(Double(logits[place]) - want) <= 1e-6 * max(1, abs(want)) * max(1, slope))
      #expect(abs(Double(gradient[place]) - slope) <= 1e-6 * slope)
    }
  }

  /// Scaling by hand was the way round; it stays right, and another normalisation beside it is refused.
  @Test func theScaleMayBeGivenByHand() throws {
    let model = Self.model(Self.bytes[0].nodes, "z")
    let pixels = ONNXGraphs.pixels(48)
    let (logits, _) = try ONNXGraphs.results(model, pixels, preprocessing: Self.byHand)
    #expect(zip(logits, pixels).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(ONNXGraphs.message(model, preprocessing: Self.given).contains("normalised twice"))
  }

  @Test func eightBitInputsGetPixelsUpTo255() throws {
    let model = Self.model(
      [ONNXGraphs.node("Cast", ["x"], ["f"], ["to": .int(1)]), ONNXGraphs.node("Relu", ["f"], ["z"])], "z", type: 2)
    let loaded = try ONNXGraphs.load(model)
    #expect(loaded.notes.contains { $0.contains("type uint8") && $0.contains("multiplied by 255") }, "\(loaded.notes)")
    #expect(!loaded.preprocessingIsAssumed)
    let (logits, gradient) = try ONNXGraphs.results(model, [Float](repeating: 51 / 255, count: 48))
    #expect(logits.allSatisfy { $0 == 51 } && gradient.allSatisfy { $0 == 255 })
    let message = ONNXGraphs.message(model, preprocessing: Self.given)
    #expect(message.contains("of type uint8") && message.contains("--mean and --std"), "\(message)")
  }
}
