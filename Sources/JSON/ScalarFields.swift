/// The scalars of one object by their keys, without the containers of `Codable`: of types that a file holds by the hundred those take most
/// of the time. What is asked for is accounted for as there.
package struct ScalarFields {
  private let decoder: ValueDecoder

  /// - Returns: nil for a decoder that is not this module's.
  /// - Throws: `JSONError` where the value is no object.
  package init?(_ decoder: any Decoder) throws {
    guard let decoder = decoder as? ValueDecoder else { return nil }
    try decoder.beginObject()
    self.decoder = decoder
  }

  /// Nil where the key is missing or null.
  package func number(_ key: String) throws -> Double? { try decoder.scalarIfPresent(key) }

  /// Nil where the key is missing or null.
  package func integer(_ key: String) throws -> Int? { try decoder.scalarIfPresent(key) }
}
