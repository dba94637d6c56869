import JSON

/// A mean or a ratio of means over images, with its 95 % interval over images.
public struct Estimate: Sendable, Equatable, Codable {
  /// Nil where it is undefined, such as a ratio with a zero denominator.
  public var value: Double?
  /// Percentiles 2.5 and 97.5 of the bootstrap distribution; nil where they are not finite.
  public var low: Double?
  public var high: Double?
  /// For how many images the quantity is undefined; they are left out. Nil where it is defined for all.
  public var undefinedImages: Int?

  public init(value: Double?, low: Double?, high: Double?, undefinedImages: Int? = nil) {
    self.value = value
    self.low = low
    self.high = high
    self.undefinedImages = undefinedImages
  }

  /// - Parameter resampled: the quantity in each bootstrap resample; NaN where it is undefined there.
  package init(point: Double, resampled: [Double], undefined: Int) {
    let interval = percentileInterval(resampled)
    self.init(
      value: finite(point), low: finite(interval.low), high: finite(interval.high),
      undefinedImages: undefined > 0 ? undefined : nil)
  }

  enum CodingKeys: String, CodingKey { case value, low, high, undefinedImages }

  public init(from decoder: any Decoder) throws {
    if let fields = try ScalarFields(decoder) {
      self.init(
        value: try fields.number("value"), low: try fields.number("low"), high: try fields.number("high"),
        undefinedImages: try fields.integer("undefinedImages"))
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      value: try container.decodeIfPresent(Double.self, forKey: .value),
      low: try container.decodeIfPresent(Double.self, forKey: .low),
      high: try container.decodeIfPresent(Double.self, forKey: .high),
      undefinedImages: try container.decodeIfPresent(Int.self, forKey: .undefinedImages))
  }

  /// Undefined numbers are written as null, not left out: a reader always finds the three keys.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try encode(into: &container, value: .value, low: .low, high: .high)
    try container.encodeIfPresent(undefinedImages, forKey: .undefinedImages)
  }

  /// For types that carry an estimate's numbers beside their own.
  func encode<Key: CodingKey>(
    into container: inout KeyedEncodingContainer<Key>, value valueKey: Key, low lowKey: Key, high highKey: Key
  ) throws {
    for (number, key) in [(value, valueKey), (low, lowKey), (high, highKey)] {
      if let number { try container.encode(number, forKey: key) } else { try container.encodeNil(forKey: key) }
    }
  }
}

/// The number, unless it is NaN or infinite.
func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

/// Percentiles 2.5 and 97.5, linearly interpolated between order statistics; NaN values are left out.
func percentileInterval(_ values: [Double]) -> (low: Double, high: Double) {
  let sorted = values.filter { !$0.isNaN }.sorted()
  guard let last = sorted.indices.last else { return (.nan, .nan) }
  func percentile(_ share: Double) -> Double {
    let position = share * Double(last)
    let below = Int(position)
    let above = min(below + 1, last)
    let fraction = position - Double(below)
    // Equal neighbours are not interpolated: infinity minus infinity is not a number.
    return sorted[below] == sorted[above]
      ? sorted[below] : sorted[below] + fraction * (sorted[above] - sorted[below])
  }
  return (percentile(0.025), percentile(0.975))
}
