/// The fields of a protobuf message in their order, as far as they can be read.
struct ProtobufFields {
  struct Field {
    let number: Int
    /// Of fields that have a length.
    let content: UnsafeRawBufferPointer?
    /// The whole field, its tag included.
    let bytes: UnsafeRawBufferPointer
  }

  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Whether all has been read.
  var isAtEnd: Bool { place == bytes.count }

  /// - Returns: nil at the end, and where what follows is no field.
  mutating func next() -> Field? {
    let start = place
    guard let (number, content) = read() else {
      place = start
      return nil
    }
    return Field(number: number, content: content, bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<place]))
  }

  private mutating func read() -> (number: Int, content: UnsafeRawBufferPointer?)? {
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

  /// What stands before the content of a field that has a length.
  static func head(_ field: Int, length: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for var number in [UInt64(field) << 3 | 2, UInt64(length)] {
      while number > 127 {
        bytes.append(UInt8(number & 127) | 128)
        number >>= 7
      }
      bytes.append(UInt8(number))
    }
    return bytes
  }
}
