import COpenBLAS

#if canImport(Glibc)
  import Glibc
#endif

/// A LAPACK routine that did not succeed.
public enum LinearAlgebraError: Error, Sendable, CustomStringConvertible {
  case notPositiveDefinite(size: Int, leadingMinor: Int)
  case noConvergence(routine: String, size: Int)
  case notFinite(routine: String)
  case tooLarge(routine: String, size: Int)
  case invalidArgument(routine: String, position: Int)

  public var description: String {
    switch self {
    case .notPositiveDefinite(let size, let minor):
      "a \(size) x \(size) covariance is not positive definite (leading minor \(minor)); add noise to its diagonal"
    case .noConvergence(let routine, let size):
      "\(routine) did not converge on a \(size) x \(size) matrix"
    case .notFinite(let routine):
      "\(routine) was given NaN or infinity"
    case .tooLarge(let routine, let size):
      "\(routine): a matrix of \(size) needs more numbers than LAPACK counts"
    case .invalidArgument(let routine, let position):
      "\(routine) refused its argument \(position)"
    }
  }
}

/// Factorisations over LAPACK.
///
/// LAPACK is column-major: a row-major matrix reads there as its transpose, which is the same for the symmetric ones.
extension Matrix {
  /// Eigenvalues in descending order and the eigenvectors as columns, of a symmetric matrix (`dsyevd`).
  ///
  /// Signs are fixed so that each vector's largest component (the first of equals) is positive; within an eigenspace of
  /// dimension above one the basis is still LAPACK's choice, so use only functions of the spanned subspace.
  public func symmetricEigendecomposition() throws(LinearAlgebraError) -> (values: [Double], vectors: Matrix) {
    precondition(rows == columns, "not square")
    guard rows > 0 else { return ([], self) }
    try requireFinite("dsyevd")
    var vectors = scalars
    var values = [Double](repeating: 0, count: rows)
    var size = try Self.count(rows, "dsyevd")
    var info: Int32 = 0
    var workSize = 0.0
    var integerWorkSize: Int32 = 0
    var query: Int32 = -1
    dsyevd_("V", "U", &size, &vectors, &size, &values, &workSize, &query, &integerWorkSize, &query, &info, 1, 1)
    var workCount = try Self.count(workSize, "dsyevd")
    var integerWorkCount = integerWorkSize
    var work = [Double](repeating: 0, count: Int(workCount))
    var integerWork = [Int32](repeating: 0, count: Int(integerWorkCount))
    BLASBuffers.withBuffer {
      dsyevd_(
        "V", "U", &size, &vectors, &size, &values, &work, &workCount, &integerWork, &integerWorkCount, &info, 1, 1)
    }
    guard info == 0 else {
      throw info > 0
        ? .noConvergence(routine: "dsyevd", size: rows) : .invalidArgument(routine: "dsyevd", position: Int(-info))
    }
    // Row i of the row-major view is eigenvector i, ascending.
    var sorted = Matrix(rows: rows, columns: rows)
    for index in 0..<rows {
      let vector = vectors[(rows - 1 - index) * rows..<(rows - index) * rows]
      let largest = vector.reduce(0.0) { abs($1) > abs($0) * (1 + 1e-9) ? $1 : $0 }
      for (row, value) in vector.enumerated() { sorted[row, index] = largest < 0 ? -value : value }
    }
    return (values.reversed(), sorted)
  }

  /// The lower-triangular L with L L' = self, of a symmetric positive definite matrix (`dpotrf`).
  public func cholesky() throws(LinearAlgebraError) -> Matrix {
    precondition(rows == columns, "not square")
    guard rows > 0 else { return self }
    try requireFinite("dpotrf")
    var factor = self
    var size = try Self.count(rows, "dpotrf")
    var info: Int32 = 0
    // "U" in LAPACK's column-major view is the lower triangle in ours.
    BLASBuffers.withBuffer { dpotrf_("U", &size, &factor.scalars, &size, &info, 1) }
    guard info == 0 else {
      throw info > 0
        ? .notPositiveDefinite(size: rows, leadingMinor: Int(info))
        : .invalidArgument(routine: "dpotrf", position: Int(-info))
    }
    for row in 0..<rows {
      for column in row + 1..<max(rows, row + 1) { factor[row, column] = 0 }
    }
    return factor
  }

  /// The inverse and the log-determinant of a symmetric positive definite matrix (`dpotrf`, `dpotri`).
  public func symmetricInverse() throws(LinearAlgebraError) -> (inverse: Matrix, logDeterminant: Double) {
    var inverse = try cholesky()
    guard rows > 0 else { return (self, 0) }
    var logDeterminant = 0.0
    for index in 0..<rows { logDeterminant += 2 * log(inverse[index, index]) }
    var size = try Self.count(rows, "dpotri")
    var info: Int32 = 0
    BLASBuffers.withBuffer { dpotri_("U", &size, &inverse.scalars, &size, &info, 1) }
    guard info == 0 else { throw .notPositiveDefinite(size: rows, leadingMinor: Int(info)) }
    for row in 0..<rows {
      for column in row + 1..<max(rows, row + 1) { inverse[row, column] = inverse[column, row] }
    }
    return (inverse, logDeterminant)
  }

  /// An orthonormal basis of the span of the rows, one vector a row, by QR with column pivoting (`dgeqp3`).
  ///
  /// Directions whose pivot falls below `relativeTolerance` times the first are dropped: a rank-deficient set of tangent
  /// vectors is legal and gives fewer rows.
  public func orthonormalRowBasis(relativeTolerance: Double = 1e-6) throws(LinearAlgebraError) -> Matrix {
    guard rows > 0, columns > 0 else { return Matrix(rows: 0, columns: columns) }
    try requireFinite("dgeqp3")
    // Our rows are LAPACK's columns, of length `columns`.
    var factor = scalars
    var length = try Self.count(columns, "dgeqp3")
    var count = try Self.count(rows, "dgeqp3")
    var pivots = [Int32](repeating: 0, count: rows)
    let reflectors = min(rows, columns)
    var tau = [Double](repeating: 0, count: reflectors)
    var info: Int32 = 0
    var workSize = 0.0
    var query: Int32 = -1
    dgeqp3_(&length, &count, &factor, &length, &pivots, &tau, &workSize, &query, &info)
    var workCount = max(1, try Self.count(workSize, "dgeqp3"))
    var work = [Double](repeating: 0, count: Int(workCount))
    BLASBuffers.withBuffer { dgeqp3_(&length, &count, &factor, &length, &pivots, &tau, &work, &workCount, &info) }
    guard info == 0 else { throw .invalidArgument(routine: "dgeqp3", position: Int(-info)) }
    let first = abs(factor[0])
    var rank = 0
    while rank < reflectors, abs(factor[rank * columns + rank]) > relativeTolerance * first { rank += 1 }
    guard rank > 0 else { return Matrix(rows: 0, columns: columns) }
    var kept = Int32(rank)
    dorgqr_(&length, &kept, &kept, &factor, &length, &tau, &workSize, &query, &info)
    workCount = max(1, try Self.count(workSize, "dorgqr"))
    work = [Double](repeating: 0, count: Int(workCount))
    BLASBuffers.withBuffer { dorgqr_(&length, &kept, &kept, &factor, &length, &tau, &work, &workCount, &info) }
    guard info == 0 else { throw .invalidArgument(routine: "dorgqr", position: Int(-info)) }
    return Matrix(rows: rank, columns: columns, scalars: Array(factor[..<(rank * columns)]))
  }

  /// LAPACK counts with 32 bits.
  private static func count(_ number: Int, _ routine: String) throws(LinearAlgebraError) -> Int32 {
    guard let count = Int32(exactly: number) else { throw .tooLarge(routine: routine, size: number) }
    return count
  }

  /// The size of work memory, which it gives as a real number.
  private static func count(_ number: Double, _ routine: String) throws(LinearAlgebraError) -> Int32 {
    // It is negative where the routine's own count has overflowed.
    guard let count = Int32(exactly: number.rounded(.up)), count >= 0 else {
      throw .tooLarge(routine: routine, size: Int(exactly: number.rounded(.up)) ?? .max)
    }
    return count
  }

  /// LAPACK gives NaN, a wrong rank or an endless loop for what is not finite.
  private func requireFinite(_ routine: String) throws(LinearAlgebraError) {
    guard scalars.allSatisfy(\.isFinite) else { throw .notFinite(routine: routine) }
  }
}
