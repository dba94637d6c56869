import BenchCore
import Tensor

/// A learned score that keeps its values.
public struct CachedScore: Score {
  private let base: any Score
  private let cache: ReferenceCache

  public init(_ base: any Score, in cache: ReferenceCache) {
    self.base = base
    self.cache = cache
  }

  public var id: String { base.id }
  public var learned: LearnedReference? { base.learned }

  public func score(at images: Tensor, noise: Double) throws -> Tensor {
    let tensors = try cache.tensors("score", noise: noise, images: images) {
      [try base.score(at: images, noise: noise)]
    }
    guard tensors.count == 1, tensors[0].shape == images.shape else { return try base.score(at: images, noise: noise) }
    return tensors[0]
  }
}
