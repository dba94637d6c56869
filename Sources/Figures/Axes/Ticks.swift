import Foundation
import Text

/// A mark on an axis.
package struct Tick: Sendable, Equatable {
  /// Share of the axis.
  package var position: Double
  package var label: RichText?
  package var isMajor = true

  package init(position: Double, label: RichText?, isMajor: Bool = true) {
    (self.position, self.label, self.isMajor) = (position, label, isMajor)
  }
}

enum TickStep {
  /// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `step`.
  static func round(_ step: Double) -> Double {
    precondition(step > 0 && step.isFinite)
    let power = pow(10, floor(log10(step)))
    return ([1, 2, 2.5, 5].first { $0 * power >= step * (1 - 1e-9) } ?? 10) * power
  }

  /// How many decimals a multiple of `step` needs.
  static func decimals(_ step: Double) -> Int {
    (0...8).first { abs(step * pow(10, Double($0)) - (step * pow(10, Double($0))).rounded()) < 1e-6 } ?? 8
  }
}

extension Scale {
  /// At most about `count` labelled ticks, from left to right.
  /// - Parameter asPowers: whether numbers of a logarithmic scale are written as powers of ten also where `hasPlainNumbers` holds.
  package func ticks(count: Int, asPowers: Bool = false) -> [Tick] {
    switch self {
    case .linear(let range): linearTicks(range, count: count)
    case .logarithmic(let range, let hasZero):
      (hasZero ? [Tick(position: Self.zeroPosition, label: "0")] : [])
        + decadeTicks(range, count: count, isPlain: hasPlainNumbers && !asPowers)
    }
  }

  /// Whether its numbers are short when they are written out: 0.1, 1, 10 and what lies between.
  var hasPlainNumbers: Bool {
    switch self {
    case .linear: true
    case .logarithmic(let range, _): Self.powers(in: range).allSatisfy { abs($0) < 2 }
    }
  }

  /// Exponents of the powers of ten in the range.
  private static func powers(in range: ClosedRange<Double>) -> [Int] {
    guard range.lowerBound > 0, range.upperBound.isFinite else { return [] }
    let (low, high) = (Int(floor(log10(range.lowerBound))), Int(ceil(log10(range.upperBound))))
    return (low...high).filter { range.contains(pow(10, Double($0))) }
  }

  private func linearTicks(_ range: ClosedRange<Double>, count: Int) -> [Tick] {
    let distance = (range.upperBound - range.lowerBound) / Double(count)
    // Numbers that are too large or too near each other to be told apart have no ticks between them.
    guard distance.isFinite, distance > max(abs(range.lowerBound), abs(range.upperBound), 1e-290) * 1e-14 else {
      return []
    }
    let step = TickStep.round(distance)
    let decimals = TickStep.decimals(step)
    let first = Int((range.lowerBound / step - 1e-6).rounded(.up))
    let last = Int((range.upperBound / step + 1e-6).rounded(.down))
    return (first...max(first, last)).compactMap { index in
      let value = Double(index) * step
      return position(value).map { Tick(position: $0, label: RichText(FixedDecimals.text(value, decimals))) }
    }
  }

  /// Powers of ten, all or, where there are many, every second or third labelled; between up to seven of them the multiples 2 to 9.
  /// A range that holds less than two powers is labelled at 2 and 5 too, one that holds none of these at all multiples, and one
  /// between two multiples in its middle.
  private func decadeTicks(_ range: ClosedRange<Double>, count: Int, isPlain: Bool) -> [Tick] {
    guard range.lowerBound > 0, range.upperBound.isFinite else { return [] }
    let low = Int(floor(log10(range.lowerBound)))
    let high = Int(ceil(log10(range.upperBound)))
    let powers = Self.powers(in: range)
    let stride = max(1, (powers.count + count - 1) / count)
    func holds(_ multiples: [Int]) -> Bool {
      (low...high).contains { power in multiples.contains { range.contains(Double($0) * pow(10, Double(power))) } }
    }
    guard holds(Array(1...9)) else {
      let middle = (range.lowerBound * range.upperBound).squareRoot()
      return position(middle).map { [Tick(position: $0, label: RichText(String(format: "%.3g", middle)))] } ?? []
    }
    let labelled: Set<Int> = powers.count >= 2 ? [1] : holds([1, 2, 5]) ? [1, 2, 5] : Set(1...9)
    var ticks: [Tick] = []
    for power in low...high {
      for multiple in powers.count > 7 ? 1...1 : 1...9 {
        let value = Double(multiple) * pow(10, Double(power))
        guard range.contains(value), let position = position(value) else { continue }
        let first = powers.first ?? low
        let isLabelled = labelled.contains(multiple) && (multiple != 1 || (power - first) % stride == 0)
        ticks.append(
          Tick(
            position: position, label: isLabelled ? Self.label(multiple, power, isPlain: isPlain) : nil,
            isMajor: isLabelled || multiple == 1))
      }
    }
    return ticks
  }

  private static func label(_ multiple: Int, _ power: Int, isPlain: Bool) -> RichText {
    if isPlain {
      return RichText(FixedDecimals.text(Double(multiple) * pow(10, Double(power)), max(0, -power)))
    }
    // A true minus sign, not a hyphen.
    let mantissa = multiple == 1 ? "" : "\(multiple) \u{00D7} "
    return RichText(mantissa + "10") + .superscript(power < 0 ? "\u{2212}\(-power)" : "\(power)")
  }
}
