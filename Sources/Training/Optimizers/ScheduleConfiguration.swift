import Foundation

/// How the learning rate changes over the training.
package struct ScheduleConfiguration: Sendable, Codable, Equatable {
  package enum Name: String, Sendable, Codable, CaseIterable {
    case constant
    /// Times `factor` when each of `milestones` is reached, at the start of an epoch.
    case step
    /// From the learning rate to 0 along half a cosine, in every step.
    case cosine
    /// Up over `warmup` and down again along cosines, the momentum (or beta1) the other way, in every step: Smith and Topin
    /// 2017, with the constants of PyTorch's `OneCycleLR`.
    case oneCycle = "one-cycle"
  }

  package var name = Name.oneCycle
  /// Shares of all epochs; the paper's.
  package var milestones: [Double] = [0.75, 0.875]
  package var factor: Double = 0.1
  /// Share of all steps.
  package var warmup: Double = 0.15

  package init() {}

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(&name, .name)
    try values.read(&milestones, .milestones)
    try values.read(&factor, .factor)
    try values.read(&warmup, .warmup)
  }

  func check() throws {
    func require(_ isValid: Bool, _ option: String, _ value: some Any, _ expected: String) throws {
      guard isValid else {
        throw TrainingError.invalidOption(option: "schedule.\(option)", value: "\(value)", expected: expected)
      }
    }
    try require(milestones.allSatisfy { $0 >= 0 && $0 <= 1 }, "milestones", milestones, "shares of 0 to 1")
    try require(factor > 0 && factor.isFinite, "factor", factor, "a number above 0")
    try require(warmup >= 0 && warmup < 1, "warmup", warmup, "at least 0 and below 1")
  }
}

/// The learning rate of every step.
struct Schedule {
  let configuration: ScheduleConfiguration
  let optimizer: OptimizerConfiguration
  let epochs: Int
  let stepsPerEpoch: Int

  /// - Parameter step: counted from 0 over all epochs.
  /// - Returns: the learning rate, and the momentum (SGD) or beta1 (Adam).
  func rates(step: Int) -> (learningRate: Double, momentum: Double) {
    let momentum = optimizer.name == .sgd ? optimizer.momentum : optimizer.beta1
    let rate = optimizer.learningRate
    let total = epochs * stepsPerEpoch
    switch configuration.name {
    case .constant: return (rate, momentum)
    case .step:
      let epoch = step / stepsPerEpoch
      let passed = configuration.milestones.count { epoch >= Int($0 * Double(epochs)) }
      return (rate * pow(configuration.factor, Double(passed)), momentum)
    case .cosine: return (rate * 0.5 * (1 + cos(.pi * Double(step) / Double(max(1, total)))), momentum)
    case .oneCycle:
      // PyTorch's constants: the first rate is 1/25 of the largest, the last 1e-4 of the first. Without any momentum there
      // is none to cycle.
      let first = rate / 25
      let (low, high) = momentum == 0 ? (0, 0) : (0.85, 0.95)
      let peak = configuration.warmup * Double(total) - 1
      let end = Double(total - 1)
      let position = Double(step)
      if position <= peak {
        let share = peak > 0 ? position / peak : 1
        return (cosine(first, rate, share), cosine(high, low, share))
      }
      let share = end > peak ? (position - peak) / (end - peak) : 1
      return (cosine(rate, first / 1e4, share), cosine(low, high, share))
    }
  }

  /// From `start` to `end` along half a cosine.
  private func cosine(_ start: Double, _ end: Double, _ share: Double) -> Double {
    end + (start - end) / 2 * (1 + cos(.pi * share))
  }
}
