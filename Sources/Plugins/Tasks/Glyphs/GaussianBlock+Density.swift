import BenchCore
import Foundation
import Tensor

/// The closed forms of a block convolved with isotropic noise: N(m_q, S_q + sigma^2 I) in the subspace, variance
/// s^2 + sigma^2 off it.
extension GaussianBlock {
  /// What one noise level needs of the covariances.
  struct Precisions: Sendable {
    /// P_q = (S_q + sigma^2 I)^-1 below each other: Q d x d, so that one product serves all drawings of an image.
    let stacked: Matrix
    /// P_q m_q, Q d.
    let shift: [Double]
    /// log det (S_q + sigma^2 I).
    let logDeterminants: [Double]
  }

  /// A block's pixels, seen from the Gaussians at some noise.
  struct Evaluation {
    /// log sum over q of w_cq N(h; m_q, S_q + sigma^2 I) without -(d/2) log(2 pi), which all classes share.
    var logDensities: [Double]
    /// Their gradients in the coordinates of the subspace: g_q = -P_q (h - m_q), averaged over what the class may have
    /// drawn with weights p(q | h, c): K d.
    var gradients: [Double]
    /// h, d.
    var coordinates: [Double]
  }

  func precisions(noise: Double) throws -> Precisions {
    try precisions.value(at: noise) {
      let d = dimension
      var stacked: [Double] = []
      stacked.reserveCapacity(drawingCount * d * d)
      var shift: [Double] = []
      var logDeterminants: [Double] = []
      for (index, covariance) in covariances.enumerated() {
        let (inverse, logDeterminant) =
          try (covariance + (noise * noise) * Matrix.identity(d)).symmetricInverse()
        let mean = Matrix(rows: d, columns: 1, scalars: Array(means.row(index)))
        stacked += inverse.scalars
        shift += inverse.times(mean).scalars
        logDeterminants.append(logDeterminant)
      }
      return Precisions(
        stacked: Matrix(rows: drawingCount * d, columns: d, scalars: stacked), shift: shift,
        logDeterminants: logDeterminants)
    }
  }

  /// - Parameter values: the block's pixels; one image, because an image's bits must not depend on others.
  func evaluate(_ values: [Double], noise: Double) throws -> Evaluation {
    let precisions = try precisions(noise: noise)
    let d = dimension
    let coordinates = coordinates(ofPixels: values)
    var drawingGradients = precisions.shift
    BLAS.multiply(
      rows: drawingCount * d, columns: d, alpha: -1, precisions.stacked.scalars, coordinates, beta: 1,
      into: &drawingGradients)
    let drawingLogDensities = (0..<drawingCount).map { index -> Double in
      var quadratic = 0.0
      for axis in 0..<d {
        quadratic += drawingGradients[index * d + axis] * (coordinates[axis] - means[index, axis])
      }
      return 0.5 * quadratic - 0.5 * precisions.logDeterminants[index]
    }
    var logDensities: [Double] = []
    var gradients = [Double](repeating: 0, count: classCount * d)
    for label in 0..<classCount {
      let drawn = (0..<drawingCount).filter { weights[label, $0] > 0 }
      let joint = drawn.map { log(weights[label, $0]) + drawingLogDensities[$0] }
      let total = logSumExp(joint)
      logDensities.append(total)
      for (index, value) in zip(drawn, joint) {
        let responsibility = exp(value - total)
        for axis in 0..<d {
          gradients[label * d + axis] += responsibility * drawingGradients[index * d + axis]
        }
      }
    }
    return Evaluation(logDensities: logDensities, gradients: gradients, coordinates: coordinates)
  }

  /// U' (x - mu0).
  func coordinates(ofPixels values: [Double]) -> [Double] { coordinates(of: zip(values, center).map { $0 - $1 }) }

  /// U' v.
  func coordinates(of vector: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: dimension)
    BLAS.multiply(rows: dimension, columns: pixels, basis.scalars, vector, into: &result)
    return result
  }

  /// U h.
  func vector(ofCoordinates coordinates: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: pixels)
    BLAS.multiply(rows: dimension, columns: pixels, basis.scalars, transposeA: true, coordinates, into: &result)
    return result
  }

  /// The part of x - mu0 off the subspace.
  func offManifoldPart(_ values: [Double], coordinates: [Double]) -> [Double] {
    let seen = vector(ofCoordinates: coordinates)
    return values.indices.map { values[$0] - center[$0] - seen[$0] }
  }

  /// Variance off the subspace, s^2 + sigma^2.
  func offManifoldVariance(noise: Double) -> Double { offManifoldNoise * offManifoldNoise + noise * noise }

  /// log p_sigma of the block in nats, all classes equally likely, no constant omitted.
  func logDensity(_ values: [Double], noise: Double) throws -> Double {
    let evaluation = try evaluate(values, noise: noise)
    let off = offManifoldPart(values, coordinates: evaluation.coordinates)
    let variance = offManifoldVariance(noise: noise)
    return logSumExp(evaluation.logDensities) - log(Double(classCount))
      - 0.5 * Double(dimension) * log(2 * Double.pi)
      - 0.5 * off.reduce(0) { $0 + $1 * $1 } / variance
      - 0.5 * Double(pixels - dimension) * log(2 * Double.pi * variance)
  }

  /// Sum over c of w_c g_c in the coordinates of the subspace.
  /// - Parameter gradients: those of an evaluation.
  func combinedCoordinates(_ gradients: ArraySlice<Double>, weights: some Sequence<Double>) -> [Double] {
    let d = dimension
    var result = [Double](repeating: 0, count: d)
    for (index, weight) in weights.enumerated() where weight != 0 {
      for axis in 0..<d { result[axis] += weight * gradients[gradients.startIndex + index * d + axis] }
    }
    return result
  }
}
