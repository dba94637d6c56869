import Foundation
import Kernels
import Testing
import _TestSupport

/// Rows of softmax against sums in double precision, on every instruction set.
@Suite struct SoftmaxTests {
  private func softmax(_ row: [Float], _ set: InstructionSet) -> [Float] { softmax(row, rows: 1, set) }

  private func softmax(_ numbers: [Float], rows: Int, _ set: InstructionSet) -> [Float] {
    var output = [Float](repeating: .nan, count: numbers.count)
    var scratch = [Float](repeating: .nan, count: VectorKernels.softmaxScratchCount)
    VectorKernels(set).softmaxRows(
      rows: rows, count: numbers.count / rows, source: numbers, output: &output, scratch: &scratch)
    return output
  }

  @Test(arguments: InstructionSet.available, [1, 2, 7, 15, 16, 17, 31, 49, 64, 197, 257, 4096])
  func agreesWithDoublePrecision(_ set: InstructionSet, _ count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    for spread in [Float(0), 1, 10, 60, 200] {
      let row = (0..<count).map { _ in spread == 0 ? 3 : Float.random(in: -spread...spread, using: &generator) }
      let largest = Double(row.max() ?? 0)
      let exact = row.map { exp(Double($0) - largest) }
      let total = exact.reduce(0, +)
      for (place, got) in softmax(row, set).enumerated() {
        let weight = exact[place] / total
        // The distance from the largest is rounded; below the smallest normal number digits are lost.
        let error = 1e-6 + 1e-7 * (largest - Double(row[place]))
        #expect(abs(Double(got) - weight) <= error * weight + 2e-45, "\(got), \(weight)")
      }
    }
  }

  /// A row has the same bits alone, among others however far their numbers are apart or whatever is no number there, and in place.
  @Test(arguments: InstructionSet.available, [1, 15, 16, 17, 49, 64, 197])
  func companyChangesNothing(_ set: InstructionSet, _ count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    for rows in [2, 15, 16, 17, 37] {
      for special in [nil, -100, -.infinity, .infinity, Float.nan] {
        let numbers = (0..<rows * count).map { index in
          index % 41 == 7 ? special ?? 1 : Float.random(in: -9...9, using: &generator)
        }
        let together = softmax(numbers, rows: rows, set)
        var inPlace = numbers
        var scratch = [Float](repeating: .nan, count: VectorKernels.softmaxScratchCount)
        inPlace.withUnsafeMutableBufferPointer { all in
          guard let all = all.baseAddress else { return }
          VectorKernels(set).softmaxRows(rows: rows, count: count, source: all, output: all, scratch: &scratch)
        }
        let alone = (0..<rows).flatMap { softmax(Array(numbers[$0 * count..<($0 + 1) * count]), set) }
        for (index, expected) in alone.enumerated() {
          let isSame =
            together[index].bitPattern == expected.bitPattern && inPlace[index].bitPattern == expected.bitPattern
          #expect(isSame || expected.isNaN && together[index].isNaN && inPlace[index].isNaN, "\(index) of \(count)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func whatIsNoNumber(_ set: InstructionSet) {
    // Masked places have no weight, however many there are.
    var masked = [Float](repeating: -.infinity, count: 21)
    (masked[3], masked[20]) = (5, 5)
    var expected = [Float](repeating: 0, count: 21)
    (expected[3], expected[20]) = (0.5, 0.5)
    #expect(softmax(masked, set) == expected)
    #expect(softmax([0, -1e30, -.greatestFiniteMagnitude], set) == [1, 0, 0])
    func notANumber(_ row: [Float]) -> Int { softmax(row, set).count { $0.isNaN } }
    #expect(notANumber([1, .nan, 2] + [Float](repeating: 0, count: 30)) == 33)
    #expect(notANumber([1, .infinity]) > 0)
    #expect(notANumber([-.infinity, -.infinity]) == 2)
  }
}
