import Digests
import Foundation
import Graph
import JSON
import Tensor
import Text

/// A plan as the worker reads it: its operators as data, and its constants by their digests.
struct DeviceGraph {
  let document: JSONValue
  /// By digest.
  let constants: [String: Tensor]

  /// - Throws: `GraphError.unsupported` for an operator that has no form as data.
  init(_ plan: ExecutablePlan, device: String) throws(GraphError) {
    let graph = plan.graph
    var constants: [String: Tensor] = [:]
    var nodes: [JSONValue] = []
    for value in graph.values {
      let node = graph[value]
      let shape = JSONMember("shape", .integers(node.shape.dimensions))
      switch node.source {
      case .input(let name): nodes.append(.object([JSONMember("input", .string(name)), shape]))
      case .constant(let tensor):
        let digest = tensor.scalars.withUnsafeBytes { SHA256.hash(data: $0) }.hexadecimal
        constants[digest] = tensor
        nodes.append(.object([JSONMember("constant", .string(digest)), shape]))
      case .apply(let operation, let inputs):
        guard let attributes = DeviceOperators.attributes(of: operation, output: node.shape) else {
          throw .unsupported(operation: type(of: operation).name, backend: device)
        }
        nodes.append(
          .object([
            JSONMember("operator", .string(type(of: operation).name)),
            JSONMember("inputs", .integers(inputs.map(\.index))), shape, JSONMember("attributes", .object(attributes)),
          ]))
      }
    }
    document = .object([
      JSONMember("nodes", .array(nodes)), JSONMember("order", .integers(plan.memory.order.map(\.index))),
      JSONMember("late", .integers(graph.values.filter { plan.memory.isLate($0) }.map(\.index))),
      JSONMember("outputs", .integers(plan.outputs.map(\.index))),
    ])
    self.constants = constants
  }

  /// Some of the constants as a safetensors file that the worker maps; nil where the system gives no memory for it.
  func weights(_ digests: Set<String>) -> SharedRegion? {
    let digests = digests.sorted()
    var end = 0
    var entries: [JSONMember] = []
    for digest in digests {
      let bytes = (constants[digest]?.shape.count ?? 0) * MemoryLayout<Float>.stride
      entries.append(
        JSONMember(
          digest,
          .object([
            JSONMember("dtype", .string("F32")), JSONMember("shape", .integers([bytes / MemoryLayout<Float>.stride])),
            JSONMember("data_offsets", .integers([end, end + bytes])),
          ])))
      end += bytes
    }
    guard var header = try? JSONEncoding.encodeCompact(JSONValue.object(entries)) else { return nil }
    header += Data(repeating: UInt8(ascii: " "), count: 7 - (header.count + 7) % 8)
    guard let region = SharedRegion(bytes: 8 + header.count + end) else { return nil }
    region.base.storeBytes(of: UInt64(header.count).littleEndian, as: UInt64.self)
    header.withUnsafeBytes {
      if let base = $0.baseAddress { (region.base + 8).copyMemory(from: base, byteCount: $0.count) }
    }
    var place = region.base + 8 + header.count
    for digest in digests {
      constants[digest]?.scalars.withUnsafeBytes {
        if let base = $0.baseAddress { place.copyMemory(from: base, byteCount: $0.count) }
        place += $0.count
      }
    }
    return region
  }
}

extension JSONMember {
  init(_ key: String, _ value: JSONValue) { self.init(key: key, value: value) }
}

extension JSONValue {
  static func integers(_ numbers: [Int]) -> JSONValue { .array(numbers.map { .integer(Int64($0)) }) }

  /// JSON has no infinities: they are words.
  static func float(_ number: Float) -> JSONValue {
    number.isFinite ? .number(Double(number)) : .string(number.isNaN ? "nan" : number < 0 ? "-inf" : "inf")
  }
}
