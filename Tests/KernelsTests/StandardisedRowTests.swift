import Kernels
import Testing
import _TestSupport

/// Layer normalisation: the bits of its definition, on every instruction set and in whatever company of rows.
@Suite struct StandardisedRowTests {
  /// A sum as eight partial sums in double precision, which are added in their order.
  private func sum(_ terms: [Double]) -> Double {
    var parts = [Double](repeating: 0, count: 8)
    for (index, term) in terms.enumerated() { parts[index % 8] += term }
    return parts.reduce(0, +)
  }

  private func moments(_ row: ArraySlice<Float>, epsilon: Float) -> (mean: Float, deviation: Float) {
    let share = 1 / Double(row.count)
    let mean = Float(sum(row.map(Double.init)) * share)
    let squares = sum(row.map { Double($0 - mean) * Double($0 - mean) })
    return (mean, (Float(squares * share) + epsilon).squareRoot())
  }

  private func expectSame(_ got: [Float], _ expected: [Float], _ comment: Comment) {
    let areSame = zip(got, expected).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
    #expect(areSame, comment)
  }

  /// Rows like those of networks, with what is no number, of a mean that is 0, of very small and of very large numbers.
  private enum Kind: CaseIterable { case ordinary, special, balanced, small, large }

  private func numbers(_ kind: Kind, rows: Int, count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<rows * count).map { index in
      let x = Float.random(in: -1...2, using: &generator)
      return switch kind {
      case .ordinary: x
      case .special: index % 61 == 5 ? [.nan, .infinity, -.infinity, 0][index % 4] : x
      case .balanced: index % count % 2 == 0 ? 0.7 : -0.7
      case .small: x * 1e-30
      case .large: x * 1e25
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 7, 15, 16, 17, 49, 96, 197])
  func hasTheBitsOfItsDefinition(_ set: InstructionSet, _ count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let vectors = VectorKernels(set)
    let scale = (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
    let shift = (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
    for kind in Kind.allCases {
      for rows in [1, 2, 3, 4, 5, 9] {
        let epsilon: Float = kind == .small ? 0 : 1e-5
        let source = numbers(kind, rows: rows, count: count, &generator)
        let signal = numbers(.ordinary, rows: rows, count: count, &generator)
        for (hasScale, hasShift) in [(false, false), (true, false), (true, true)] {
          var (expected, slopes) = ([Float](), [Float]())
          for row in 0..<rows {
            let x = source[row * count..<(row + 1) * count]
            let (mean, deviation) = moments(x, epsilon: epsilon)
            let g = (0..<count).map { signal[row * count + $0] * (hasScale ? scale[$0] : 1) }
            let share = 1 / Double(count)
            let offset = Float(sum(g.map(Double.init)) * share)
            let product = sum(zip(g, x).map { Double($0) * Double($1 - mean) })
            let slope = Float(product * share / (Double(deviation) * Double(deviation)))
            for (place, value) in x.enumerated() {
              var y = (value - mean) / deviation
              if hasScale { y *= scale[place] }
              if hasShift { y += shift[place] }
              expected.append(y)
              slopes.append((g[place] - offset - (value - mean) * slope) / deviation)
            }
          }
          var (values, gradient) = (source, [Float](repeating: .nan, count: source.count))
          scale.withUnsafeBufferPointer { scale in
            shift.withUnsafeBufferPointer { shift in
              // In place.
              values.withUnsafeMutableBufferPointer { values in
                guard let all = values.baseAddress else { return }
                vectors.standardiseRows(
                  rows: rows, count: count, source: all, output: all, epsilon: epsilon,
                  scale: hasScale ? scale.baseAddress : nil, shift: hasShift ? shift.baseAddress : nil)
              }
              vectors.standardiseRowsGradient(
                rows: rows, count: count, source: source, gradient: signal,
                scale: hasScale ? scale.baseAddress : nil, output: &gradient, epsilon: epsilon)
            }
          }
          expectSame(values, expected, "\(kind), \(rows) rows")
          expectSame(gradient, slopes, "gradient, \(kind), \(rows) rows")
        }
      }
    }
  }
}
