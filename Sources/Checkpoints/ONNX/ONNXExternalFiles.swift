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

  private enum Message {
    case model, graph, node, attribute, tensor, sparseTensor, entry, function
  }

  /// Graphs lie within attributes of nodes of graphs.
  private static let deepest = 64

  private mutating func walk(_ bytes: UnsafeRawBufferPointer, as message: Message, depth: Int) {
    guard depth < Self.deepest else { return }
    var (key, value) = ("", "")
    var fields = ProtobufFields(bytes)
    while let field = fields.next() {
      guard let content = field.content else { continue }
      switch (message, field.number) {
      case (.entry, 1): key = String(decoding: content, as: UTF8.self)
      case (.entry, 2): value = String(decoding: content, as: UTF8.self)
      default:
        if let part = Self.part(of: message, field.number) { walk(content, as: part, depth: depth + 1) }
      }
    }
    if message == .entry, key == "location", !value.isEmpty { locations.insert(value) }
  }

  private static func part(of message: Message, _ field: Int) -> Message? {
    switch (message, field) {
    case (.model, 7), (.attribute, 6), (.attribute, 11): .graph
    case (.model, 25): .function
    case (.graph, 1), (.function, 7): .node
    case (.node, 5), (.function, 11): .attribute
    case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparseTensor, 1), (.sparseTensor, 2): .tensor
    case (.graph, 15), (.attribute, 22), (.attribute, 23): .sparseTensor
    case (.tensor, 13): .entry
    default: nil
    }
  }
}

/// The fields of a protobuf message in their order, as far as they can be read.
private struct ProtobufFields {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// - Returns: nil at the end, and where what follows is no field; `content` of fields that have a length.
  mutating func next() -> (number: Int, content: UnsafeRawBufferPointer?)? {
    guard place < bytes.count, let tag = number(), tag >> 3 > 0, tag >> 3 <= 0x1fff_ffff else { return nil }
    let field = Int(tag >> 3)
    switch tag & 7 {
    case 0: return number() == nil ? nil : (field, nil)
    case 1: return skip(8) == nil ? nil : (field, nil)
    case 5: return skip(4) == nil ? nil : (field, nil)
    case 2:
      guard let length = number().flatMap({ Int(exactly: $0) }), let content = skip(length) else { return nil }
      return (field, content)
    default: return nil
    }
  }

  private mutating func skip(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count <= bytes.count - place else { return nil }
    defer { place += count }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<place + count])
  }

  /// A variable-length integer of at most ten bytes.
  private mutating func number() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard place < bytes.count else { return nil }
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 127) << UInt64(min(shift, 63))
      if byte < 128 { return value }
    }
    return nil
  }
}
