import Foundation
import Kernels
import Testing
import _TestSupport

/// Rows of softmax against sums in double precision, on every instruction set.
@Suite struct SoftmaxTests {
  private func softmax(_ row: [Float], _ set: InstructionSet) -> [Float] {
    var (output, sums) = ([Float](repeating: .nan, count: row.count), [Float](repeating: .nan, count: 16))
    VectorKernels(set).softmaxRow(count: row.count, source: row, output: &output, sums: &sums)
    return output
  }

  @Test(arguments: InstructionSet.available, [1, 2, 7, 16, 31, 64, 257, 4096])
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
