import Tensor

/// Where the data lie, locally: an orthonormal basis of the tangent space at an image.
public protocol Manifold: Sendable {
  /// Name in results, such as `"glyphs-exact"`.
  var id: String { get }
  /// Dimension of the tangent spaces (the largest, where they differ).
  var dimension: Int { get }
  /// - Parameter images: `[N, C, H, W]`.
  func tangentBasis(at images: Tensor) throws -> TangentBasis
  /// The checkpoint it was read from; nil (the default) where it belongs to the task.
  var learned: LearnedReference? { get }
  /// Changes with everything that decides the tangent spaces beside the images, such as a digest of a checkpoint; nil (the
  /// default) where nothing may be kept from one run to the next.
  var fingerprint: String? { get }
  /// The same manifold, which takes from `numbers` what is known there and leaves there what others may use. The default
  /// keeps whole tangent spaces, where there is a fingerprint.
  func sharing(_ numbers: SharedArrays) -> any Manifold
}

extension Manifold {
  public var learned: LearnedReference? { nil }
  public var fingerprint: String? { nil }
  public func sharing(_ numbers: SharedArrays) -> any Manifold {
    fingerprint.map { KeptManifold(base: self, owner: $0, shared: numbers) } ?? self
  }
}

/// Tangent spaces of N images. Images may share a basis, as those of one mixture component do.
public struct TangentBasis: Sendable {
  /// Each `[k, d]` with orthonormal rows, d = C * H * W; k may differ and may be 0.
  public let bases: [Tensor]
  /// For each image its index into `bases`.
  public let assignment: [Int]

  public init(bases: [Tensor], assignment: [Int]) {
    precondition(bases.allSatisfy { $0.shape.rank == 2 } && assignment.allSatisfy(bases.indices.contains))
    self.bases = bases
    self.assignment = assignment
  }

  public func dimension(ofImage index: Int) -> Int { bases[assignment[index]].shape[0] }

  /// The tangent part T T' u of each vector.
  /// - Parameter vectors: `[N, ...]`, one vector of d scalars per image.
  /// - Returns: the same shape. Each image is projected by itself, so the others in the call do not matter.
  public func projection(of vectors: Tensor) -> Tensor {
    precondition(vectors.batch == assignment.count, "one vector per image")
    let d = vectors.stride
    return Tensor(shape: vectors.shape) { output in
      vectors.scalars.withUnsafeBufferPointer { input in
        guard let source = input.baseAddress, let target = output.baseAddress else { return }
        for (image, base) in assignment.enumerated() {
          let basis = bases[base]
          let k = basis.shape[0]
          precondition(basis.shape[1] == d, "a tangent basis of another image size")
          guard k > 0 else {
            (target + image * d).update(repeating: 0, count: d)
            continue
          }
          var coordinates = [Float](repeating: 0, count: k)
          basis.scalars.withUnsafeBufferPointer { rows in
            BLAS.multiply(rows: k, columns: d, rows.baseAddress!, source + image * d, into: &coordinates)
            BLAS.multiply(
              rows: k, columns: d, rows.baseAddress!, transposeA: true, coordinates, into: target + image * d)
          }
        }
      }
    }
  }
}
