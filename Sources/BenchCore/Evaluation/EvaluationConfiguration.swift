/// What an evaluation measures. `threads` and `shared` concern speed; no number of a result depends on them.
///
/// (The batch size of the network's passes belongs to the classifier: see `LoadOptions`.)
public struct EvaluationConfiguration: Sendable {
  /// How many images; nil for the task's default.
  public var images: Int?
  public var seed: UInt64
  /// Threads of the reference classifier; the evaluated one has its own.
  public var threads: Int
  /// Whether images are clipped to [0, 1] after a sensitivity step. The paper does not.
  public var clip: Bool
  /// The gradients compared with scores and references. The one that decides is always among them.
  public var targets: [GradientTarget]
  /// How they are compared. `"cosine"` must be among them: the regime is decided on it.
  public var metrics: [any AlignmentMetric]
  /// Perturbations per image of definition 1 of the relative robustness.
  public var robustnessDraws: Int
  public var resamples: Int
  /// Recorded in the provenance.
  public var toolVersion: String
  /// Where what several models need of the task is found and kept. No number of a result depends on it.
  public var shared: SharedArrays

  /// The target that regimes are decided on.
  public static let decisiveTarget = GradientTarget.logOddsPredicted
  /// The metric that regimes are decided on.
  public static let decisiveMetric = "cosine"
  public static let defaultRobustnessDraws = 1
  public static let defaultResamples = Bootstrap.defaultResamples

  public init(
    images: Int? = nil, seed: UInt64 = 0, threads: Int = 1, clip: Bool = false,
    targets: [GradientTarget] = GradientTarget.allCases, metrics: [any AlignmentMetric],
    robustnessDraws: Int = defaultRobustnessDraws, resamples: Int = defaultResamples, toolVersion: String,
    shared: SharedArrays = SharedArrays()
  ) {
    self.images = images
    self.seed = seed
    self.threads = threads
    self.clip = clip
    self.targets = targets
    self.metrics = metrics
    self.robustnessDraws = robustnessDraws
    self.resamples = resamples
    self.toolVersion = toolVersion
    self.shared = shared
  }

  /// All of `GradientTarget`'s cases that were asked for, in their own order and once each, with the decisive one.
  var reportedTargets: [GradientTarget] {
    GradientTarget.allCases.filter { targets.contains($0) || $0 == Self.decisiveTarget }
  }

  /// - Throws: `EvaluationError.invalidConfiguration`.
  func validate() throws(EvaluationError) {
    func require(_ condition: Bool, _ option: String, _ expected: String, _ got: Any) throws(EvaluationError) {
      if !condition { throw .invalidConfiguration(option: option, expected: expected, got: "\(got)") }
    }
    if let images { try require(images > 0, "--images", "a positive number", images) }
    try require(
      seed <= UInt64(Int64.max), "--seed", "at most \(Int64.max), the largest integer a result can hold", seed)
    try require(threads > 0, "--threads", "a positive number", threads)
    try require(robustnessDraws > 0, "--robustness-draws", "a positive number", robustnessDraws)
    try require(resamples > 0, "bootstrap resamples", "a positive number", resamples)
    let identifiers = metrics.map(\.id)
    try require(Set(identifiers).count == identifiers.count, "metrics", "each once", identifiers)
    try require(
      identifiers.contains(Self.decisiveMetric), "metrics", "\(Self.decisiveMetric) among them", identifiers)
  }
}
