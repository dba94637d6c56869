/// A place in a JSON text.
public struct JSONPosition: Sendable, Equatable, CustomStringConvertible {
  /// Bytes before it.
  public let byteOffset: Int
  /// Counted from 1.
  public let line: Int
  /// Counted in bytes from 1.
  public let column: Int

  public var description: String { "line \(line), column \(column) (byte \(byteOffset))" }
}

/// Everything that can go wrong between a Swift value and its JSON text. `source` is the name of the file, `path` a place
/// in the document such as `$.preprocessing.mean[1]`.
public enum JSONError: Error, Sendable, Equatable {
  /// The text is larger than any document may be (2 GiB).
  case tooLarge(source: String, byteCount: Int)
  /// The text is not JSON by RFC 8259.
  case syntax(source: String, position: JSONPosition, problem: String)
  /// The text is not UTF-8; the position is that of the first wrong byte.
  case invalidUTF8(source: String, position: JSONPosition)
  /// Something follows the document.
  case trailingGarbage(source: String, position: JSONPosition)
  /// Arrays and objects nest deeper than allowed.
  case tooDeep(source: String, position: JSONPosition, limit: Int)
  /// An object holds the same key twice; `path` is the object.
  case duplicateKey(source: String, path: String, key: String, position: JSONPosition)
  /// A key holds the character U+0000, at which C would cut it off; `path` is the object.
  case nulInKey(source: String, path: String, position: JSONPosition)
  /// The number does not fit the wanted type.
  case numberOutOfRange(source: String, path: String, number: String, expected: String)
  /// `path` is the object; `similar` is a key of it that may be the wanted one, mistyped.
  case missingKey(source: String, path: String, key: String, similar: String?)
  /// `path` is the array, which ends before the wanted element.
  case missingElement(source: String, path: String, count: Int)
  case wrongType(source: String, path: String, expected: String, got: String)
  /// Nothing reads this key; `similar` is the nearest of those that are read.
  case unknownKey(source: String, path: String, key: String, similar: String?)
  /// The type that was decoded refuses the value.
  case invalidValue(source: String, path: String, reason: String)
  /// The Swift value has no JSON text.
  case unencodable(path: String, reason: String)
}

extension JSONError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooLarge(let source, let byteCount):
      "\(source): the JSON text has \(byteCount) bytes, expected at most \(Int32.max)"
    case .syntax(let source, let position, let problem):
      "\(source): \(position): \(problem)"
    case .invalidUTF8(let source, let position):
      "\(source): \(position): invalid UTF-8; save the file as UTF-8"
    case .trailingGarbage(let source, let position):
      "\(source): \(position): expected the end of the file after the JSON value"
    case .tooDeep(let source, let position, let limit):
      "\(source): \(position): arrays and objects nest deeper than \(limit) levels"
    case .duplicateKey(let source, let path, let key, let position):
      "\(source): \(path): key `\(shortened(key))` occurs twice, again at \(position); remove one"
    case .nulInKey(let source, let path, let position):
      "\(source): \(path): \(position): a key contains the character U+0000"
    case .numberOutOfRange(let source, let path, let number, let expected):
      "\(source): \(path): number \(shortened(number)) is out of range, expected \(expected)"
    case .missingKey(let source, let path, let key, let similar):
      "\(source): \(path): missing key `\(shortened(key))`"
        + (similar.map { "; did you mean it by `\(shortened($0))`?" } ?? "")
    case .missingElement(let source, let path, let count):
      "\(source): \(path): expected more elements, got an array of \(count)"
    case .wrongType(let source, let path, let expected, let got):
      "\(source): \(path): expected \(expected), got \(got)"
    case .unknownKey(let source, let path, let key, let similar):
      "\(source): \(path): unknown key `\(shortened(key))`"
        + (similar.map { "; did you mean `\(shortened($0))`?" } ?? "")
    case .invalidValue(let source, let path, let reason):
      "\(source): \(path): \(reason)"
    case .unencodable(let path, let reason):
      "cannot write JSON: \(path): \(reason)"
    }
  }
}
