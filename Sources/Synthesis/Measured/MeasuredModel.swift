import BenchCore

/// What was measured of a model: means over images, with their intervals.
package struct MeasuredModel: Sendable, Encodable {
  package struct Measurement: Sendable, Encodable {
    package let name: String
    package let estimate: Estimate

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try estimate.encode(to: encoder)
    }

    enum CodingKeys: String, CodingKey { case name }
  }

  package let model: String
  package let measurements: [Measurement]

  /// - Parameters:
  ///   - table: one row an image, at least one.
  ///   - seed: of the bootstrap resamples, which all models share.
  package init(_ model: String, _ table: SampleTable, seed: UInt64) {
    self.model = model
    let means = Bootstrap(imageCount: table.rowCount, seed: seed).means(of: table)
    measurements = table.columns.map { Measurement(name: $0.name, estimate: means.mean($0.name)) }
  }

  package subscript(name: String) -> Estimate? { measurements.first { $0.name == name }?.estimate }
}
