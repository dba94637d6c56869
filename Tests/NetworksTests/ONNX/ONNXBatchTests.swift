import Foundation
import ONNXSchema
import Testing
import _Fixtures

@testable import Networks

/// Graphs that use the statistics of the batch, as in training.
@Suite struct ONNXBatchTests {
  private static let constants = [
    ONNXGraphs.floats("one", [1, 1]), ONNXGraphs.floats("zero", [0, 0]), ONNXGraphs.floats("least", [1e-5], []),
    ONNXGraphs.floats("weights", (0..<8).map { Float($0) / 8 - 0.4 }, [4, 2]), ONNXGraphs.integers("batch", [0]),
  ]

  /// Features of the image, normalised by `nodes` from `f` to `y`.
  private static func model(_ nodes: [ProtoNode], opset: Int64) -> ProtoModel {
    ONNXGraphs.model(
      [ONNXGraphs.node("Flatten", ["x"], ["row"]), ONNXGraphs.node("MatMul", ["row", "weights"], ["f"])] + nodes,
      constants,
      image: [1, 2, 2], opset: opset)
  }

  @Test func trainingFormsOfEveryOpsetAreRefused() {
    let inputs = ["f", "one", "zero", "zero", "one"]
    for opset in [7, 9, 13] as [Int64] {
      let training = ONNXGraphs.node("BatchNormalization", inputs, ["y", "m", "v", "sm", "sv"])
      let message = ONNXGraphs.message(Self.model([training], opset: opset))
      #expect(message.contains("in training form (it has 5 outputs)") && message.contains("model.eval()"), "\(message)")
      let inference = ONNXGraphs.node("BatchNormalization", inputs, ["y", "", ""])
      #expect(ONNXGraphs.message(Self.model([inference], opset: opset)).isEmpty)
    }
    let marked = ONNXGraphs.node("BatchNormalization", inputs, ["y", "m", "v"], ["training_mode": .int(1)])
    #expect(ONNXGraphs.message(Self.model([marked], opset: 15)).contains("training_mode 1"))
  }

  /// By itself every image is its own mean.
  @Test func constantsFromABatchOfOneAreRefused() {
    let centred = [
      ONNXGraphs.node("ReduceMean", ["f", "batch"], ["m"]), ONNXGraphs.node("Sub", ["f", "m"], ["y"]),
    ]
    let message = ONNXGraphs.message(Self.model(centred, opset: 18))
    #expect(
      message.contains("every image by itself gets the same logits") && message.contains("model.eval()"), "\(message)")
    let scaled = [
      ONNXGraphs.node("ReduceMean", ["f", "batch"], ["m"]), ONNXGraphs.node("Sub", ["f", "m"], ["c"]),
      ONNXGraphs.node("Mul", ["c", "c"], ["cc"]), ONNXGraphs.node("ReduceMean", ["cc", "batch"], ["v"]),
      ONNXGraphs.node("Add", ["v", "least"], ["w"]), ONNXGraphs.node("Sqrt", ["w"], ["s"]),
      ONNXGraphs.node("Div", ["c", "s"], ["z"]), ONNXGraphs.node("Add", ["z", "one"], ["y"]),
    ]
    #expect(ONNXGraphs.message(Self.model(scaled, opset: 18)).contains("every image by itself"))
  }

  /// Statistics as before training, where the exporter left the normalisation as a node.
  @Test func untrainedStatisticsAreSaid() throws {
    func warnings(mean: [Float], variance: [Float]) throws -> [String] {
      let nodes = [
        ONNXGraphs.node("Relu", ["x"], ["r"]),
        ONNXGraphs.node("BatchNormalization", ["r", "scale", "shift", "mean", "variance"], ["b"]),
        ONNXGraphs.node("Flatten", ["b"], ["y"]),
      ]
      let constants = [
        ONNXGraphs.floats("scale", [2, 2]), ONNXGraphs.floats("shift", [1, 0]), ONNXGraphs.floats("mean", mean),
        ONNXGraphs.floats("variance", variance),
      ]
      return try ONNXGraphs.load(ONNXGraphs.model(nodes, constants, image: [2, 1, 2])).warnings
    }
    let fresh = try warnings(mean: [0, 0], variance: [1, 1])
    #expect(fresh.count == 1 && fresh[0].hasPrefix("batch statistics were never computed"), "\(fresh)")
    #expect(
      try warnings(mean: [0, 0.5], variance: [1, 1]).isEmpty && warnings(mean: [0, 0], variance: [1, 2]).isEmpty)
  }
}
