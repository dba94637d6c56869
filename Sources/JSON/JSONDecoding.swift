import Foundation

/// From JSON text to Swift values. `source` is the name of the file, for messages.
package enum JSONDecoding {
  /// Parses one document, strictly by RFC 8259 and with unique keys.
  /// - Parameter maximumDepth: how deep arrays and objects may nest, 1...512.
  package static func parse(
    _ data: Data, source: String, maximumDepth: Int = 64
  ) throws(JSONError) -> JSONValue {
    precondition((1...JSONC.depthCeiling).contains(maximumDepth), "maximumDepth outside 1...\(JSONC.depthCeiling)")
    guard data.count < Int(Int32.max) else { throw .tooLarge(source: source, byteCount: data.count) }
    let result = data.withUnsafeBytes { raw in
      raw.withMemoryRebound(to: UInt8.self) { bytes in
        Result { () throws(JSONError) in
          var parser = JSONParser(bytes: bytes, source: source, maximumDepth: maximumDepth)
          return try parser.readDocument()
        }
      }
    }
    return try result.get()
  }

  /// Parses one document and decodes it.
  /// - Parameter rejectUnknownKeys: whether a key that `type` does not ask for is an error, at every level. A type that
  ///   reads all keys of an object, such as a dictionary or `JSONValue`, knows them all.
  package static func decode<T: Decodable>(
    _ type: T.Type, from data: Data, source: String, maximumDepth: Int = 64, rejectUnknownKeys: Bool = false
  ) throws(JSONError) -> T {
    let value = try parse(data, source: source, maximumDepth: maximumDepth)
    return try decode(type, from: value, source: source, rejectUnknownKeys: rejectUnknownKeys)
  }

  /// Decodes a document that has been parsed; `rejectUnknownKeys` as above.
  package static func decode<T: Decodable>(
    _ type: T.Type, from value: JSONValue, source: String, rejectUnknownKeys: Bool = false
  ) throws(JSONError) -> T {
    let context = DecodingContext(source: source, rejectsUnknownKeys: rejectUnknownKeys)
    return try context.decode(type, from: value, below: nil, at: nil)
  }
}
