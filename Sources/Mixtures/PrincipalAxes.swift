import Tensor

/// The closed-form maximum-likelihood probabilistic principal component analysis (Tipping and Bishop 1999, section 3.2).
struct PrincipalAxes {
  /// k x d, orthonormal rows in descending order of variance.
  let axes: Matrix
  let variances: [Double]
  let noiseVariance: Double

  /// Of the covariance (rows' rows + isotropic I) / count.
  ///
  /// - Parameters:
  ///   - rows: n x d, centred.
  ///   - isotropic: what is added to every direction of the scatter.
  ///   - count: weight that the scatter is divided by.
  ///   - factors: how many directions to keep; fewer are kept where the rows span less.
  ///   - floor: smallest variance.
  init(rows: Matrix, isotropic: Double = 0, count: Double, factors: Int, floor: Double) throws {
    let d = rows.columns
    let squares = rows.scalars.reduce(0) { $0 + $1 * $1 }
    // Rows' rows and rows rows' have the same non-zero eigenvalues: take the smaller.
    let useGram = rows.rows < d
    let scatter = rows.times(rows, transposingSelf: !useGram, transposingOther: useGram)
    let (values, vectors) = try scatter.symmetricEigendecomposition()
    // Directions at the level of rounding are not directions.
    let usable = values.prefix { $0 > 1e-10 * max(values.first ?? 0, .leastNormalMagnitude) }.count
    let kept = max(0, min(factors, usable, d - 1))
    let selected = vectors.prefixColumns(kept)
    if useGram {
      var unscaled = selected.times(rows, transposingSelf: true)
      for row in 0..<kept {
        let scale = 1 / values[row].squareRoot()
        for column in 0..<d { unscaled[row, column] *= scale }
      }
      axes = unscaled
    } else {
      axes = selected.transposed
    }
    let rawVariances = values.prefix(kept).map { ($0 + isotropic) / count }
    let total = (squares + Double(d) * isotropic) / count
    let off = max(floor, (total - rawVariances.reduce(0, +)) / Double(d - kept))
    noiseVariance = off
    variances = rawVariances.map { max($0, off) }
  }
}
