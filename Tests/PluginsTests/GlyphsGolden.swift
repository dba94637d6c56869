import Foundation

/// `Tests/Fixtures/glyphs/golden.json`, made by `generate.py` beside it.
struct GlyphsGolden: Decodable {
  struct Values: Decodable {
    let shape: [Int]
    let values: [Double]

    private enum CodingKeys: String, CodingKey {
      case shape
      case float64
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      shape = try container.decode([Int].self, forKey: .shape)
      let bytes = [UInt8](try container.decode(Data.self, forKey: .float64))
      values = stride(from: 0, to: bytes.count, by: 8).map { start in
        Double(bitPattern: (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) })
      }
      guard values.count == shape.reduce(1, *) else {
        throw DecodingError.dataCorruptedError(forKey: .float64, in: container, debugDescription: "wrong size")
      }
    }

    /// Item `index` along the first axis.
    func item(_ index: Int) -> [Double] {
      let stride = values.count / shape[0]
      return Array(values[index * stride..<(index + 1) * stride])
    }
  }

  let tensors: [String: Values]

  subscript(name: String) -> Values {
    get throws {
      guard let tensor = tensors[name] else { throw CocoaError(.coderValueNotFound) }
      return tensor
    }
  }

  static func load() throws -> GlyphsGolden {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(
      GlyphsGolden.self, from: Data(contentsOf: tests.appending(path: "Fixtures/glyphs/golden.json")))
  }

  /// Largest deviation, with `atol + rtol * |reference|` as the unit: at most 1 where all values agree.
  static func deviation(
    _ values: some Sequence<Double>, _ reference: some Sequence<Double>, absolute: Double, relative: Double
  ) -> Double {
    zip(values, reference).map { abs($0 - $1) / (absolute + relative * abs($1)) }.max() ?? .infinity
  }
}
