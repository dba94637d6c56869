import Kernels
import Testing
import _TestSupport

/// Sums in double precision, to the bit of one after the other, on every instruction set.
@Suite struct DoubleSumsTests {
  @Test(arguments: InstructionSet.available, [1, 2, 3, 4, 5, 9])
  func areInOrder(_ set: InstructionSet, _ rows: Int) {
    var generator = SeededGenerator(seed: UInt64(rows))
    for inner in [1, 2, 10, 100, 128] {
      for columns in [1, 3, 4, 8, 10, 16, 17, 40] {
        func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &generator) } }
        let (left, right) = (numbers(rows * inner), numbers(inner * columns))
        var expected = [Float](repeating: 7, count: rows * columns + 1)
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = 0.0
            for k in 0..<inner { sum += Double(left[row * inner + k]) * Double(right[k * columns + column]) }
            expected[row * columns + column] = Float(sum)
          }
        }
        var found = [Float](repeating: 7, count: rows * columns + 1)
        var scratch = [Float](repeating: .nan, count: 16 * inner)
        var doubles = [Double](repeating: .nan, count: (rows + 3) / 4 * 4 * inner + 64)
        VectorKernels(set).doubleSums(
          rows: rows, inner: inner, columns: columns, left: left, right: right, scratch: &scratch, doubles: &doubles,
          output: &found)
        #expect(found == expected, "\(rows), \(inner), \(columns)")
      }
    }
  }
}
