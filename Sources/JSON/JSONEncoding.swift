import Foundation

/// From Swift values to JSON text: UTF-8, keys in the order of encoding (those of a dictionary sorted), every
/// floating-point number in the shortest spelling that reads back as the same one, slashes as they are.
package enum JSONEncoding {
  /// Over several lines with an indent of two spaces and a final line break.
  /// - Throws: `JSONError.unencodable`, naming the path: NaN and infinities, integers beyond `Int64`, keys that occur
  ///   twice or contain U+0000, sets and dictionaries without an order, and what the type itself throws.
  package static func encode<T: Encodable>(_ value: T) throws(JSONError) -> Data {
    try JSONC.serialise(try NodeEncoder.value(of: value), isPretty: true) + [0x0A]
  }

  /// On one line without any white space between values, and without a final line break.
  package static func encodeCompact<T: Encodable>(_ value: T) throws(JSONError) -> Data {
    try JSONC.serialise(try NodeEncoder.value(of: value), isPretty: false)
  }
}
