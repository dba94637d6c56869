import Foundation
import Tensor

extension GaussianBlock {
  /// What a class draws for a uniform number in (0, 1): q with probability w_cq.
  func drawing(ofClass label: Int, uniform: Double) -> Int {
    var below = 0.0
    for index in 0..<drawingCount where weights[label, index] > 0 {
      below += weights[label, index]
      if uniform < below { return index }
    }
    return label
  }

  /// A draw of drawing `index` from standard normals z, one for each pixel:
  ///
  ///     x = mu0 + U (m_q + S_q^(1/2) U' z) + s (z - U U' z)
  ///
  /// With the *symmetric* root, U S_q^(1/2) U' is the same for every basis of the subspace, so z determines the image. What
  /// still differs between BLAS libraries is the last bits of a double; rounding each pixel to a multiple of 2^-16 (exact
  /// in float32, and a thousandth of s) removes them, so that the digest of the images is the same everywhere.
  func draw(_ index: Int, normals z: [Double]) -> [Double] {
    let d = dimension
    let seen = coordinates(of: z)
    var shaped = Array(means.row(index))
    BLAS.multiply(rows: d, columns: d, roots[index].scalars, seen, beta: 1, into: &shaped)
    // s U' z is taken off here, s z is added below.
    for axis in 0..<d { shaped[axis] -= offManifoldNoise * seen[axis] }
    let onManifold = vector(ofCoordinates: shaped)
    return (0..<pixels).map { pixel in
      let value = center[pixel] + onManifold[pixel] + offManifoldNoise * z[pixel]
      return (value * 0x1p16).rounded() * 0x1p-16
    }
  }
}
