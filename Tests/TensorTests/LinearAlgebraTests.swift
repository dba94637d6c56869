import Foundation
import Tensor
import Testing

@Suite struct LinearAlgebraTests {
  private static func random(_ rows: Int, _ columns: Int, item: Int = 0) -> Matrix {
    Matrix(
      rows: rows, columns: columns,
      scalars: RandomStream(seed: 11, name: "matrix").normals(item: item, count: rows * columns))
  }

  /// A A' + I, positive definite.
  private static func covariance(_ size: Int) -> Matrix {
    let factor = random(size, size)
    return factor.times(factor, transposingOther: true) + Matrix.identity(size)
  }

  private func largestDifference(_ left: Matrix, _ right: Matrix) -> Double {
    guard left.rows == right.rows, left.columns == right.columns else { return .infinity }
    return zip(left.scalars, right.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test func productsOfAllTranspositions() {
    let (a, b) = (Self.random(3, 5), Self.random(5, 4, item: 1))
    var expected = Matrix(rows: 3, columns: 4)
    for i in 0..<3 { for j in 0..<4 { for k in 0..<5 { expected[i, j] += a[i, k] * b[k, j] } } }
    #expect(largestDifference(a.times(b), expected) < 1e-12)
    #expect(largestDifference(a.transposed.times(b, transposingSelf: true), expected) < 1e-12)
    #expect(largestDifference(a.times(b.transposed, transposingOther: true), expected) < 1e-12)
    #expect(
      largestDifference(a.transposed.times(b.transposed, transposingSelf: true, transposingOther: true), expected)
        < 1e-12)
    #expect(Matrix(rows: 0, columns: 5).times(b).rows == 0)
    #expect(Matrix(rows: 2, columns: 0).times(Matrix(rows: 0, columns: 3)) == Matrix(rows: 2, columns: 3))
  }

  @Test(arguments: [0, 1, 2, 7, 40])
  func eigendecomposition(_ size: Int) throws {
    let matrix = Self.covariance(size)
    let (values, vectors) = try matrix.symmetricEigendecomposition()
    #expect(values == values.sorted(by: >))
    var scaled = vectors
    for row in 0..<size { for column in 0..<size { scaled[row, column] *= values[column] } }
    #expect(largestDifference(scaled.times(vectors, transposingOther: true), matrix) < 1e-11 * Double(size + 1))
    #expect(largestDifference(vectors.times(vectors, transposingSelf: true), .identity(size)) < 1e-12)
    for column in 0..<size {
      #expect((vectors.column(column).max { abs($0) < abs($1) } ?? 0) > 0, "sign of eigenvector \(column)")
    }
  }

  @Test func eigendecompositionOfARankDeficientMatrix() throws {
    let factor = Self.random(6, 2)
    let values = try factor.times(factor, transposingOther: true).symmetricEigendecomposition().values
    #expect(values[1] > 0.01)
    #expect(values[2...].allSatisfy { abs($0) < 1e-12 })
  }

  @Test(arguments: [0, 1, 2, 9, 40])
  func choleskyAndInverse(_ size: Int) throws {
    let matrix = Self.covariance(size)
    let factor = try matrix.cholesky()
    #expect(largestDifference(factor.times(factor, transposingOther: true), matrix) < 1e-11 * Double(size + 1))
    for row in 0..<size { for column in row + 1..<max(size, row + 1) { #expect(factor[row, column] == 0) } }
    let (inverse, logDeterminant) = try matrix.symmetricInverse()
    #expect(largestDifference(matrix.times(inverse), .identity(size)) < 1e-11)
    #expect(inverse == inverse.transposed)
    let values = try matrix.symmetricEigendecomposition().values
    let product = values.reduce(1.0, *)
    #expect(abs(exp(logDeterminant) / product - 1) < 1e-9)
  }

  @Test func notPositiveDefinite() {
    let matrix = Matrix(rows: 2, columns: 2, scalars: [1, 2, 2, 1])
    #expect(throws: LinearAlgebraError.self) { try matrix.cholesky() }
    do {
      _ = try matrix.symmetricInverse()
      Issue.record("inverted an indefinite matrix")
    } catch {
      guard case .notPositiveDefinite(2, 2) = error else {
        Issue.record("\(error)")
        return
      }
      #expect("\(error)".contains("2 x 2 covariance is not positive definite (leading minor 2)"))
    }
  }

  @Test(arguments: [(3, 10), (10, 3), (4, 4), (1, 5)])
  func rowBasisSpansTheRows(_ rows: Int, _ columns: Int) throws {
    let matrix = Self.random(rows, columns)
    let basis = try matrix.orthonormalRowBasis()
    #expect(basis.rows == min(rows, columns) && basis.columns == columns)
    #expect(largestDifference(basis.times(basis, transposingOther: true), .identity(basis.rows)) < 1e-12)
    // Projecting onto the basis leaves every row as it is.
    let projected = matrix.times(basis, transposingOther: true).times(basis)
    #expect(largestDifference(projected, matrix) < 1e-11)
  }

  @Test func rankDeficientRowsGiveFewerVectors() throws {
    let factors = Self.random(8, 3)
    let matrix = factors.times(Self.random(3, 20, item: 1))
    let basis = try matrix.orthonormalRowBasis()
    #expect(basis.rows == 3)
    #expect(largestDifference(matrix.times(basis, transposingOther: true).times(basis), matrix) < 1e-10)
    #expect(try Matrix(rows: 4, columns: 6).orthonormalRowBasis().rows == 0)
    #expect(try Matrix(rows: 0, columns: 6).orthonormalRowBasis() == Matrix(rows: 0, columns: 6))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func nonFiniteMatricesAreErrors(_ value: Double) {
    var matrix = Self.covariance(5)
    matrix[2, 3] = value
    matrix[3, 2] = value
    #expect(throws: LinearAlgebraError.self) { try matrix.symmetricEigendecomposition() }
    #expect(throws: LinearAlgebraError.self) { try matrix.cholesky() }
    #expect(throws: LinearAlgebraError.self) { try matrix.symmetricInverse() }
    #expect(throws: LinearAlgebraError.self) { try matrix.orthonormalRowBasis() }
  }
}
