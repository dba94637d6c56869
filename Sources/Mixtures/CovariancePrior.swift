import Foundation
import Tensor

/// A prior of a component's covariance C: inverse Wishart, worth `images` observations whose covariance is the
/// within-cluster covariance S0 pooled over all clusters of all classes.
///
/// Up to a constant log p(C) = -images / 2 (log |C| + tr(C^-1 S0)): the log-likelihood of that many pseudo-images with
/// covariance S0. EM stays closed-form (S0 joins the weighted covariance) and stays monotone, in the posterior density.
/// Without it a component fitted to a few hundred images of 3072 pixels overestimates the variance along its loadings
/// and underestimates it elsewhere: on held-out CIFAR-10 images it gains about
/// 240 nats.
struct CovariancePrior: Sendable {
  let images: Double
  /// k0 x d, orthonormal rows.
  let axes: Matrix
  let variances: [Double]
  let noiseVariance: Double

  var trace: Double { variances.reduce(0, +) + Double(axes.columns - axes.rows) * noiseVariance }

  /// S0 times each row of `vectors` (m x d).
  func covariance(timesRows vectors: Matrix) -> Matrix {
    var coordinates = vectors.times(axes, transposingOther: true)
    for row in 0..<coordinates.rows {
      for column in 0..<coordinates.columns { coordinates[row, column] *= variances[column] - noiseVariance }
    }
    return coordinates.times(axes) + noiseVariance * vectors
  }

  /// log p(C) of a component, up to a constant.
  func logDensity(of component: MixtureComponent) -> Double {
    let loadings = component.loadingsMatrix
    let product = covariance(timesRows: loadings)
    var exponent = trace / component.noiseVariance
    var logDeterminant = Double(component.dimension - component.factors) * log(component.noiseVariance)
    for row in 0..<component.factors {
      let variance = component.variances[row]
      let along = zip(loadings.row(row), product.row(row)).reduce(0) { $0 + $1.0 * $1.1 }
      exponent += along * (1 / variance - 1 / component.noiseVariance)
      logDeterminant += log(variance)
    }
    return -0.5 * images * (logDeterminant + exponent)
  }
}

extension MixtureComponent {
  /// k x d, in double precision.
  var loadingsMatrix: Matrix {
    Matrix(rows: factors, columns: dimension, scalars: loadings.scalars.map(Double.init))
  }
}
