import Foundation
import ONNXSchema
import SwiftProtobuf

/// From an ONNX file's bytes to its model.
package enum ONNXReader {
  /// - Throws: `CheckpointError` for everything that is damaged, hostile or of a kind that is not read.
  package static func model(of file: CheckpointFile) throws(CheckpointError) -> ONNXModel {
    let proto: ProtoModel
    let light = ONNXWithoutNumbers(file.data)
    do {
      var options = BinaryDecodingOptions()
      options.messageDepthLimit = 64
      options.discardUnknownFields = true
      proto = try ProtoModel(serializedBytes: light?.message ?? file.data, options: options)
    } catch {
      throw .corruptGraph(
        file: file.name, location: "the file", problem: "is not a valid ONNX message (\(error)); fetch it again")
    }
    var reader = ONNXGraphReader(file: file.name, folder: file.folder, numbers: light == nil ? nil : file.data)
    let opsets = try opsets(proto.opsetImport, file: file.name)
    guard let opset = opsets[""] else {
      throw .corruptGraph(
        file: file.name, location: "the file", problem: "does not say which version of the operators it uses")
    }
    let graph = try reader.graph(proto.graph, depth: 0)
    var functions: [ONNXFunction.Key: ONNXFunction] = [:]
    for function in proto.functions {
      let key = ONNXFunction.Key(
        domain: standardDomain(function.domain), name: function.name, overload: function.overload)
      functions[key] = try reader.function(function, opset: Self.opsets(function.opsetImport, file: file.name)[""])
    }
    return ONNXModel(
      file: file.name,
      producer: [proto.producerName, proto.producerVersion].filter { !$0.isEmpty }.joined(separator: " "),
      opset: opset, otherOpsets: opsets.filter { $0.key != "" }, graph: graph, functions: functions,
      notes: reader.notes)
  }

  /// One tensor by itself, as the files of the ONNX project's tests hold them.
  package static func tensor(of file: CheckpointFile) throws(CheckpointError) -> StoredTensor {
    let proto: ProtoTensor
    do { proto = try ProtoTensor(serializedBytes: file.data) } catch {
      throw .corruptGraph(file: file.name, location: "the file", problem: "is not a valid ONNX tensor (\(error))")
    }
    var reader = ONNXTensorReader(file: file.name, folder: file.folder)
    return try reader.tensor(proto, name: proto.name)
  }

  /// The default domain has two spellings.
  static func standardDomain(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

  private static func opsets(
    _ list: [ProtoOperatorSet], file: String
  ) throws(CheckpointError) -> [String: Int] {
    var result: [String: Int] = [:]
    for entry in list {
      guard (0...10_000).contains(entry.version) else {
        throw .corruptGraph(
          file: file, location: "the operator set `\(entry.domain)`", problem: "has version \(entry.version)")
      }
      result[standardDomain(entry.domain)] = Int(entry.version)
    }
    return result
  }
}

extension CheckpointFile {
  /// Where external data may lie; nil for bytes that were never in a file.
  var folder: URL? {
    FileManager.default.fileExists(atPath: url.path) ? url.deletingLastPathComponent() : nil
  }
}
