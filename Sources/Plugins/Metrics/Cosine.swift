import BenchCore
import Tensor

/// Cosine similarity over all pixels, in [-1, 1]: the metric that regimes are decided on. Undefined where either is zero.
public struct Cosine: AlignmentMetric {
  public static let id = "cosine"

  public init() {}

  public func compare(_ gradients: Tensor, _ references: Tensor) -> [Double] {
    cosineSimilarities(gradients, references)
  }
}
