/// The constants of rule v2 that belong to a task: how they were found is in docs/regime-rule.md.
public struct RegimeCriteria: Sendable, Equatable, Codable {
  /// R below it: robust off the manifold.
  public var robustRatio: Double
  /// Aligned where the share of the alignment that belongs to the image is at least this.
  public var specificShare: Double
  /// Not aligned where it is below this; between the two it tells neither.
  public var templateShare: Double
  /// What G must reach; nil where no value of it means anything, the density being fitted.
  public var cosine: Double?
  /// Accuracy above chance, relative to that of the task's density, below which signal is lost.
  public var densityAccuracy: Double
  /// On-manifold sensitivity relative to the exact Bayes classifier's below which signal is lost where accuracy is not whole
  /// either; nil where the density is fitted.
  public var densitySensitivity: Double?
  /// Networks trained without a robustness objective, whose range stands for a model's standard twin where none was given.
  public var standards: [RecordedStandard]
  /// What the task can tell apart, in a sentence.
  public var tells: String

  public init(
    robustRatio: Double, specificShare: Double, templateShare: Double? = nil, cosine: Double? = nil,
    densityAccuracy: Double,
    densitySensitivity: Double? = nil, standards: [RecordedStandard] = [], tells: String
  ) {
    self.robustRatio = robustRatio
    self.specificShare = specificShare
    self.templateShare = templateShare ?? specificShare
    self.cosine = cosine
    self.densityAccuracy = densityAccuracy
    self.densitySensitivity = densitySensitivity
    self.standards = standards
    self.tells = tells
  }

  /// The recorded standards of a size within a factor of ten; all of them where none is.
  /// - Parameter parameters: 0 where unknown.
  func standards(ofSize parameters: Int) -> [RecordedStandard] {
    let near = standards.filter { standard in
      let (small, large) = (min(parameters, standard.parameters), max(parameters, standard.parameters))
      // Divided, not multiplied: a stranger's program may say any number.
      return small > 0 && large / small < 10
    }
    return near.isEmpty ? standards : near
  }
}

/// A network of the task that was trained without a robustness objective, by a committed recipe.
public struct RecordedStandard: Sendable, Equatable, Codable {
  public var name: String
  public var parameters: Int
  public var accuracy: Double
  /// At the small step, at calibrated temperature.
  public var onManifold: Double

  public init(_ name: String, parameters: Int, accuracy: Double, onManifold: Double) {
    self.name = name
    self.parameters = parameters
    self.accuracy = accuracy
    self.onManifold = onManifold
  }
}
