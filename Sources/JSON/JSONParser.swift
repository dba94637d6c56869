/// Reads a text strictly by RFC 8259, in one pass.
///
/// json-c, which writes, does not read here: even when strict it takes `NaN`, `-01.5`, raw control characters and overlong UTF-8, turns
/// lone surrogates into U+FFFD, cuts keys at U+0000, and of two members with the same key silently keeps the last. All of them are
/// refused here, with position and path. See `JSONParser+Tokens.swift` for strings and literals, `JSONParser+Numbers.swift` for numbers.
///
/// Two keys are the same if Swift strings compare them equal, that is, up to canonical equivalence: otherwise looking
/// one up would be ambiguous.
struct JSONParser {
  /// An array or object that is still open.
  struct Frame {
    let isObject: Bool
    /// The index of the current element.
    var index = 0
    /// Where the key of the current member is, without its quotation marks.
    var key = 0..<0
  }

  let bytes: UnsafeBufferPointer<UInt8>
  let source: String
  let maximumDepth: Int
  var offset = 0
  var frames: [Frame] = []

  /// - Parameter maximumDepth: at most `JSONC.depthCeiling`: values are read recursively.
  init(bytes: UnsafeBufferPointer<UInt8>, source: String, maximumDepth: Int) {
    self.bytes = bytes
    self.source = source
    self.maximumDepth = maximumDepth
  }

  /// The whole text, which is one value.
  mutating func readDocument() throws(JSONError) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw syntax("the file starts with a byte order mark; save it as UTF-8 without one")
    }
    skipWhitespace()
    let value = try readValue()
    skipWhitespace()
    guard offset == bytes.count else { throw .trailingGarbage(source: source, position: position(offset)) }
    return value
  }

  private mutating func readValue() throws(JSONError) -> JSONValue {
    switch peek {
    case UInt8(ascii: "{"): .object(try readMembers())
    case UInt8(ascii: "["): .array(try readElements())
    case UInt8(ascii: "\""): .string(try readString().text)
    default: try readScalar()
    }
  }

  private mutating func readElements() throws(JSONError) -> [JSONValue] {
    try open(isObject: false)
    var elements: [JSONValue] = []
    if peek != UInt8(ascii: "]") {
      elements.append(try readValue())
      while try continues(before: UInt8(ascii: "]"), else: "`,` or `]`") {
        if peek == UInt8(ascii: "]") { throw syntax("expected a value after the comma") }
        frames[frames.count - 1].index += 1
        elements.append(try readValue())
      }
    }
    close()
    return elements
  }

  private mutating func readMembers() throws(JSONError) -> [JSONMember] {
    try open(isObject: true)
    var members: [JSONMember] = []
    // Looking through a few keys is quicker than hashing them; many are hashed.
    let few = 16
    var keys: Set<String> = []
    if peek != UInt8(ascii: "}") {
      // Most objects have no more: one allocation instead of three.
      members.reserveCapacity(4)
      repeat {
        let start = offset
        let key = try readKey()
        if members.count == few { keys = Set(members.map(\.key)) }
        guard members.count < few ? !members.contains(where: { $0.key == key }) : keys.insert(key).inserted else {
          throw .duplicateKey(source: source, path: containerPath.description, key: key, position: position(start))
        }
        members.append(JSONMember(key: key, value: try readValue()))
      } while try continues(before: UInt8(ascii: "}"), else: "`,` or `}`")
    }
    close()
    return members
  }

  private mutating func open(isObject: Bool) throws(JSONError) {
    guard frames.count < maximumDepth else {
      throw .tooDeep(source: source, position: position(offset), limit: maximumDepth)
    }
    frames.append(Frame(isObject: isObject))
    offset += 1
    skipWhitespace()
  }

  /// After a value of a container: whether another one follows behind a comma.
  private mutating func continues(before end: UInt8, else expected: String) throws(JSONError) -> Bool {
    skipWhitespace()
    switch peek {
    case UInt8(ascii: ","):
      offset += 1
      skipWhitespace()
      return true
    case end: return false
    default: throw unexpected(expected)
    }
  }

  private mutating func close() {
    frames.removeLast()
    offset += 1
  }

  /// Reads a key and its colon, up to the value.
  private mutating func readKey() throws(JSONError) -> String {
    guard peek == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
    let start = offset
    let (key, range) = try readString()
    // Only an escape can be one, and every escape is longer than what it stands for.
    if key.utf8.count < range.count, key.utf8.contains(0) {
      throw .nulInKey(source: source, path: containerPath.description, position: position(start))
    }
    frames[frames.count - 1].key = range
    skipWhitespace()
    guard peek == UInt8(ascii: ":") else { throw unexpected("`:` after the key") }
    offset += 1
    skipWhitespace()
    return key
  }
}

extension JSONParser {
  /// The byte at the current place; `nil` at the end.
  var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func skipWhitespace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  /// The path of the value being read.
  var path: JSONPath {
    JSONPath(components: frames.map { $0.isObject ? .key(text(of: $0.key)) : .index($0.index) })
  }

  /// The path of the innermost open container.
  var containerPath: JSONPath { JSONPath(components: Array(path.components.dropLast())) }

  func position(_ offset: Int) -> JSONPosition {
    let before = bytes[..<offset]
    let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return JSONPosition(byteOffset: offset, line: line, column: offset - lineStart + 1)
  }

  func syntax(_ problem: String) -> JSONError {
    .syntax(source: source, position: position(offset), problem: problem)
  }

  /// The error for anything but `expected` at the current place.
  func unexpected(_ expected: String) -> JSONError {
    switch peek {
    case nil: syntax("the text ends, expected \(expected)")
    case .some(let byte) where (0x21..<0x7F).contains(byte):
      syntax("expected \(expected), got `\(Character(UnicodeScalar(byte)))`")
    case .some(let byte): syntax("expected \(expected), got byte 0x" + String(byte, radix: 16, uppercase: true))
    }
  }
}
