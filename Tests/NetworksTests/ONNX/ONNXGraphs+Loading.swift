import BenchCore
import Checkpoints
import Foundation
import ONNXSchema
import SwiftProtobuf
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Loads graphs made by hand, and compares what they compute.
extension ONNXGraphs {
  static func load(_ model: ProtoModel, preprocessing: Preprocessing? = nil) throws -> LoadedModel {
    let file = CheckpointFile(name: "m.onnx", data: try model.serializedBytes())
    let image = model.graph.input[0].type.tensorType.shape.dim.dropFirst().map { Int($0.dimValue) }
    return try ONNXPlugin().load(file, nil, LoadOptions(preprocessing: preprocessing, imageShape: Shape(image)))
  }

  /// The error's words; empty where the model is read.
  static func message(_ model: ProtoModel, preprocessing: Preprocessing? = nil) -> String {
    do {
      _ = try load(model, preprocessing: preprocessing)
      return ""
    } catch { return "\(error)" }
  }

  /// Logits and the gradient of their sum, for one image.
  static func results(
    _ model: ProtoModel, _ pixels: [Float], preprocessing: Preprocessing? = nil
  ) throws -> (logits: [Float], gradient: [Float]) {
    let classifier = try load(model, preprocessing: preprocessing).classifier
    let result = try classifier.inputGradient(
      .logitSum, at: Tensor(shape: classifier.inputShape.prepending(1), scalars: pixels), labels: [])
    return (result.logits.scalars, result.gradient.scalars)
  }

  /// Compares logits with a formula in double precision, and the gradient of their sum with its central differences.
  static func expectFormula(
    _ model: ProtoModel, _ pixels: [Float], tolerance: Double = 1e-5, gradientTolerance: Double = 2e-4,
    sourceLocation: SourceLocation = #_sourceLocation, _ formula: ([Double]) -> [Double]
  ) throws {
    let (logits, gradient) = try results(model, pixels)
    let exact = pixels.map(Double.init)
    let expected = formula(exact)
    try #require(logits.count == expected.count, sourceLocation: sourceLocation)
    for (got, want) in zip(logits, expected) {
      #expect(abs(Double(got) - want) <= tolerance * (1 + abs(want)), "\(got), \(want)", sourceLocation: sourceLocation)
    }
    let step = 1e-5
    for index in exact.indices {
      func total(_ change: Double) -> Double {
        var moved = exact
        moved[index] += change
        return formula(moved).reduce(0, +)
      }
      let want = (total(step) - total(-step)) / (2 * step)
      #expect(
        abs(Double(gradient[index]) - want) <= gradientTolerance * (1 + abs(want)),
        "gradient at \(index): \(gradient[index]), \(want)", sourceLocation: sourceLocation)
    }
  }

  /// Seeded numbers in [0, 1].
  static func pixels(_ count: Int, seed: UInt64 = 0) -> [Float] {
    RandomStream(seed: seed, name: "onnx-graphs").uniforms(item: 0, count: count).map { Float($0) }
  }
}
