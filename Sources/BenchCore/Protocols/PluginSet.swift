/// What can be asked for by name, by kind: whoever looks names up is given one.
///
/// `Plugins` has the one of all that ships; a program with plugins of its own adds them to a copy.
public struct PluginSet: Sendable {
  /// In the order in which files are offered to them.
  public var models: [any ModelPlugin.Type]
  public var tasks: [any TaskPlugin]
  public var manifolds: [any ManifoldPlugin.Type]
  public var scores: [any ScorePlugin.Type]
  /// Second references.
  public var posteriorScores: [any PosteriorScorePlugin.Type]
  public var metrics: [any MetricPlugin.Type]

  public init(
    models: [any ModelPlugin.Type] = [], tasks: [any TaskPlugin] = [], manifolds: [any ManifoldPlugin.Type] = [],
    scores: [any ScorePlugin.Type] = [], posteriorScores: [any PosteriorScorePlugin.Type] = [],
    metrics: [any MetricPlugin.Type] = []
  ) {
    self.models = models
    self.tasks = tasks
    self.manifolds = manifolds
    self.scores = scores
    self.posteriorScores = posteriorScores
    self.metrics = metrics
  }
}
