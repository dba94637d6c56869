import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Attention of layer lists is the same whatever its tensors are called.
@Suite struct AttentionSpellingTests {
  private static let width = 8
  private static let inputs = ["q", "k", "v"]

  private static func numbers(_ count: Int, from start: Int) -> [Float] {
    (0..<count).map { Float(sin(Double(start + 7 * $0)) * 0.4) }
  }

  /// - Parameters:
  ///   - parts: names of queries, keys and values; one name for all three side by side.
  private static func logits(_ layer: String, _ parts: [String], _ output: String, _ more: [TensorToWrite]) throws
    -> [Float]
  {
    let weights = inputs.indices.map { numbers(width * width, from: 100 * $0) }
    let biases = inputs.indices.map { numbers(width, from: 1000 + 100 * $0) }
    func tensor(_ name: String, _ shape: [Int], _ values: [Float]) -> TensorToWrite {
      TensorToWrite(name: name, shape: shape, floats: values)
    }
    let attention =
      parts.count == 1
      ? [
        tensor("a.\(parts[0]).weight", [3 * width, width], weights.flatMap { $0 }),
        tensor("a.\(parts[0]).bias", [3 * width], biases.flatMap { $0 }),
      ]
      : parts.indices.flatMap {
        [
          tensor("a.\(parts[$0]).weight", [width, width], weights[$0]),
          tensor("a.\(parts[$0]).bias", [width], biases[$0]),
        ]
      }
    let rest = [
      tensor("a.\(output).weight", [width, width], numbers(width * width, from: 5000)),
      tensor("a.\(output).bias", [width], numbers(width, from: 6000)),
      tensor("l.weight", [3, 16 * width], numbers(48 * width, from: 7000)), tensor("l.bias", [3], [0, 0, 0]),
    ]
    var description = ModelDescription(id: "example", name: "Example")
    description.architecture = try JSONDecoding.parse(
      Data("[\(layer), {\"type\": \"Flatten\"}, {\"type\": \"Linear\", \"name\": \"l\"}]".utf8), source: "model.json")
    let model = try ModelFixtures.load(
      ModelFixtures.write(attention + rest + more), description, images: [4, 4, width])
    return try model.classifier.logits(
      Tensor(shape: [2, 4, 4, width], scalars: numbers(32 * width, from: 9000))
    ).scalars
  }

  @Test(arguments: [
    #"{"type": "Reshape", "shape": [16, 8]}, {"type": "MultiheadAttention", "name": "a", "numHeads": 2, "bias": true}"#,
    #"{"type": "CosineWindowAttention", "name": "a", "windowSize": 2, "bias": true}"#,
  ])
  func isTheSame(_ layer: String) throws {
    let more =
      layer.contains("Cosine")
      ? [
        TensorToWrite(name: "a.logit_scale", shape: [2, 1, 1], floats: [1, 2]),
        TensorToWrite(name: "a.cpb_mlp.0.weight", shape: [4, 2], floats: Self.numbers(8, from: 1)),
        TensorToWrite(name: "a.cpb_mlp.0.bias", shape: [4], floats: Self.numbers(4, from: 2)),
        TensorToWrite(name: "a.cpb_mlp.2.weight", shape: [2, 4], floats: Self.numbers(8, from: 3)),
      ] : []
    let expected = try Self.logits(layer, ["qkv"], "proj", more)
    for (parts, output) in [
      (["q_proj", "k_proj", "v_proj"], "o_proj"),
      (["attention.query", "attention.key", "attention.value"], "output.dense"),
    ] {
      let found = try Self.logits(layer, parts, output, more)
      for (one, other) in zip(found, expected) {
        #expect(abs(one - other) < 1e-5, "\(parts): \(found), not \(expected)")
      }
    }
  }
}
