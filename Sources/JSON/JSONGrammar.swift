/// Checks a text against RFC 8259 before json-c sees it.
///
/// json-c, even when strict, takes `NaN`, `-01.5`, raw control characters and overlong UTF-8, turns lone surrogates into
/// U+FFFD, cuts keys at U+0000, and of two members with the same key silently keeps the last. This check refuses all of
/// them with position and path. It keeps its own stack, so nesting costs no recursion. See `JSONGrammar+Tokens.swift`
/// for strings, numbers and literals.
///
/// Two keys are the same if Swift strings compare them equal, that is, up to canonical equivalence: otherwise looking
/// one up would be ambiguous.
struct JSONGrammar {
  /// An array or object that is still open.
  struct Frame {
    /// Looking through a few keys is quicker than hashing them; many are hashed.
    struct KeySet {
      private var few: [String] = []
      private var many: Set<String> = []

      /// - Returns: whether it is new.
      mutating func insert(_ key: String) -> Bool {
        guard many.isEmpty else { return many.insert(key).inserted }
        guard !few.contains(key) else { return false }
        few.append(key)
        if few.count > 16 { many = Set(few) }
        return true
      }
    }

    let isObject: Bool
    /// The index of the current element.
    var index = 0
    /// The key of the current member.
    var key = ""
    var keys = KeySet()
  }

  let bytes: UnsafeBufferPointer<UInt8>
  let source: String
  let maximumDepth: Int
  var offset = 0
  var frames: [Frame] = []

  init(bytes: UnsafeBufferPointer<UInt8>, source: String, maximumDepth: Int) {
    self.bytes = bytes
    self.source = source
    self.maximumDepth = maximumDepth
  }

  /// Checks the whole text.
  /// - Returns: the bytes of the value, without the white space around it.
  mutating func check() throws(JSONError) -> Range<Int> {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw syntax("the file starts with a byte order mark; save it as UTF-8 without one")
    }
    skipWhitespace()
    let start = offset
    repeat {
      // The first value of a container follows directly; every other value has to be completed first.
      while try opensContainer() {}
    } while try continuesContainer()
    let end = offset
    skipWhitespace()
    guard offset == bytes.count else { throw .trailingGarbage(source: source, position: position(offset)) }
    return start..<end
  }

  /// Reads a scalar or an empty container, or opens a container.
  /// - Returns: whether a container was opened and its first value comes next.
  private mutating func opensContainer() throws(JSONError) -> Bool {
    switch peek {
    case UInt8(ascii: "["):
      try open(isObject: false)
      guard peek == UInt8(ascii: "]") else { return true }
      close()
    case UInt8(ascii: "{"):
      try open(isObject: true)
      guard peek == UInt8(ascii: "}") else {
        try readKey()
        return true
      }
      close()
    default:
      try readScalar()
    }
    return false
  }

  /// After a complete value: closes the containers that end here.
  /// - Returns: whether another value follows after a comma.
  private mutating func continuesContainer() throws(JSONError) -> Bool {
    while let frame = frames.last {
      skipWhitespace()
      switch (peek, frame.isObject) {
      case (UInt8(ascii: ","), true):
        offset += 1
        skipWhitespace()
        try readKey()
        return true
      case (UInt8(ascii: ","), false):
        offset += 1
        skipWhitespace()
        if peek == UInt8(ascii: "]") { throw syntax("expected a value after the comma") }
        frames[frames.count - 1].index += 1
        return true
      case (UInt8(ascii: "}"), true), (UInt8(ascii: "]"), false):
        close()
      default:
        throw unexpected(frame.isObject ? "`,` or `}`" : "`,` or `]`")
      }
    }
    return false
  }

  private mutating func open(isObject: Bool) throws(JSONError) {
    guard frames.count < maximumDepth else {
      throw .tooDeep(source: source, position: position(offset), limit: maximumDepth)
    }
    frames.append(Frame(isObject: isObject))
    offset += 1
    skipWhitespace()
  }

  private mutating func close() {
    frames.removeLast()
    offset += 1
  }

  /// Reads a key and its colon, up to the value.
  private mutating func readKey() throws(JSONError) {
    guard peek == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
    let start = offset
    let key = text(of: try readString())
    if key.utf8.contains(0) {
      throw .nulInKey(source: source, path: containerPath.description, position: position(start))
    }
    guard frames[frames.count - 1].keys.insert(key) else {
      throw .duplicateKey(source: source, path: containerPath.description, key: key, position: position(start))
    }
    frames[frames.count - 1].key = key
    skipWhitespace()
    guard peek == UInt8(ascii: ":") else { throw unexpected("`:` after the key") }
    offset += 1
    skipWhitespace()
  }
}

extension JSONGrammar {
  /// The byte at the current place; `nil` at the end.
  var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func skipWhitespace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  /// The path of the value being read.
  var path: JSONPath {
    JSONPath(components: frames.map { $0.isObject ? .key($0.key) : .index($0.index) })
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
