/// A double-precision matrix in row-major order, for densities and linear algebra (networks use `Tensor`).
public struct Matrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  public var scalars: [Double]

  /// - Precondition: `scalars.count == rows * columns`.
  public init(rows: Int, columns: Int, scalars: [Double]) {
    precondition(scalars.count == rows * columns, "\(scalars.count) scalars do not fill \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.scalars = scalars
  }

  public init(rows: Int, columns: Int, repeating value: Double = 0) {
    self.init(rows: rows, columns: columns, scalars: [Double](repeating: value, count: rows * columns))
  }

  public static func identity(_ size: Int) -> Matrix {
    var result = Matrix(rows: size, columns: size)
    for index in 0..<size { result[index, index] = 1 }
    return result
  }

  @inlinable
  public subscript(row: Int, column: Int) -> Double {
    get { scalars[row * columns + column] }
    set { scalars[row * columns + column] = newValue }
  }

  public func row(_ index: Int) -> ArraySlice<Double> { scalars[index * columns..<(index + 1) * columns] }

  public func column(_ index: Int) -> [Double] { (0..<rows).map { self[$0, index] } }

  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }

  /// The first `count` columns.
  public func prefixColumns(_ count: Int) -> Matrix {
    Matrix(
      rows: rows, columns: count,
      scalars: (0..<rows).flatMap { scalars[$0 * columns..<$0 * columns + count] })
  }

  /// `op(self) op(other)`.
  public func times(_ other: Matrix, transposingSelf: Bool = false, transposingOther: Bool = false) -> Matrix {
    let m = transposingSelf ? columns : rows
    let k = transposingSelf ? rows : columns
    let n = transposingOther ? other.rows : other.columns
    precondition(k == (transposingOther ? other.columns : other.rows), "inner extents differ")
    var result = Matrix(rows: m, columns: n)
    guard m > 0, n > 0, k > 0 else { return result }
    result.scalars.withUnsafeMutableBufferPointer { output in
      BLAS.multiply(
        m: m, n: n, k: k, scalars, transposeA: transposingSelf, other.scalars, transposeB: transposingOther,
        into: output.baseAddress!)
    }
    return result
  }

  public static func + (left: Matrix, right: Matrix) -> Matrix { left.zipped(with: right, +) }
  public static func - (left: Matrix, right: Matrix) -> Matrix { left.zipped(with: right, -) }
  public static func * (factor: Double, matrix: Matrix) -> Matrix {
    Matrix(rows: matrix.rows, columns: matrix.columns, scalars: matrix.scalars.map { factor * $0 })
  }

  private func zipped(with other: Matrix, _ combine: (Double, Double) -> Double) -> Matrix {
    precondition(rows == other.rows && columns == other.columns, "extents differ")
    return Matrix(rows: rows, columns: columns, scalars: zip(scalars, other.scalars).map(combine))
  }
}
