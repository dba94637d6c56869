import ArgumentParser

/// What numbers on the command line may be. Bounds of what is allocated or counted are far above what anybody measures with,
/// and far below what no machine holds.
enum OptionBounds {
  static let threads = 1...1024
  static let batch = 1...4096
  /// Images to measure on; confidence intervals need two at least.
  static let images = 2...1_000_000
  static let robustnessDraws = 1...1000
  /// The largest integer that a result or a recipe can hold.
  static let seed = 0...UInt64(Int64.max)

  /// - Throws: `ValidationError`, naming the option and the bounds.
  static func check<Number: Comparable>(
    _ option: String, _ value: Number?, in bounds: ClosedRange<Number>
  ) throws {
    guard let value, !bounds.contains(value) else { return }
    throw ValidationError("\(option) must be \(bounds.lowerBound) to \(bounds.upperBound), got \(value)")
  }
}
