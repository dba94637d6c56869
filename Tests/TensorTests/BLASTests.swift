import Tensor
import Testing

@Suite struct BLASTests {
  private func normals(_ count: Int, _ name: String) -> [Float] {
    RandomStream(seed: 13, name: name).normals(item: 0, count: count).map { Float($0) }
  }

  /// c = 2 op(a) op(b) - c, into rows of a wider matrix.
  @Test(arguments: [false, true], [false, true])
  func singlePrecisionProducts(_ transposeA: Bool, _ transposeB: Bool) {
    let (m, n, k, stride) = (3, 5, 4, 7)
    let (a, b, c) = (normals(m * k, "a"), normals(k * n, "b"), normals(m * stride, "c"))
    var result = c
    BLAS.multiply(
      m: m, n: n, k: k, alpha: 2, a, transposeA: transposeA, b, transposeB: transposeB, beta: -1, into: &result,
      rowStride: stride)
    for row in 0..<m {
      for column in 0..<stride {
        var expected = c[row * stride + column]
        if column < n {
          expected = -expected
          for index in 0..<k {
            expected +=
              2 * a[transposeA ? index * m + row : row * k + index]
              * b[transposeB ? column * k + index : index * n + column]
          }
        }
        let error = abs(result[row * stride + column] - expected)
        #expect(error < 1e-5)
      }
    }
  }

  @Test(arguments: [false, true])
  func matrixTimesVector(_ transposed: Bool) {
    let (rows, columns) = (4, 6)
    let (a, x) = (normals(rows * columns, "a"), normals(6, "x"))
    let count = transposed ? columns : rows
    var single = [Float](repeating: 1, count: count)
    BLAS.multiply(rows: rows, columns: columns, a, transposeA: transposed, x, beta: 3, into: &single)
    var double = [Double](repeating: 1, count: count)
    BLAS.multiply(
      rows: rows, columns: columns, a.map(Double.init), transposeA: transposed, x.map(Double.init), beta: 3,
      into: &double)
    for index in 0..<count {
      var expected = 3.0
      for inner in 0..<(transposed ? rows : columns) {
        expected += Double(a[transposed ? inner * columns + index : index * columns + inner]) * Double(x[inner])
      }
      #expect(abs(double[index] - expected) < 1e-12)
      #expect(abs(Double(single[index]) - expected) < 1e-5)
    }
  }
}
