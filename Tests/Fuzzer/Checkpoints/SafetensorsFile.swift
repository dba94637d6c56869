import Foundation
import JSON

extension CheckpointInput {
  /// A safetensors file of the tensors, whose header may say anything.
  static func safetensors(
    _ network: MadeNetwork, metadata: [String: String] = [:], _ dice: inout Dice
  ) -> Data {
    var members: [JSONMember] = []
    var data = Data()
    let all = metadata.isEmpty && dice.chance(0.3) ? ["format": "pt"] : metadata
    if !all.isEmpty {
      let entries = all.sorted { $0.key < $1.key }.map { JSONMember(key: $0.key, value: .string($0.value)) }
      members.append(JSONMember(key: "__metadata__", value: .object(entries)))
    }
    let types = [
      "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16", "LongStorage": "I64",
      "IntStorage": "I32",
      "ByteStorage": "U8", "BoolStorage": "BOOL", "FloatStorage": "F32",
    ]
    for tensor in network.tensors {
      let range = [data.count, data.count + tensor.bytes.count].map { JSONValue.integer(Int64($0)) }
      data += tensor.bytes
      members.append(
        JSONMember(
          key: tensor.name,
          value: .object([
            JSONMember(key: "dtype", value: .string(types[tensor.storageClass] ?? "F8_E4M3")),
            JSONMember(key: "shape", value: .array(tensor.shape.map { .integer(Int64($0)) })),
            JSONMember(key: "data_offsets", value: .array(range)),
          ])))
    }
    var header = JSONValue.object(members)
    if dice.chance(metadata.isEmpty ? 0.25 : 0.05) { header = dice.mutated(header, count: 1) }
    var text = JSONText.text(header)
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    let count = dice.chance(0.03) ? UInt64(bitPattern: Int64(dice.extremeInteger())) : UInt64(text.utf8.count)
    return withUnsafeBytes(of: count.littleEndian) { Data($0) } + Data(text.utf8) + data
  }
}
