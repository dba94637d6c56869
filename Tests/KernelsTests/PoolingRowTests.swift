import Kernels
import Testing
import _TestSupport

/// Rows of pooling on every instruction set of the machine, against their definitions.
@Suite struct PoolingRowTests {
  /// Few different values, so that there are equals; infinities and NaN among them.
  private static func values(_ count: Int, special: Bool, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in
      switch Int.random(in: 0..<12, using: &generator) {
      case 0 where special: .nan
      case 1 where special: -.infinity
      case 2 where special: .infinity
      default: Float(Int.random(in: -3...3, using: &generator)) / 4
      }
    }
  }

  private static let cases = [(0, 1), (1, 2), (7, 1), (16, 2), (17, 2), (33, 1), (48, 3), (70, 2), (65, 5)]

  /// Numbers of a row, whose places are as far apart, and channels of a pixel, which have one place.
  @Test(arguments: InstructionSet.available, [false, true])
  func largestAndTheirPlaces(_ set: InstructionSet, special: Bool) {
    var generator = SeededGenerator(seed: 11)
    let vectors = VectorKernels(set)
    for (count, step, ofPixels) in Self.cases.flatMap({ [($0.0, $0.1, false), ($0.0, $0.1, true)] }) {
      var largest = [Float](repeating: -.infinity, count: count)
      var plain = largest
      var selected = [Int32](repeating: -1, count: count)
      var expected = largest
      var expectedPlaces = selected
      for tap in 0..<6 {
        let source = Self.values(count * step + 1, special: special, &generator)
        let position = Int32(1000 * tap)
        let positionStep = ofPixels ? 0 : Int32(step)
        vectors.raiseToLargest(count: count, step: step, source: source, largest: &plain)
        vectors.selectLargest(
          count: count, step: step, source: source, position: position, positionStep: positionStep, largest: &largest,
          selected: &selected)
        for index in 0..<count {
          let value = source[index * step]
          // The first of equals; the last NaN.
          if expectedPlaces[index] < 0 || value > expected[index] || value.isNaN {
            expected[index] = value
            expectedPlaces[index] = position + Int32(index) * positionStep
          }
        }
        #expect(selected == expectedPlaces, "\(count) by \(step)")
        for (found, wanted) in [(largest, expected), (plain, expected)] {
          #expect(zip(found, wanted).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "\(count) by \(step)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available) func pairs(_ set: InstructionSet) {
    var generator = SeededGenerator(seed: 12)
    for (height, width) in [(2, 2), (5, 7), (4, 40), (3, 67)] {
      let source = Self.values(height * width, special: true, &generator)
      var output = [Float](repeating: 0, count: (height / 2) * (width / 2))
      VectorKernels(set).pairPool(height: height, width: width, source: source, output: &output)
      for row in 0..<height / 2 {
        for column in 0..<width / 2 {
          let corner = 2 * row * width + 2 * column
          let window = [source[corner], source[corner + 1], source[corner + width], source[corner + width + 1]]
          let found = output[row * (width / 2) + column]
          #expect(window.contains { $0.isNaN } ? found.isNaN : found == window.max())
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available) func sumsAndTheirTranspose(_ set: InstructionSet) {
    var generator = SeededGenerator(seed: 13)
    let vectors = VectorKernels(set)
    for (count, step) in Self.cases {
      let row = Self.values(count * step + 1, special: false, &generator)
      let values = Self.values(count, special: false, &generator)
      var sums = values
      vectors.addRow(count: count, step: step, source: row, sums: &sums)
      #expect(sums == (0..<count).map { values[$0] + row[$0 * step] })
      var target = row
      vectors.spreadRow(count: count, step: step, values: values, target: &target)
      var expected = row
      for index in 0..<count { expected[index * step] += values[index] }
      #expect(target == expected)
    }
  }
}
