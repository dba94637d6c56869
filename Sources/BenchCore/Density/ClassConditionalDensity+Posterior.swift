import Foundation
import Tensor

/// log of the sum of exponentials, without overflow; minus infinity for an empty row or one of minus infinities.
@inlinable package func logSumExp(_ row: some Collection<Double>) -> Double {
  guard let largest = row.max(), largest != -.infinity else { return -.infinity }
  guard largest != .infinity else { return .infinity }
  return largest + log(row.reduce(0) { $0 + exp($1 - largest) })
}

extension ClassConditionalDensity {
  /// Log-posteriors log p(c | x) from log-densities, row by row: log softmax of log p(x | c) + log pi_c.
  ///
  /// Log-densities of images far from the data reach -1e5 and differ by as much, so nothing is exponentiated before the
  /// largest is subtracted. A row in which every class has density 0 answers with the priors.
  /// - Parameter logDensities: N x K, up to a constant per row.
  /// - Returns: N x K; every row's exponentials sum to 1.
  package func logPosteriors(_ logDensities: Matrix) -> Matrix {
    precondition(logDensities.columns == classCount, "log-densities of another number of classes")
    var result = logDensities
    for row in 0..<logDensities.rows {
      let joint = zip(logDensities.row(row), logPriors).map(+)
      let total = logSumExp(joint)
      for index in 0..<classCount {
        result[row, index] = total != -.infinity ? joint[index] - total : logPriors[index]
      }
    }
    return result
  }
}
