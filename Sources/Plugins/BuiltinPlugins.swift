import BenchCore
import Networks
import Served

/// Everything that ships with the benchmark, by kind. Adding a plugin is one file and one line here.
public enum BuiltinPlugins {
  public static let all = PluginSet(
    models: [
      StateDictPlugin.self,
      ONNXPlugin.self,
      ServedPlugin.self,
    ],
    tasks: [
      CIFAR10.task,
      CIFAR100.task,
      GlyphsPlugin(),
      ImageNet.task,
      ImageNet64.task,
      MNIST.task,
      MNISTPair.task,
      MNISTDistractor.letterA,
      MNISTDistractor.nullBlock,
      MNISTDistractor.nullBlockBelow,
      SpherePlugin(),
      SquarePlugin.large,
      SquarePlugin.small,
    ],
    manifolds: [AutoencoderPlugin.self],
    scores: [DenoiserPlugin.self, EDMPlugin.self, DiffusersPlugin.self, GuidedDiffusionPlugin.self],
    posteriorScores: [
      ConditionalDenoiserPlugin.self,
      DiffusionPosteriorPlugin<EDMPlugin>.self,
      DiffusionPosteriorPlugin<DiffusersPlugin>.self,
      DiffusionPosteriorPlugin<GuidedDiffusionPlugin>.self,
    ],
    metrics: [
      CosinePlugin.self,
      LPIPSAlexPlugin.self,
      LPIPSSqueezePlugin.self,
      LPIPSVGGPlugin.self,
      SSIMPlugin.self,
    ])
}
