import BenchCore
import Tensor

/// One subspace for every image, as where the data are a mixture of Gaussians on a common subspace.
package struct LinearManifold: Manifold {
  package let id: String
  /// `[k, d]`, orthonormal rows.
  package let basis: Tensor
  package var dimension: Int { basis.shape[0] }
  package let fingerprint: String?

  package init(id: String, basis: Tensor) {
    precondition(basis.shape.rank == 2, "a basis is [k, d]")
    self.id = id
    self.basis = basis
    fingerprint = basis.digest
  }

  /// There is nothing to compute.
  package func sharing(_ numbers: SharedArrays) -> any Manifold { self }

  package func tangentBasis(at images: Tensor) throws -> TangentBasis {
    TangentBasis(bases: [basis], assignment: [Int](repeating: 0, count: images.batch))
  }
}
