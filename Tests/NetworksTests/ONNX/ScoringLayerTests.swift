import Checkpoints
import Foundation
import ONNXSchema
import SwiftProtobuf
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Which last layers are taken for one of scores by their weights, and which are tried.
@Suite struct ScoringLayerTests {
  /// A linear layer at the end of a graph: `transB` and a bias, as exporters write it.
  private static func givesScores(_ inputs: Int, _ classes: Int, _ weight: (_ input: Int, _ class: Int) -> Float) throws
    -> Bool
  {
    let weights = (0..<classes).flatMap { k in (0..<inputs).map { weight($0, k) } }
    let model = ONNXGraphs.model(
      [
        ONNXGraphs.node("Flatten", ["x"], ["f"]),
        ONNXGraphs.node("Gemm", ["f", "w", "b"], ["y"], ["transB": .int(1)]),
      ],
      [
        ONNXGraphs.floats("w", weights, [Int64(classes), Int64(inputs)]),
        ONNXGraphs.floats("b", [Float](repeating: 0.1, count: classes)),
      ], image: [1, 1, Int64(inputs)])
    let network = try ONNXNetwork(
      ONNXReader.model(of: CheckpointFile(name: "m.onnx", data: model.serializedBytes())), preprocessing: nil,
      origin: "",
      resize: nil, imageShape: [1, 1, inputs])
    return try #require(ScoringLayer(network.imported(batch: 1).folded())).givesScores
  }

  @Test func weightsOfATrainedLayerGiveScores() throws {
    let numbers = ONNXGraphs.pixels(64 * 10)
    #expect(try Self.givesScores(64, 10) { numbers[$0 * 10 + $1] - 0.5 })
  }

  @Test func whatMakesDistributionsOfDistributionsIsTried() throws {
    // Smoothed, averaged with other weights, and one probability with what it leaves.
    #expect(try !Self.givesScores(16, 16) { $0 == $1 ? 0.9 : 0 })
    #expect(try !Self.givesScores(40, 10) { $0 % 10 == $1 ? [0.1, 0.2, 0.3, 0.4][$0 / 10] : 0 })
    #expect(try !Self.givesScores(32, 2) { input, k in Float(k == 0 ? input : -input) / 32 })
    #expect(try !Self.givesScores(8, 4) { Float(($0 * 7 + $1 * 3) % 5) - 2 })
    #expect(try !Self.givesScores(16, 4) { _, _ in .infinity })
  }

  /// A distribution that a linear layer passes on is recognised as before.
  @Test func probabilitiesBehindALayerAreFound() throws {
    let numbers = ONNXGraphs.pixels(48 * 16)
    let model = ONNXGraphs.model(
      [
        ONNXGraphs.node("Flatten", ["x"], ["f"]), ONNXGraphs.node("MatMul", ["f", "w"], ["z"]),
        ONNXGraphs.node("Softmax", ["z"], ["p"], ["axis": .int(-1)]), ONNXGraphs.node("MatMul", ["p", "mix"], ["y"]),
      ],
      [
        ONNXGraphs.floats("w", numbers, [48, 16]),
        ONNXGraphs.floats("mix", (0..<256).map { $0 / 16 == $0 % 16 ? 0.84 : 0.16 / 15 }, [16, 16]),
      ])
    #expect(try ONNXGraphs.load(model).notes.contains { $0.contains("the outputs are probabilities") })
  }
}
