import BenchCore
import Tensor

/// One subspace for every image, as where the data are a mixture of Gaussians on a common subspace.
public struct LinearManifold: Manifold {
  public let id: String
  /// `[k, d]`, orthonormal rows.
  public let basis: Tensor
  public var dimension: Int { basis.shape[0] }
  public let fingerprint: String?

  public init(id: String, basis: Tensor) {
    precondition(basis.shape.rank == 2, "a basis is [k, d]")
    self.id = id
    self.basis = basis
    fingerprint = basis.digest
  }

  /// There is nothing to compute.
  public func sharing(_ numbers: SharedArrays) -> any Manifold { self }

  public func tangentBasis(at images: Tensor) throws -> TangentBasis {
    TangentBasis(bases: [basis], assignment: [Int](repeating: 0, count: images.batch))
  }
}
