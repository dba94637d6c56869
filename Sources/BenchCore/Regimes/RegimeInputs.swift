/// What a rule needs beside the samples; kept in the samples file, so that any rule can be applied again without the model.
public struct RegimeInputs: Sendable, Equatable, Codable {
  public var classCount: Int
  public var wideStep: Double
  public var smallStep: Double
  public var densityIsExact: Bool
  /// The decisive alignment of rule v1 and of the reports.
  public var decisive: AlignmentColumns
  /// Of rule v1.
  public var calibration: RegimeCalibration
  /// `claims.standardAccuracy`, of rule v1.
  public var standardAccuracy: Double?
  /// Of rule v2; nil where the task states none, and then the rule is not applied.
  public var criteria: RegimeCriteria?
  /// Number of trained scalars of the model, to choose recorded standards of comparable size; 0 where unknown.
  public var parameters: Int
  /// The factor of the calibrated temperature; nil where the logits say nothing of the labels.
  public var temperatureScale: Double?
  /// The same network trained without a robustness objective, where one was given.
  public var standard: StandardReference?
  /// What the second reference is, where one was given; its columns are among the samples.
  public var secondReference: String?
  /// What the tangent spaces are those of, where they are not the task's own.
  public var learnedManifold: String?
  public var reservations: [RegimeReservation]
}

/// The names of the columns of one alignment series, and what they come to.
public struct AlignmentColumns: Sendable, Equatable, Codable {
  public var reference: AlignmentReference
  public var target: GradientTarget
  /// An `AlignmentMetric`'s id.
  public var metric: String
  public var noise: Double

  public var column: String { "\(reference.rawValue)/\(target.rawValue)/\(metric)/\(brief(noise))" }

  /// The controls stand in for the gradient. Against a score they do not depend on the target, and are kept once.
  func column(of control: AlignmentControl) -> String {
    let subject = reference == .classifier ? target.rawValue : "control"
    return "\(reference.rawValue)/\(subject)/\(metric)/\(brief(noise))/\(control.rawValue)"
  }

  func result(from means: ResampledMeans) -> AlignmentEntry {
    let measured = AlignmentControl.of(metric: metric)
    func mean(_ control: AlignmentControl) -> Estimate { means.mean(column(of: control)) }
    func meanIfMeasured(_ control: AlignmentControl) -> Estimate? { measured.contains(control) ? mean(control) : nil }
    return AlignmentEntry(
      target: target, metric: metric, noise: noise, estimate: means.mean(column),
      controls: .init(
        random: mean(.random), image: mean(.image), sobel: mean(.sobel), otherImage: mean(.otherImage),
        minusReference: meanIfMeasured(.minusReference), blurredImage: meanIfMeasured(.blurredImage)))
  }
}

/// The model that K, A and the gain of rule v2 are relative to.
public struct StandardReference: Sendable, Equatable, Codable {
  public var id: String
  /// SHA-256 of its checkpoint.
  public var sha256: String?
  /// Accuracy, calibrated on-manifold sensitivity at the small step, the alignment that belongs to the image and R, as a result
  /// states them with their intervals; nil where the standard was measured on the same images, and its columns are among the
  /// samples.
  public var stated: Stated?

  public struct Stated: Sendable, Equatable, Codable {
    public var accuracy: Estimate
    public var onManifold: Estimate
    /// Both nil in samples files from before the gain was measured.
    public var specific: Estimate?
    public var ratio: Estimate?

    public init(accuracy: Estimate, onManifold: Estimate, specific: Estimate? = nil, ratio: Estimate? = nil) {
      self.accuracy = accuracy
      self.onManifold = onManifold
      self.specific = specific
      self.ratio = ratio
    }
  }

  public init(id: String, sha256: String?, stated: Stated? = nil) {
    self.id = id
    self.sha256 = sha256
    self.stated = stated
  }
}
