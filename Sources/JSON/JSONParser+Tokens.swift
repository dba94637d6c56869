/// Strings and literals.
extension JSONParser {
  mutating func readScalar() throws(JSONError) -> JSONValue {
    switch peek {
    case UInt8(ascii: "t"):
      try readLiteral("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try readLiteral("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try readLiteral("null")
      return .null
    case UInt8(ascii: "-"): return try readNumber()
    case let byte where isDigit(byte): return try readNumber()
    case UInt8(ascii: "N"), UInt8(ascii: "I"): throw syntax("expected a value; JSON has no NaN and no Infinity")
    default: throw unexpected("a value")
    }
  }

  private mutating func readLiteral(_ literal: StaticString) throws(JSONError) {
    for index in 0..<literal.utf8CodeUnitCount {
      guard peek == literal.utf8Start[index] else { throw unexpected("`\(literal)`") }
      offset += 1
    }
  }

  /// Reads a string from its opening to its closing quotation mark.
  /// - Returns: its text, and where the bytes between them are.
  mutating func readString() throws(JSONError) -> (text: String, range: Range<Int>) {
    offset += 1
    let start = offset
    var (isASCII, hasEscapes) = (true, false)
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        let range = start..<offset
        if !isASCII { try checkUTF8(range) }
        offset += 1
        return (hasEscapes ? unescaped(range) : verbatim(range), range)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try readEscape()
      case ..<0x20:
        throw syntax("a control character in a string, byte 0x\(String(byte, radix: 16)); write it as an escape")
      default:
        if byte >= 0x80 { isASCII = false }
        offset += 1
      }
    }
    throw syntax("the text ends inside a string")
  }

  private mutating func readEscape() throws(JSONError) {
    let start = offset
    offset += 1
    switch peek {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset += 1
    case UInt8(ascii: "u"):
      offset += 1
      switch try readHexadecimal() {
      case 0xD800..<0xDC00:
        let isPair = peek == UInt8(ascii: "\\") && offset + 1 < bytes.count && bytes[offset + 1] == UInt8(ascii: "u")
        if isPair { offset += 2 }
        guard isPair, (0xDC00..<0xE000).contains(try readHexadecimal()) else { throw loneSurrogate(at: start) }
      case 0xDC00..<0xE000:
        throw loneSurrogate(at: start)
      default: break
      }
    default:
      throw unexpected("one of \"\\/bfnrtu after a backslash")
    }
  }

  private func loneSurrogate(at start: Int) -> JSONError {
    .syntax(source: source, position: position(start), problem: "a surrogate escape without its other half")
  }

  private mutating func readHexadecimal() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw unexpected("four hexadecimal digits")
      }
      value = value * 16 + UInt32(digit)
      offset += 1
    }
    return value
  }

  private func checkUTF8(_ range: Range<Int>) throws(JSONError) {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes[range].makeIterator()
    var place = range.lowerBound
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let scalar): place += scalar.count
      case .error: throw .invalidUTF8(source: source, position: position(place))
      case .emptyInput: return
      }
    }
  }

  /// The text of a string that `readString` accepted.
  func text(of range: Range<Int>) -> String {
    bytes[range].contains(UInt8(ascii: "\\")) ? unescaped(range) : verbatim(range)
  }

  private func verbatim(_ range: Range<Int>) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  private func unescaped(_ range: Range<Int>) -> String {
    // As UTF-16, in which a pair of surrogate escapes is simply two units.
    var units: [UInt16] = []
    var rest = Substring(verbatim(range)).unicodeScalars
    while let scalar = rest.popFirst() {
      guard scalar == "\\", let escape = rest.popFirst() else {
        units.append(contentsOf: String(scalar).utf16)
        continue
      }
      switch escape {
      case "b": units.append(0x08)
      case "f": units.append(0x0C)
      case "n": units.append(0x0A)
      case "r": units.append(0x0D)
      case "t": units.append(0x09)
      case "u":
        let digits = String(String.UnicodeScalarView(rest.prefix(4)))
        units.append(UInt16(digits, radix: 16) ?? 0xFFFD)
        rest.removeFirst(digits.utf8.count)
      default: units.append(contentsOf: String(escape).utf16)
      }
    }
    return String(decoding: units, as: UTF16.self)
  }
}
