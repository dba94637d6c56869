import Foundation
import ONNXSchema

/// Reads graphs with the graphs inside their attributes.
struct ONNXGraphReader {
  /// Graphs inside attributes of graphs; `If` in `If` is the deepest that exporters write.
  private static let deepest = 8

  let file: String
  private var tensors: ONNXTensorReader
  private var halfPrecision = 0

  /// - Parameter numbers: see `ONNXTensorReader`.
  init(file: String, folder: URL?, numbers: Data?) {
    self.file = file
    tensors = ONNXTensorReader(file: file, folder: folder, numbers: numbers)
  }

  var notes: [String] {
    halfPrecision == 0
      ? [] : ["\(halfPrecision) tensors are stored in sixteen bits; all computation is in float32"]
  }

  mutating func graph(_ proto: ProtoGraph, depth: Int) throws(CheckpointError) -> ONNXGraph {
    guard depth <= Self.deepest else {
      throw .limitExceeded(
        file: file, location: "graph `\(proto.name)`", quantity: "the nesting of graphs", value: "\(depth)",
        limit: Self.deepest)
    }
    guard proto.sparseInitializer.isEmpty else {
      throw .unsupported(
        file: file, feature: "tensor `\(proto.sparseInitializer[0].values.name)` is a sparse initialiser",
        advice: "export the model with dense weights")
    }
    var initializers: [String: StoredTensor] = [:]
    for tensor in proto.initializer {
      let name = tensor.name
      guard initializers[name] == nil else {
        throw .invalidTensor(file: file, tensor: name, problem: "is initialised twice")
      }
      initializers[name] = try read(tensor, name: name)
    }
    return ONNXGraph(
      name: proto.name, nodes: try nodes(proto.node, depth: depth), initializers: initializers,
      inputs: proto.input.filter { initializers[$0.name] == nil }.map(Self.valueInfo),
      outputs: proto.output.map(Self.valueInfo))
  }

  mutating func function(_ proto: ProtoFunction, opset: Int?) throws(CheckpointError) -> ONNXFunction {
    ONNXFunction(
      inputs: proto.input, outputs: proto.output, nodes: try nodes(proto.node, depth: 0),
      defaults: try attributes(proto.attributeProto, owner: proto.name, depth: 0), opset: opset)
  }

  private mutating func nodes(_ protos: [ProtoNode], depth: Int) throws(CheckpointError) -> [ONNXNode] {
    var result: [ONNXNode] = []
    result.reserveCapacity(protos.count)
    for proto in protos {
      var references: [String: String] = [:]
      for attribute in proto.attribute where !attribute.refAttrName.isEmpty {
        references[attribute.name] = attribute.refAttrName
      }
      let owner = proto.name.isEmpty ? proto.output.first ?? proto.opType : proto.name
      result.append(
        ONNXNode(
          name: owner, operation: proto.opType, domain: ONNXReader.standardDomain(proto.domain),
          overload: proto.overload, inputs: proto.input, outputs: proto.output,
          attributes: try attributes(
            proto.attribute.filter { $0.refAttrName.isEmpty }, owner: "\(owner) (\(proto.opType))", depth: depth),
          references: references))
    }
    return ONNXNode.ordered(result)
  }

  private mutating func attributes(
    _ protos: [ProtoAttribute], owner: String, depth: Int
  ) throws(CheckpointError) -> [String: ONNXAttribute] {
    var result: [String: ONNXAttribute] = [:]
    for proto in protos {
      guard result[proto.name] == nil else {
        throw .corruptGraph(
          file: file, location: "node `\(owner)`", problem: "has the attribute `\(proto.name)` twice")
      }
      switch proto.type {
      case 1: result[proto.name] = .float(proto.f)
      case 2: result[proto.name] = .int(Int(proto.i))
      case 3: result[proto.name] = .string(String(decoding: proto.s, as: UTF8.self))
      case 4: result[proto.name] = .tensor(try read(proto.t, name: proto.t.name.isEmpty ? owner : proto.t.name))
      case 5: result[proto.name] = .graph(try graph(proto.g, depth: depth + 1))
      case 6: result[proto.name] = .floats(proto.floats)
      case 7: result[proto.name] = .ints(proto.ints.map { Int($0) })
      case 8: result[proto.name] = .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
      default:
        throw .corruptGraph(
          file: file, location: "node `\(owner)`",
          problem: "has the attribute `\(proto.name)` of the unknown type \(proto.type)")
      }
    }
    return result
  }

  private mutating func read(_ proto: ProtoTensor, name: String) throws(CheckpointError) -> StoredTensor {
    let tensor = try tensors.tensor(proto, name: name)
    if tensor.dtype == .float16 || tensor.dtype == .bfloat16 { halfPrecision += 1 }
    return tensor
  }

  private static func valueInfo(_ proto: ProtoValueInfo) -> ONNXValueInfo {
    guard case let type = proto.type.tensorType, proto.type.hasTensorType else {
      return ONNXValueInfo(name: proto.name, elementType: nil, shape: nil)
    }
    let shape: [ONNXValueInfo.Extent]? =
      type.hasShape
      ? type.shape.dim.map { dimension in
        switch dimension.value {
        case .dimValue(let extent)? where extent >= 0: .fixed(Int(extent))
        case .dimParam(let symbol)?: .free(symbol)
        default: .free("")
        }
      } : nil
    return ONNXValueInfo(name: proto.name, elementType: ONNXElementType(Int(type.elemType)), shape: shape)
  }
}
