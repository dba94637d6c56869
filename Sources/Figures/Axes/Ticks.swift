import Foundation

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
  package func ticks(count: Int) -> [Tick] {
    switch self {
    case .linear(let range): linearTicks(range, count: count)
    case .logarithmic(let range, let hasZero):
      (hasZero ? [Tick(position: Self.zeroPosition, label: "0")] : []) + decadeTicks(range, count: count)
    }
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
      return position(value).map { Tick(position: $0, label: RichText(String(format: "%.\(decimals)f", value))) }
    }
  }

  /// Powers of ten, all or, where there are many, every second or third labelled; between up to seven of them the multiples 2 to 9.
  /// A range that holds less than two powers is labelled at 2 and 5 too.
  private func decadeTicks(_ range: ClosedRange<Double>, count: Int) -> [Tick] {
    guard range.lowerBound > 0, range.upperBound.isFinite else { return [] }
    let low = Int(floor(log10(range.lowerBound)))
    let high = Int(ceil(log10(range.upperBound)))
    let powers = (low...high).filter { range.contains(pow(10, Double($0))) }
    let stride = max(1, (powers.count + count - 1) / count)
    let labelled: Set<Int> = powers.count < 2 ? [1, 2, 5] : [1]
    let isPlain = powers.allSatisfy { abs($0) < 2 }
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
      return RichText(String(format: "%.\(max(0, -power))f", Double(multiple) * pow(10, Double(power))))
    }
    // A true minus sign, not a hyphen.
    let mantissa = multiple == 1 ? "" : "\(multiple) \u{00D7} "
    return RichText(mantissa + "10") + .superscript(power < 0 ? "\u{2212}\(-power)" : "\(power)")
  }
}
