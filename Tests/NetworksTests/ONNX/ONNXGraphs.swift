import BenchCore
import Checkpoints
import Foundation
import ONNXSchema
import SwiftProtobuf
import Tensor
import Testing

@testable import Networks

/// Makes ONNX files by hand, and loads them.
enum ONNXGraphs {
  enum Attribute: Sendable {
    case int(Int64), float(Float), ints([Int64]), floats([Float]), string(String), strings([String])
  }

  static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Attribute] = [:],
    domain: String = ""
  ) -> ProtoNode {
    .with { node in
      node.name = operation.lowercased()
      node.opType = operation
      node.domain = domain
      node.input = inputs
      node.output = outputs
      for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
        node.attribute.append(
          .with { attribute in
            attribute.name = name
            switch value {
            case .float(let value): (attribute.type, attribute.f) = (1, value)
            case .int(let value): (attribute.type, attribute.i) = (2, value)
            case .string(let value): (attribute.type, attribute.s) = (3, Data(value.utf8))
            case .floats(let values): (attribute.type, attribute.floats) = (6, values)
            case .ints(let values): (attribute.type, attribute.ints) = (7, values)
            case .strings(let values): (attribute.type, attribute.strings) = (8, values.map { Data($0.utf8) })
            }
          })
      }
    }
  }

  static func floats(_ name: String, _ values: [Float], _ dims: [Int64]? = nil) -> ProtoTensor {
    .with { ($0.name, $0.dataType, $0.dims, $0.floatData) = (name, 1, dims ?? [Int64(values.count)], values) }
  }

  static func integers(_ name: String, _ values: [Int64], _ dims: [Int64]? = nil) -> ProtoTensor {
    .with { ($0.name, $0.dataType, $0.dims, $0.int64Data) = (name, 7, dims ?? [Int64(values.count)], values) }
  }

  static func value(_ name: String, _ dims: [Int64], type: Int32 = 1) -> ProtoValueInfo {
    .with { info in
      info.name = name
      info.type.tensorType.elemType = type
      info.type.tensorType.shape.dim = dims.map { extent in
        extent < 0 ? .with { $0.dimParam = "n" } : .with { $0.dimValue = extent }
      }
    }
  }

  /// A network from images `x` [n, C, H, W] to `y` [n, K].
  static func model(
    _ nodes: [ProtoNode], _ constants: [ProtoTensor] = [], image: [Int64] = [3, 4, 4], opset: Int64 = 18,
    type: Int32 = 1, domains: [String] = []
  ) -> ProtoModel {
    .with { model in
      model.irVersion = 8
      model.opsetImport = [.with { $0.version = opset }]
      for domain in domains { model.opsetImport.append(.with { ($0.domain, $0.version) = (domain, 1) }) }
      model.graph.node = nodes
      model.graph.initializer = constants
      model.graph.input = [value("x", [-1] + image, type: type)]
      model.graph.output = [value("y", [-1, -1])]
    }
  }

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
