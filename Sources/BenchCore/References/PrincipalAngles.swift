import Foundation
import Tensor

/// The angles between two subspaces, in degrees in [0, 90], ascending: as many as the smaller one has dimensions.
///
/// With orthonormal rows A and B their cosines are the singular values of B A' (Björck and Golub, "Numerical methods for
/// computing angles between linear subspaces", 1973). The cosine of a small angle loses it to rounding, so angles below
/// 45 degrees are taken from their sines, the singular values of what of the smaller space lies outside the larger one.
/// Bases stored in float32 limit both to about 1e-5 degrees.
package func principalAngles(_ first: Matrix, _ second: Matrix) throws(LinearAlgebraError) -> [Double] {
  precondition(
    first.columns == second.columns, "subspaces of spaces of \(first.columns) and \(second.columns) dimensions")
  let (small, large) = first.rows <= second.rows ? (first, second) : (second, first)
  guard small.rows > 0 else { return [] }
  let products = small.times(large, transposingOther: true)
  let outside = small - products.times(large)
  let cosines = try products.singularValues()
  // Ascending, as the angles are.
  let sines = try outside.singularValues().reversed()
  return zip(cosines, sines).map { cosine, sine in
    let radians = cosine * cosine > 0.5 ? asin(min(1, sine)) : acos(min(1, cosine))
    return radians * 180 / .pi
  }
}

extension Matrix {
  /// Singular values in descending order, one for each row, by the eigenvalues of the Gram matrix of the rows. Good to
  /// 1e-8 of the largest: what is smaller than that comes out as noise of this size.
  func singularValues() throws(LinearAlgebraError) -> [Double] {
    try times(self, transposingOther: true).symmetricEigendecomposition().values.map { max(0, $0).squareRoot() }
  }
}
