import BenchCore
import Networks
import Served

/// Everything that ships with the benchmark, by kind. Adding a plugin is one file and one line here.
public enum BuiltinPlugins {
  public static let models: [any ModelPlugin.Type] = [
    StateDictPlugin.self,
    ONNXPlugin.self,
    ExternalPlugin.self,
  ]

  public static let tasks: [any TaskPlugin.Type] = [
    CIFAR10Task.self,
    GlyphsPlugin.self,
    MNISTTask.self,
  ]

  public static let manifolds: [any ManifoldPlugin.Type] = [AutoencoderPlugin.self]

  public static let scores: [any ScorePlugin.Type] = [DenoiserPlugin.self]

  public static let posteriorScores: [any PosteriorScorePlugin.Type] = [ConditionalDenoiserPlugin.self]

  public static let metrics: [any AlignmentMetric] = [Cosine()]
}
