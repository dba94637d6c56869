/// A result file: `leaderboard/results/<task>/<model-id>.json`, keys as in its schema.
///
/// Everything but `provenance` is a function of the checkpoint, the task, the images and the seed.
public struct EvaluationResult: Sendable, Equatable, Codable {
  public static let currentSchemaVersion = 1

  public var schemaVersion: Int
  public var model: ModelRecord
  public var task: TaskRecord
  public var measurementProtocol: ProtocolRecord
  public var measurements: Measurements
  /// Of the attacks that were asked for; nil without. No rule uses it.
  public var robustness: [RobustnessEntry]?
  /// Where gradients point to, if it was asked for; nil without. No rule uses it.
  public var direction: DirectionResult?
  /// Of networks trained anew on what gradients point to, if that was done; nil without. No rule uses it.
  public var roar: RoarResult?
  public var regime: RegimeVerdict
  public var provenance: Provenance
  /// Who measured, where it was not the one who submitted the model.
  public var externalEvaluation: ExternalEvaluationRecord?

  /// Whether a rule was applied; otherwise `regime` says why not, and the result has no place on a leaderboard.
  public var hasVerdict: Bool { regime.isGiven }

  enum CodingKeys: String, CodingKey {
    case schemaVersion, model, task
    case measurementProtocol = "protocol"
    case measurements, robustness, direction, roar, regime, provenance, externalEvaluation
  }
}

/// What was evaluated.
public struct ModelRecord: Sendable, Equatable, Codable {
  /// `[a-z0-9][a-z0-9._-]*`; the result file's name.
  public var id: String
  public var name: String
  /// Nil for a model that is not read from a file, such as the task's own Bayes classifier.
  public var checkpoint: Checkpoint?
  /// Where in the checkpoint its tensors stand, such as `model_ema`, where the checkpoint holds several networks.
  public var weights: String?
  public var plugin: Plugin
  public var architecture: String
  /// Number of trained scalars.
  public var parameters: Int
  public var preprocessing: Preprocessing
  public var source: ModelDescription.Source?

  public struct Checkpoint: Sendable, Equatable, Codable {
    /// A bare file name.
    public var file: String
    /// 64 lower-case hexadecimal digits.
    public var sha256: String
    public var bytes: Int
    /// Such as `"pytorch-zip"`.
    public var format: String

    public init(file: String, sha256: String, bytes: Int, format: String) {
      self.file = file
      self.sha256 = sha256
      self.bytes = bytes
      self.format = format
    }
  }

  public struct Plugin: Sendable, Equatable, Codable {
    public var id: String
    public var version: String

    public init(id: String, version: String) {
      self.id = id
      self.version = version
    }
  }

  public init(
    id: String, name: String, checkpoint: Checkpoint?, plugin: Plugin, architecture: String, parameters: Int,
    preprocessing: Preprocessing, source: ModelDescription.Source? = nil, weights: String? = nil
  ) {
    self.weights = weights
    self.id = id
    self.name = name
    self.checkpoint = checkpoint
    self.plugin = plugin
    self.architecture = architecture
    self.parameters = parameters
    self.preprocessing = preprocessing
    self.source = source
  }
}

/// What it was measured against.
public struct TaskRecord: Sendable, Equatable, Codable {
  public var id: String
  public var version: Int
  public var dataset: Dataset
  /// This and the following: nil where the task has none.
  public var manifold: ManifoldRecord?
  public var score: ScoreRecord?
  public var density: DensityRecord?
  public var quality: ReferenceQuality?
  /// Where one was given.
  public var secondReference: SecondReferenceRecord?
  /// Where they are not the task's own.
  public var criteria: CriteriaSource?

  public struct Dataset: Sendable, Equatable, Codable {
    public var name: String
    public var split: String
    /// How many were measured.
    public var images: Int
    /// SHA-256 of the images measured and their labels (`ImageSet.digest`).
    public var digest: String
    /// What stands against these being the data that the task is about; nil where nothing does.
    public var remark: String?
  }

  public struct ManifoldRecord: Sendable, Equatable, Codable {
    public var id: String
    public var dimension: Int
    /// Where it is not the task's own: the checkpoint it was read from.
    public var learned: LearnedReference?
    /// Where it is learned and the exact one is known.
    public var quality: ManifoldQuality?
  }

  public struct ScoreRecord: Sendable, Equatable, Codable {
    public var id: String
    /// Noise levels, in pixel units.
    public var noise: [Double]
    /// Where it is not the task's own: the checkpoint it was read from.
    public var learned: LearnedReference?
    /// Where it is learned and the exact one is known.
    public var quality: [ScoreQuality]?
    /// `[C, H, W]` that images and gradients were scaled down to, where it is the score of smaller images than the task's.
    public var scaledTo: [Int]?
    /// Of such a score: whether it is that of the image's own class.
    public var ofTrueClass: Bool?
  }

  public struct SecondReferenceRecord: Sendable, Equatable, Codable {
    public var id: String
    /// In pixel units.
    public var noise: Double
    public var learned: LearnedReference?
    /// Of its own classifier on the images measured.
    public var accuracy: Estimate
  }

  /// Whether everything is the task's own, so that results of the same task and version can be compared.
  public var hasOwnReferences: Bool {
    manifold?.learned == nil && score?.learned == nil && secondReference == nil && criteria == nil
  }
  /// Whether nothing stands against the data being the task's.
  public var hasOwnData: Bool { dataset.remark == nil }

  public struct DensityRecord: Sendable, Equatable, Codable {
    public var id: String
    /// Whether it is the density that the images are drawn from, so that its classifier is Bayes-optimal.
    public var isExact: Bool
  }
}

/// How it was measured.
public struct ProtocolRecord: Sendable, Equatable, Codable {
  public var seed: UInt64
  public var images: Int
  public var stepSizes: [Double]
  /// The target that the regime is decided on.
  public var gradientTarget: GradientTarget
  /// All targets reported.
  public var gradientTargets: [GradientTarget]
  public var clip: Bool
  /// The regime rule's version.
  public var rule: String
  public var wideStep: Double
  public var smallStep: Double
  public var alignmentNoises: [Double]
  public var decisiveNoise: Double
  public var bootstrapResamples: Int
  /// The metrics that were read from files; nil where none was.
  public var metrics: [MetricRecord]?
}

/// A metric with weights, and where they are from.
public struct MetricRecord: Sendable, Equatable, Codable {
  /// As in the alignment entries.
  public var id: String
  public var learned: LearnedReference
}
