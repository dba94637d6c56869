/// Which objective, how strongly, and what else it wants to know.
package struct ObjectiveConfiguration: Sendable, Codable, Equatable {
  package var name = CrossEntropy.id
  /// What a sweep varies: the factor of a penalty, or the size of noise or attack in pixel units.
  package var strength: Double = 0
  /// Standard deviation of the noise of `smoothness`, in pixel units.
  package var noise: Double = 0.3
  package var attack = AttackConfiguration()

  package init() {}

  package init(_ name: String, strength: Double = 0) {
    self.name = name
    self.strength = strength
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(&name, .name)
    try values.read(&strength, .strength)
    try values.read(&noise, .noise)
    try values.read(&attack, .attack)
  }

  func check() throws {
    guard strength >= 0, strength.isFinite else {
      throw TrainingError.invalidOption(option: "strength", value: "\(strength)", expected: "a number of at least 0")
    }
    guard noise > 0, noise.isFinite else {
      throw TrainingError.invalidOption(option: "noise", value: "\(noise)", expected: "a number above 0")
    }
    try attack.check()
  }
}

/// How adversarial training finds its perturbations.
package struct AttackConfiguration: Sendable, Codable, Equatable {
  package enum Norm: String, Sendable, Codable, CaseIterable {
    /// Every image's perturbation by itself: at most `strength` long.
    case image
    /// One norm over the whole batch, as the paper's package code has it: the perturbations of all images together are at
    /// most `strength` long.
    case batch
  }

  package var steps = 10
  /// In units of `strength / steps`: the paper's is 2.
  package var stepFactor: Double = 2
  package var norm = Norm.image
  /// Whether the first perturbation is random rather than none.
  package var randomStart = true

  package init() {}

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(&steps, .steps)
    try values.read(&stepFactor, .stepFactor)
    try values.read(&norm, .norm)
    try values.read(&randomStart, .randomStart)
  }

  func check() throws {
    guard (1...1000).contains(steps) else {
      throw TrainingError.invalidOption(option: "attack.steps", value: "\(steps)", expected: "1 to 1000")
    }
    guard stepFactor > 0, stepFactor.isFinite else {
      throw TrainingError.invalidOption(
        option: "attack.stepFactor", value: "\(stepFactor)", expected: "a number above 0")
    }
  }
}
