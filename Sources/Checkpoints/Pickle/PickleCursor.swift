/// Reads a pickle's bytes in order; every read is checked against the end.
struct PickleCursor {
  let bytes: UnsafeRawBufferPointer
  let file: String
  /// What is being read: a zip entry's name, or which pickle of a legacy file.
  let member: String
  private(set) var offset: Int
  /// Where the opcode being read is, for errors.
  private var opcodeOffset: Int

  init(bytes: UnsafeRawBufferPointer, offset: Int, file: String, member: String) {
    self.bytes = bytes
    self.file = file
    self.member = member
    self.offset = offset
    opcodeOffset = offset
  }

  func failure(_ problem: String) -> CheckpointError {
    .corruptPickle(file: file, member: member, opcode: opcodeName, offset: opcodeOffset, problem: problem)
  }

  /// The name of the opcode being read, its byte where it is none, "(none)" at the end.
  private var opcodeName: String {
    guard opcodeOffset < bytes.count else { return "(none)" }
    let byte = bytes[opcodeOffset]
    return PickleOpcode(rawValue: byte)?.name ?? "0x" + String(byte, radix: 16)
  }

  mutating func opcode() throws(CheckpointError) -> PickleOpcode {
    opcodeOffset = offset
    guard offset < bytes.count else {
      throw failure("the pickle ends without STOP; the file is incomplete, fetch it again")
    }
    let byte = bytes[offset]
    offset += 1
    guard let opcode = PickleOpcode(rawValue: byte) else {
      throw failure("unknown opcode; the file is damaged or not a pickle")
    }
    return opcode
  }

  /// The next `count` bytes, as a range of `bytes`.
  mutating func take(_ count: UInt64) throws(CheckpointError) -> Range<Int> {
    guard let length = Int(exactly: count), length <= bytes.count - offset else {
      throw failure("its argument needs \(count) bytes, only \(bytes.count - offset) are left; the file is incomplete")
    }
    defer { offset += length }
    return offset..<(offset + length)
  }

  mutating func unsigned(_ width: Int) throws(CheckpointError) -> UInt64 {
    bytes.littleEndian(at: try take(UInt64(width)).lowerBound, width: width)
  }

  mutating func signed32() throws(CheckpointError) -> Int64 {
    Int64(Int32(truncatingIfNeeded: try unsigned(4)))
  }

  /// The text up to the next newline, which is consumed.
  mutating func line() throws(CheckpointError) -> Range<Int> {
    var end = offset
    while end < bytes.count && bytes[end] != 0x0a { end += 1 }
    guard end < bytes.count else { throw failure("its argument has no end of line; the file is incomplete") }
    defer { offset = end + 1 }
    // Python 2 on Windows may have written a carriage return as well.
    return offset..<(end > offset && bytes[end - 1] == 0x0d ? end - 1 : end)
  }

  func text(_ range: Range<Int>) -> String? {
    String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  mutating func lineText() throws(CheckpointError) -> String {
    guard let text = text(try line()) else { throw failure("its argument is not UTF-8 text") }
    return text
  }
}
