/// The model to evaluate, and what is known of it.
public struct EvaluationSubject: Sendable {
  public var classifier: any Classifier
  public var record: ModelRecord
  /// The task that the model was trained for and that its claims speak of.
  public var task: String?
  public var claims: ModelDescription.Claims?
  /// The same network trained without a robustness objective, where there is one.
  public var standard: StandardModel?
  /// What is known to stand against a label.
  public var reservations: [RegimeReservation]

  public init(
    classifier: any Classifier, record: ModelRecord, task: String? = nil, claims: ModelDescription.Claims? = nil,
    standard: StandardModel? = nil, reservations: [RegimeReservation] = []
  ) {
    self.classifier = classifier
    self.record = record
    self.task = task
    self.claims = claims
    self.standard = standard
    self.reservations = reservations
  }
}

public struct EvaluationOutcome: Sendable {
  public package(set) var result: EvaluationResult
  /// Per-image measurements, one row per image in the order of the image set.
  public let samples: SampleTable
  /// What the rules need beside the samples.
  public let inputs: RegimeInputs
  /// What a reader should know of the model's answers, in sentences; of no rule.
  public var notes: [String] = []
}
