import Foundation
import ONNXSchema
import SwiftProtobuf

/// Makes ONNX files by hand.
package enum ONNXGraphs {
  package enum Attribute: Sendable {
    case int(Int64), float(Float), ints([Int64]), floats([Float]), string(String), strings([String])
  }

  package static func node(
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

  package static func floats(_ name: String, _ values: [Float], _ dims: [Int64]? = nil) -> ProtoTensor {
    .with { ($0.name, $0.dataType, $0.dims, $0.floatData) = (name, 1, dims ?? [Int64(values.count)], values) }
  }

  package static func integers(_ name: String, _ values: [Int64], _ dims: [Int64]? = nil) -> ProtoTensor {
    .with { ($0.name, $0.dataType, $0.dims, $0.int64Data) = (name, 7, dims ?? [Int64(values.count)], values) }
  }

  package static func value(_ name: String, _ dims: [Int64], type: Int32 = 1) -> ProtoValueInfo {
    .with { info in
      info.name = name
      info.type.tensorType.elemType = type
      info.type.tensorType.shape.dim = dims.map { extent in
        extent < 0 ? .with { $0.dimParam = "n" } : .with { $0.dimValue = extent }
      }
    }
  }

  /// A network from images `x` [n, C, H, W] to `y` [n, K].
  package static func model(
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
}
