import Foundation

/// The files that a model's tensors lie in, found without decoding the model: a walk over the protobuf's fields that lead to tensors
/// (`onnx.proto`), and no others.
///
/// What cannot be read ends the walk there: the reader of the model says what is wrong with it.
struct ONNXExternalFiles {
  /// As the model names them.
  private(set) var locations: Set<String> = []

  init(_ model: Data) {
    model.withUnsafeBytes { walk($0, as: .model, depth: 0) }
  }

  private mutating func walk(_ bytes: UnsafeRawBufferPointer, as message: ONNXMessage, depth: Int) {
    guard depth < ONNXMessage.deepest else { return }
    var (key, value) = ("", "")
    var fields = ProtobufFields(bytes)
    while let field = fields.next() {
      guard let content = field.content else { continue }
      switch (message, field.number) {
      case (.entry, 1): key = String(decoding: content, as: UTF8.self)
      case (.entry, 2): value = String(decoding: content, as: UTF8.self)
      default:
        if let part = message.part(field.number) { walk(content, as: part, depth: depth + 1) }
      }
    }
    if message == .entry, key == "location", !value.isEmpty { locations.insert(value) }
  }
}
