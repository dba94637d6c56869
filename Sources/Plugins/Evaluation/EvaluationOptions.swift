import BenchCore

/// Everything that can be chosen of an evaluation but the model and the task.
public struct EvaluationOptions: Sendable {
  /// How many images, at least 2; nil for the task's own number.
  public var images: Int?
  /// Of everything that is random; at most `Int64.max`.
  public var seed: UInt64 = 0
  /// Whether images are clipped to [0, 1] after a step. The paper does not.
  public var clip = false
  /// Perturbations per image of definition 1 of the relative robustness.
  public var robustnessDraws = EvaluationConfiguration.defaultRobustnessDraws
  /// Attacks on the model by their names, each once (docs/attacks.md); none by default. What they find is the result's `robustness`,
  /// which no rule uses. Each costs hundreds of passes for an image.
  public var attacks: [String] = []
  /// How many images are attacked, the first of those measured: 2 to all; nil for 200, or all where there are fewer.
  public var attackedImages: Int?
  /// How the way to the closest other class is found, with which gradients are compared (docs/direction.md); nil (the default) not to. What
  /// comes of it is the result's `direction`, which no rule uses.
  public var direction: DirectionSettings?
  /// How gradients are compared; `"cosine"` is among them.
  public var metrics: [any AlignmentMetric] = [Cosine()]
  /// Among which references are looked up by their ids.
  public var plugins = BuiltinPlugins.all
  /// In place of the task's own.
  public var references = ReferenceFiles()
  /// A checkpoint or a description of the same network trained without a robustness objective; nil for the one that the model's
  /// description names, or else the standards that the task knows.
  public var standard: String?
  /// Whether the model that a description names may be one that is on one's own leaderboard alone, where nobody else can check it.
  public var acceptsOwnStandards = true
  /// How the model is read, and its threads, which references use too. Image size and classes are those of the task.
  public var loading = LoadOptions()
  /// Where what several models need of the task is found and kept. No number depends on it.
  public var shared = SharedArrays()
  /// Recorded in results.
  public var toolVersion: String

  public init(toolVersion: String) { self.toolVersion = toolVersion }
}
