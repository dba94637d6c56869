import Foundation

/// An ONNX model without the numbers of its tensors: in the place of each `raw_data` stands where in the file its bytes are, so that decoding the
/// message does not copy them. It is the same message otherwise.
struct ONNXWithoutNumbers {
  /// The message. A `raw_data` is the offset in the file and the number of bytes, both of 64 bits, little-endian; empty ones stay empty.
  private(set) var message = Data()
  /// Of the messages that are written anew, in the order in which they begin: how many bytes they take.
  private var sizes: [Int] = []

  /// - Returns: nil for what is no message of protobuf, or uses what ONNX does not: whoever decodes it itself says what is wrong.
  init?(_ model: Data) {
    let isRead = model.withUnsafeBytes { bytes -> Bool in
      guard let size = measure(bytes, as: .model, depth: 0) else { return false }
      message.reserveCapacity(size)
      var next = 1
      write(bytes, of: bytes, as: .model, &next)
      return true
    }
    guard isRead else { return nil }
  }

  /// - Parameter reference: a `raw_data` of such a message.
  /// - Returns: nil where it is none.
  static func place(_ reference: Data) -> (offset: Int, count: Int)? {
    guard reference.count == referenceBytes else { return nil }
    return reference.withUnsafeBytes { bytes in
      guard let offset = Int(exactly: bytes.littleEndian(at: 0, width: 8)),
        let count = Int(exactly: bytes.littleEndian(at: 8, width: 8))
      else { return nil }
      return (offset, count)
    }
  }

  private static let referenceBytes = 16

  /// How many bytes the message takes when it is written anew, nil where it cannot be read.
  private mutating func measure(_ bytes: UnsafeRawBufferPointer, as message: ONNXMessage, depth: Int) -> Int? {
    guard depth < ONNXMessage.deepest else { return nil }
    let place = sizes.count
    sizes.append(0)
    var size = 0
    var fields = ProtobufFields(bytes)
    while let field = fields.next() {
      let length: Int
      if let content = field.content, let part = message.part(field.number) {
        guard let inner = measure(content, as: part, depth: depth + 1) else { return nil }
        length = inner
      } else if let content = field.content, message.isRawData(field.number), !content.isEmpty {
        length = Self.referenceBytes
      } else {
        size += field.bytes.count
        continue
      }
      size += ProtobufFields.head(field.number, length: length).count + length
    }
    guard fields.isAtEnd else { return nil }
    sizes[place] = size
    return size
  }

  private mutating func write(
    _ bytes: UnsafeRawBufferPointer, of file: UnsafeRawBufferPointer, as type: ONNXMessage, _ next: inout Int
  ) {
    var fields = ProtobufFields(bytes)
    while let field = fields.next() {
      if let content = field.content, let part = type.part(field.number) {
        message.append(contentsOf: ProtobufFields.head(field.number, length: sizes[next]))
        next += 1
        write(content, of: file, as: part, &next)
      } else if let content = field.content, type.isRawData(field.number), let start = content.baseAddress,
        let fileStart = file.baseAddress, !content.isEmpty
      {
        message.append(contentsOf: ProtobufFields.head(field.number, length: Self.referenceBytes))
        message.appendLittleEndian(UInt64(start - fileStart))
        message.appendLittleEndian(UInt64(content.count))
      } else {
        message.append(contentsOf: field.bytes)
      }
    }
  }
}
