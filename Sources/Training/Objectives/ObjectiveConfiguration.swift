/// Which objective, how strongly, and what else it wants to know.
package struct ObjectiveConfiguration: Sendable, Codable, Equatable {
  package var name = CrossEntropy.id
  /// What a sweep varies: the factor of a penalty, or the size of noise or attack in pixel units.
  package var strength: Double = 0
  /// Standard deviation of the noise of `smoothness`, in pixel units.
  package var noise: Double = 0.3
  package var attack = AttackConfiguration()
  /// Of `alignment`: where gradients are to point.
  package var direction = AlignmentDirection()

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
    try values.read(&direction, .direction)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(strength, forKey: .strength)
    try values.encode(noise, forKey: .noise)
    try values.encode(attack, forKey: .attack)
    // Recipes of before are as they were.
    if direction != AlignmentDirection() { try values.encode(direction, forKey: .direction) }
  }

  private enum CodingKeys: String, CodingKey { case name, strength, noise, attack, direction }

  func check() throws {
    guard strength >= 0, strength.isFinite else {
      throw TrainingError.invalidOption(option: "strength", value: "\(strength)", expected: "a number of at least 0")
    }
    guard noise > 0, noise.isFinite else {
      throw TrainingError.invalidOption(option: "noise", value: "\(noise)", expected: "a number above 0")
    }
    try attack.check()
    try direction.check(objective: name)
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
  /// What is made large.
  package var loss = Loss.crossEntropy

  package enum Loss: String, Sendable, Codable, CaseIterable {
    case crossEntropy = "cross-entropy"
    /// The largest other logit less the label's: the direction paper's linear loss, whose gradient does not vanish.
    case linearMargin = "linear-margin"
  }

  package init() {}

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(&steps, .steps)
    try values.read(&stepFactor, .stepFactor)
    try values.read(&norm, .norm)
    try values.read(&randomStart, .randomStart)
    try values.read(&loss, .loss)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(steps, forKey: .steps)
    try values.encode(stepFactor, forKey: .stepFactor)
    try values.encode(norm, forKey: .norm)
    try values.encode(randomStart, forKey: .randomStart)
    // Recipes of before are as they were.
    if loss != .crossEntropy { try values.encode(loss, forKey: .loss) }
  }

  private enum CodingKeys: String, CodingKey { case steps, stepFactor, norm, randomStart, loss }

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

/// Where the objective `alignment` makes gradients point.
package struct AlignmentDirection: Sendable, Codable, Equatable {
  package enum Source: String, Sendable, Codable, CaseIterable {
    /// Along the gradient of the density's own classifier.
    case density
    /// Away from the closest other class: where the label's log-odds fall along the way to it, exact or estimated (docs/direction.md).
    case exact, nearest
    case nearestMean = "nearest-mean"
    case projected
    /// By a generator in `file`.
    case learned
    /// The ways themselves, in `file`: a tensor `directions`, `[N, C, H, W]`, of the training images in their order.
    case file

    package var isOfFile: Bool { self == .learned || self == .file }
  }

  package var source = Source.density
  package var file: String?
  /// Of the file, 64 lower-case hexadecimal digits: another one is another training.
  package var sha256: String?

  package init() {}

  package init(_ source: Source, file: String? = nil, sha256: String? = nil) {
    (self.source, self.file, self.sha256) = (source, file, sha256)
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(&source, .source)
    file = try values.decodeIfPresent(String.self, forKey: .file)
    sha256 = try values.decodeIfPresent(String.self, forKey: .sha256)
  }

  func check(objective: String) throws {
    guard self == Self() || objective == AlignmentPenalty.id else {
      throw TrainingError.invalidOption(
        option: "objective.direction", value: source.rawValue,
        expected: "none for \(objective); it is of \(AlignmentPenalty.id)")
    }
    guard source.isOfFile == (file != nil) else {
      throw TrainingError.invalidOption(
        option: "objective.direction", value: source.rawValue,
        expected: source.isOfFile ? "a file with it (--direction \(source.rawValue)=FILE)" : "no file with it")
    }
  }
}
