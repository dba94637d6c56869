import Tensor
import Testing
import _TestSupport

@testable import Graph

/// Products with one right matrix, in panels, and with one for each left matrix.
@Suite(.everyBackend) struct MatrixProductTests {
  private struct Case: Sendable, CustomTestStringConvertible {
    let leading: [Int], rows: Int, inner: Int, columns: Int
    var isShared = true

    var testDescription: String { "\(leading) \(rows)x\(inner)x\(columns)\(isShared ? "" : ", one each")" }
  }

  private func random(_ name: String, _ shape: Shape) -> Tensor {
    Tensor(
      shape: shape, scalars: RandomStream(seed: 5, name: name).normals(item: 0, count: shape.count).map { Float($0) })
  }

  /// Against sums in double precision, and the same bits on any number of threads and of rows.
  @Test(arguments: [
    Case(leading: [], rows: 13, inner: 300, columns: 33), Case(leading: [], rows: 6, inner: 129, columns: 16),
    Case(leading: [2], rows: 7, inner: 40, columns: 33), Case(leading: [3, 2], rows: 5, inner: 3, columns: 16),
    Case(leading: [2], rows: 49, inner: 384, columns: 20), Case(leading: [1], rows: 1, inner: 1, columns: 1),
    Case(leading: [2], rows: 3, inner: 23000, columns: 17), Case(leading: [0], rows: 3, inner: 4, columns: 5),
    Case(leading: [2, 3], rows: 9, inner: 16, columns: 11, isShared: false),
  ])
  private func agreesWithDoubleSums(_ test: Case) throws {
    let (m, k, n) = (test.rows, test.inner, test.columns)
    let matrices = test.leading.reduce(1, *)
    let left = random("left", Shape(test.leading + [m, k]))
    let right = random("right", Shape((test.isShared ? [] : test.leading) + [k, n]))
    var expected: [Double] = []
    var scales: [Double] = []
    for row in 0..<matrices * m {
      let matrix = test.isShared ? 0 : row / m * k * n
      for column in 0..<n {
        var (sum, scale) = (0.0, 0.0)
        for index in 0..<k {
          let product = Double(left.scalars[row * k + index]) * Double(right.scalars[matrix + index * n + column])
          sum += product
          scale += product * product
        }
        expected.append(sum)
        scales.append(scale.squareRoot())
      }
    }
    func product(_ left: Tensor, threads: Int, isConstant: Bool) throws -> Tensor {
      var graph = Graph()
      let b = isConstant ? graph.constant(right) : graph.input("b", right.shape)
      let output = try graph.matmul(graph.input("a", left.shape), b)
      return try graph.evaluate(
        [output], inputs: isConstant ? ["a": left] : ["a": left, "b": right], threads: threads)[0]
    }
    let result = try product(left, threads: 1, isConstant: true)
    // Another library adds up in another order.
    let tolerance = TestedBackend.current.needsEqualRuns ? 1e-5 : 2e-6
    for (index, value) in result.scalars.enumerated() {
      #expect(abs(Double(value) - expected[index]) <= tolerance * (1 + scales[index]), "element \(index)")
    }
    for (threads, isConstant) in [(1, false), (3, true), (2, false)] {
      #expect(try product(left, threads: threads, isConstant: isConstant) == result)
    }
    // A library may choose its kernel by the number of rows.
    if test.isShared, !TestedBackend.current.needsEqualRuns, let first = test.leading.first, first > 1 {
      let last = left[batch: first - 1..<first]
      #expect(try product(last, threads: 1, isConstant: true) == result[batch: first - 1..<first])
    }
  }
}
