import Foundation

/// From values to shares of an axis: 0 its left or lower end, 1 the other.
package enum Scale: Sendable, Equatable {
  case linear(ClosedRange<Double>)
  /// Powers of ten; both ends positive. With `hasZero` the value 0 has a place of its own at the left, apart from the
  /// rest by a break, because no logarithmic axis reaches it.
  case logarithmic(ClosedRange<Double>, hasZero: Bool)

  /// The share of the axis to the left of the break.
  static let zeroShare = 0.15
  /// Where the value 0 stands, and where the axis is broken.
  static let zeroPosition = 0.05
  static let breakPosition = 0.1

  /// - Returns: nil where the value has no place: not positive on a logarithmic scale, or not finite.
  package func position(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    switch self {
    case .linear(let range):
      return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    case .logarithmic(let range, let hasZero):
      if value == 0, hasZero { return Self.zeroPosition }
      guard value > 0 else { return nil }
      let share = log10(value / range.lowerBound) / log10(range.upperBound / range.lowerBound)
      return hasZero ? Self.zeroShare + (1 - Self.zeroShare) * share : share
    }
  }

  /// A linear scale over the values, from and to a round number.
  package static func covering(_ values: [Double], including: [Double] = []) -> Scale {
    let all = (values + including).filter(\.isFinite)
    let low = all.min() ?? 0
    let high = max(all.max() ?? 1, low + 1e-9)
    let step = TickStep.round((high - low) / 4)
    return .linear(
      step
        * (low / step + 1e-9).rounded(.down)...max(
          step * (low / step + 1e-9).rounded(.down) + step, step * (high / step - 1e-9).rounded(.up)))
  }

  /// A logarithmic scale over the positive values, with some room at both ends.
  package static func strengths(_ values: [Double]) -> Scale {
    let positive = values.filter { $0 > 0 && $0.isFinite }
    let hasZero = values.contains(0)
    guard let low = positive.min(), let high = positive.max() else { return .logarithmic(0.1...10, hasZero: hasZero) }
    let room = max(0.12, 0.05 * log10(high / low))
    return .logarithmic(low * pow(10, -room)...high * pow(10, room), hasZero: hasZero)
  }
}
