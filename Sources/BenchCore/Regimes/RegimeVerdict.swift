/// A label with what it rests on; or that the rule was not applied (`isGiven`), and then the label is `indeterminate`, the
/// confidence 0, and the file holds neither.
public struct RegimeVerdict: Sendable, Equatable, Codable {
  public var label: RegimeLabel
  /// Share of bootstrap resamples with the leading label, in [0, 1]. Below 0.95 the label is `indeterminate`.
  public var confidence: Double
  /// Why the label is qualified or withheld; nil where nothing stands against it.
  public var reservations: [RegimeReservation]?
  public var evidence: RegimeEvidence

  public init(
    label: RegimeLabel, confidence: Double, reservations: [RegimeReservation]? = nil, evidence: RegimeEvidence
  ) {
    self.label = label
    self.confidence = confidence
    self.reservations = reservations
    self.evidence = evidence
  }

  /// No verdict.
  init(_ notApplied: RegimeNotApplied) {
    self.init(label: .indeterminate, confidence: 0, evidence: .notApplied(notApplied))
  }

  /// Whether a rule was applied.
  public var isGiven: Bool { evidence.notApplied == nil }

  private enum CodingKeys: String, CodingKey { case label, confidence, reservations, evidence, notApplied }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let notApplied = try container.decodeIfPresent(RegimeNotApplied.self, forKey: .notApplied) {
      for key in [CodingKeys.label, .confidence, .reservations, .evidence] where container.contains(key) {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container,
          debugDescription: "is there beside notApplied, which says that there is no verdict")
      }
      self.init(notApplied)
      return
    }
    self.init(
      label: try container.decode(RegimeLabel.self, forKey: .label),
      confidence: try container.decode(Double.self, forKey: .confidence),
      reservations: try container.decodeIfPresent([RegimeReservation].self, forKey: .reservations),
      evidence: try container.decode(RegimeEvidence.self, forKey: .evidence))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if let notApplied = evidence.notApplied { return try container.encode(notApplied, forKey: .notApplied) }
    try container.encode(label, forKey: .label)
    try container.encode(confidence, forKey: .confidence)
    try container.encodeIfPresent(reservations, forKey: .reservations)
    try container.encode(evidence, forKey: .evidence)
  }
}

/// What stands against a label although the numbers are clear.
public enum RegimeReservation: String, Sendable, Codable, CaseIterable {
  /// Nothing said how pixels are normalised: the label holds if they need no normalisation.
  case assumedNormalisation = "assumed-normalisation"
  /// The checkpoint holds tensors that the network as read has no place for: it may be another network.
  case unusedTensors = "unused-tensors"
  /// The classifier of a density that was fitted to the task: reference material, no contestant.
  case referenceMaterial = "reference-material"

  /// Whether no label is given; otherwise it is given with a remark.
  public var withholdsLabel: Bool { self != .assumedNormalisation }

  var sentence: String {
    switch self {
    case .assumedNormalisation:
      "Nothing says how pixels are normalised; none was ASSUMED. The label holds only if that is right: pass --mean and "
        + "--std, or write a model.json."
    case .unusedTensors:
      "The checkpoint holds tensors that the network as read does not use, so it may be another network; no label is given. "
        + "Describe the network in a model.json."
    case .referenceMaterial:
      "This is the classifier of a density fitted to the task, which models are compared with, and no contestant; no label is "
        + "given."
    }
  }
}

/// Shares of the bootstrap resamples; they sum to 1.
public struct RegimeShares: Sendable, Equatable, Codable {
  public var weak: Double
  public var bayesAligned: Double
  public var excessive: Double
  /// The rule's conditions leave more than one label open, or the model does not classify.
  public var indeterminate: Double

  public subscript(label: RegimeLabel) -> Double {
    switch label {
    case .weak: weak
    case .bayesAligned: bayesAligned
    case .excessive: excessive
    case .indeterminate: indeterminate
    }
  }

  /// - Parameter labels: one for each resample; not empty.
  init(_ labels: [RegimeLabel]) {
    func share(_ label: RegimeLabel) -> Double {
      Double(labels.count { $0 == label }) / Double(labels.count)
    }
    (weak, bayesAligned) = (share(.weak), share(.bayesAligned))
    (excessive, indeterminate) = (share(.excessive), share(.indeterminate))
  }

  init(weak: Double, bayesAligned: Double, excessive: Double, indeterminate: Double) {
    self.weak = weak
    self.bayesAligned = bayesAligned
    self.excessive = excessive
    self.indeterminate = indeterminate
  }

  /// The first of the largest.
  var leading: RegimeLabel {
    RegimeLabel.allCases.reduce(.weak) { self[$1] > self[$0] ? $1 : $0 }
  }
}

/// The numbers that a rule looked at, and what it made of them.
public enum RegimeEvidence: Sendable, Equatable, Codable {
  case v1(RegimeEvidenceV1)
  case v2(RegimeEvidenceV2)
  /// There is none: a verdict encodes this in the evidence's place.
  case notApplied(RegimeNotApplied)

  private enum Keys: String, CodingKey { case classification }

  /// Told apart by a key that only v2 has; `protocol.rule` names the rule.
  public init(from decoder: any Decoder) throws {
    let isV2 = try decoder.container(keyedBy: Keys.self).contains(.classification)
    self = isV2 ? .v2(try RegimeEvidenceV2(from: decoder)) : .v1(try RegimeEvidenceV1(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .v1(let evidence): try evidence.encode(to: encoder)
    case .v2(let evidence): try evidence.encode(to: encoder)
    case .notApplied(let reason): try reason.encode(to: encoder)
    }
  }

  public var v1: RegimeEvidenceV1? {
    get { if case .v1(let evidence) = self { evidence } else { nil } }
    set { if let newValue { self = .v1(newValue) } }
  }

  public var v2: RegimeEvidenceV2? {
    get { if case .v2(let evidence) = self { evidence } else { nil } }
    set { if let newValue { self = .v2(newValue) } }
  }

  public var notApplied: RegimeNotApplied? { if case .notApplied(let reason) = self { reason } else { nil } }

  /// The version of the rule whose evidence it is, or that was not applied.
  public var rule: String {
    switch self {
    case .v1: RegimeRuleV1.version
    case .v2: RegimeRuleV2.version
    case .notApplied(let reason): reason.rule
    }
  }

  /// The label of most resamples, whether or not there were enough of them.
  public var leadingLabel: RegimeLabel {
    switch self {
    case .v1(let evidence): evidence.leadingLabel
    case .v2(let evidence): evidence.leadingLabel
    case .notApplied: .indeterminate
    }
  }

  public var shares: RegimeShares {
    switch self {
    case .v1(let evidence): evidence.shares
    case .v2(let evidence): evidence.shares
    case .notApplied: RegimeShares(weak: 0, bayesAligned: 0, excessive: 0, indeterminate: 0)
    }
  }

  public var sentences: [String] {
    switch self {
    case .v1(let evidence): evidence.sentences
    case .v2(let evidence): evidence.sentences
    case .notApplied(let reason): [reason.sentence]
    }
  }

  /// R, at the wide step.
  public var sensitivityRatio: Estimate {
    switch self {
    case .v1(let evidence): evidence.sensitivityRatio.ratio
    case .v2(let evidence): evidence.robustness.ratio
    case .notApplied: .unknown
    }
  }

  /// K; without a value, but with bounds, where it is relative to several models.
  public var onManifoldRetention: Estimate? {
    switch self {
    case .v1(let evidence): evidence.onManifoldRetention.ratio
    case .v2(let evidence): evidence.signal.onManifoldRetention
    case .notApplied: nil
    }
  }

  /// A; as K.
  public var accuracyRetention: Estimate? {
    switch self {
    case .v1(let evidence): evidence.accuracyRetention.ratio
    case .v2(let evidence): evidence.signal.accuracyRetention
    case .notApplied: nil
    }
  }

  /// G.
  public var alignment: Estimate {
    switch self {
    case .v1(let evidence): evidence.alignment.cosine
    case .v2(let evidence): evidence.alignment.cosine
    case .notApplied: .unknown
    }
  }

  /// The share of the alignment that belongs to the image; nil under v1, which does not know it.
  public var specificShare: Estimate? {
    if case .v2(let evidence) = self { evidence.alignment.share } else { nil }
  }
}

extension Estimate {
  /// Of what was not measured.
  fileprivate static let unknown = Estimate(value: nil, low: nil, high: nil)
}
