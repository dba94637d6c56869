import Foundation
import Text

/// The opcodes that push numbers, text and bytes.
extension PickleMachine {
  mutating func decimalInteger(_ opcode: PickleOpcode) throws(CheckpointError) -> PickleValue {
    let range = try cursor.line()
    guard range.count <= Limits.integerBytes, var text = cursor.text(range) else {
      throw cursor.failure("its argument of \(range.count) bytes is not an integer")
    }
    // Protocol 0 writes booleans as the integers 00 and 01, and Python 2 ends long integers with L.
    if opcode == .int && text == "00" { return .bool(false) }
    if opcode == .int && text == "01" { return .bool(true) }
    if opcode == .long && text.hasSuffix("L") { text.removeLast() }
    if let value = Int64(text) { return .integer(value) }
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw cursor.failure("`\(text.prefix(32))` is not an integer")
    }
    return .bigInteger(text)
  }

  /// A two's-complement little-endian integer of `count` bytes.
  mutating func binaryInteger(count: UInt64) throws(CheckpointError) -> PickleValue {
    guard count <= UInt64(Limits.integerBytes) else {
      throw cursor.failure("is an integer of \(count) bytes, at most \(Limits.integerBytes) are accepted")
    }
    let range = try cursor.take(count)
    if range.isEmpty { return .integer(0) }
    if range.count <= 8 {
      let value = cursor.bytes.littleEndian(at: range.lowerBound, width: range.count)
      let unused = UInt64(64 - 8 * range.count)
      return .integer(Int64(bitPattern: value << unused) >> Int64(unused))
    }
    let digits = cursor.bytes[range].reversed().map(\.hexadecimal)
    return .bigInteger("0x" + digits.joined())
  }

  mutating func decimalFloat() throws(CheckpointError) -> PickleValue {
    let text = try cursor.lineText()
    guard let value = Double(text) else { throw cursor.failure("`\(text.prefix(32))` is not a number") }
    return .float(value)
  }

  mutating func unicode(widthOfCount: Int) throws(CheckpointError) -> PickleValue {
    let range = try cursor.take(try cursor.unsigned(widthOfCount))
    guard let text = cursor.text(range) else {
      // Python writes lone surrogates with "surrogatepass"; no name of a tensor has them.
      throw cursor.failure("its text is not UTF-8; the file is damaged")
    }
    return .string(text)
  }

  /// Protocol 0 text: Latin-1 with `\uXXXX` and `\UXXXXXXXX` escapes.
  mutating func rawUnicode() throws(CheckpointError) -> String {
    let bytes = Array(cursor.bytes[try cursor.line()])
    var scalars = String.UnicodeScalarView()
    var index = 0
    while index < bytes.count {
      let width =
        index + 1 < bytes.count && bytes[index] == 0x5c
        ? ["u": 4, "U": 8][Character(Unicode.Scalar(bytes[index + 1]))] : nil
      guard let width else {
        scalars.append(Unicode.Scalar(bytes[index]))
        index += 1
        continue
      }
      let digits = String(decoding: bytes.dropFirst(index + 2).prefix(width), as: UTF8.self)
      guard digits.utf8.count == width, let number = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(number)
      else {
        throw cursor.failure("its text has a damaged \\u escape")
      }
      scalars.append(scalar)
      index += 2 + width
    }
    return String(scalars)
  }

  /// Protocol 0 strings: quoted, with Python's escapes, of which only those that `repr` writes are understood.
  mutating func quotedString() throws(CheckpointError) -> PickleValue {
    let bytes = Array(cursor.bytes[try cursor.line()])
    guard bytes.count >= 2, let quote = bytes.first, quote == 0x27 || quote == 0x22, bytes.last == quote else {
      throw cursor.failure("its text is not quoted; the file is damaged")
    }
    var result: [UInt8] = []
    var index = 1
    while index < bytes.count - 1 {
      guard bytes[index] == 0x5c else {
        result.append(bytes[index])
        index += 1
        continue
      }
      switch bytes[index + 1] {
      case UInt8(ascii: "n"): result.append(0x0a)
      case UInt8(ascii: "r"): result.append(0x0d)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "x"):
        let digits = String(decoding: bytes.dropFirst(index + 2).prefix(2), as: UTF8.self)
        guard digits.utf8.count == 2, let byte = UInt8(digits, radix: 16) else {
          throw cursor.failure("its text has a damaged \\x escape")
        }
        result.append(byte)
        index += 2
      case let other: result.append(other)
      }
      index += 2
    }
    return textOrBytes(ByteRegion(Data(result)))
  }

  mutating func python2StringCount() throws(CheckpointError) -> UInt64 {
    let count = try cursor.signed32()
    guard count >= 0 else {
      throw cursor.failure("its length is \(count), expected none negative; the file is damaged")
    }
    return UInt64(count)
  }

  mutating func python2String(count: UInt64) throws(CheckpointError) -> PickleValue {
    let range = try cursor.take(count)
    return textOrBytes(ByteRegion(data.data, offset: data.offset + range.lowerBound, count: range.count))
  }

  /// Python 2 has one type for text and bytes: what is UTF-8 is taken as text.
  private func textOrBytes(_ region: ByteRegion) -> PickleValue {
    String(validating: region.bytes, as: UTF8.self).map { .string($0) } ?? .bytes(region)
  }

  mutating func byteString(widthOfCount: Int) throws(CheckpointError) -> PickleValue {
    let range = try cursor.take(try cursor.unsigned(widthOfCount))
    return .bytes(ByteRegion(data.data, offset: data.offset + range.lowerBound, count: range.count))
  }
}
