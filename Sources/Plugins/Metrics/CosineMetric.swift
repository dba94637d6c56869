import BenchCore
import Tensor

/// Cosine similarity over all pixels, in [-1, 1]: the metric that regimes are decided on. Undefined where either is zero.
public struct Cosine: AlignmentMetric {
  public let id = CosinePlugin.id

  public init() {}

  public func compare(_ gradients: Tensor, _ references: Tensor) -> [Double] {
    cosineSimilarities(gradients, references)
  }
}

/// `--metric cosine`, which is always measured.
package enum CosinePlugin: MetricPlugin {
  package static let id = "cosine"
  package static let summary = "cosine similarity over all pixels; always measured, because regimes are decided on it"
  package static let files: [ReferenceFileRole] = []

  package static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any AlignmentMetric {
    try check(count: files.count)
    return Cosine()
  }
}
