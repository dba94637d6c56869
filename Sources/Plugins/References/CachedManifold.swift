import BenchCore
import Tensor

/// A learned manifold that keeps its tangent spaces.
public struct CachedManifold: Manifold {
  private let base: any Manifold
  private let cache: ReferenceCache

  public init(_ base: any Manifold, in cache: ReferenceCache) {
    self.base = base
    self.cache = cache
  }

  public var id: String { base.id }
  public var dimension: Int { base.dimension }
  public var learned: LearnedReference? { base.learned }

  public func tangentBasis(at images: Tensor) throws -> TangentBasis {
    let tensors = try cache.tensors("tangent", images: images) {
      let basis = try base.tangentBasis(at: images)
      let assignment = Tensor(shape: [images.batch], scalars: basis.assignment.map(Float.init))
      return basis.bases + [assignment]
    }
    guard let assignment = tensors.last, assignment.scalars.count == images.batch else {
      return try base.tangentBasis(at: images)
    }
    return TangentBasis(bases: tensors.dropLast(), assignment: assignment.scalars.map { Int($0) })
  }
}
