import Foundation
import Kernels
import Testing

/// The elementwise functions on every instruction set, against double precision.
@Suite struct ElementwiseFunctionTests {
  private typealias Case = (function: ElementwiseFunction, exact: @Sendable (Double) -> Double, error: Allowance)

  /// In units in the last place above `below`; everywhere, relative to the larger of 1 and the value.
  private typealias Allowance = (units: Double, below: Double, absolute: Double)

  private static func logistic(_ x: Double) -> Double { x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }
  private static func cumulative(_ x: Double) -> Double { erfc(-x * 0.5.squareRoot()) / 2 }
  private static func argument(_ x: Double) -> Double { 2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }
  /// 0 times infinity here is the limit of a product with what vanishes exponentially.
  private static func product(_ x: Double, _ factor: Double) -> Double { factor == 0 ? 0 : x * factor }

  private static let cases: [Case] = [
    (.sigmoid, logistic, (2.3, -.infinity, 1.2e-7)),
    (.silu, { product($0, logistic($0)) }, (2.3, -.infinity, 1.2e-7)),
    (.hyperbolicTangent, { tanh($0) }, (1.6, -.infinity, 1.2e-7)),
    (.errorFunction, { erf($0) }, (1.4, -.infinity, 1.2e-7)),
    // Below -0.75 the exponential's error counts in full; 1 + erf, whose digits cancel, is off by more from -1 on.
    (.gelu, { product($0, cumulative($0)) }, (2.3, -0.7, 1.2e-7)),
    (.gelu, { product($0, cumulative($0)) }, (6, -.infinity, 1.2e-7)),
    // The exponent is as large as 112 there, rounded.
    (.geluTanh, { product($0, logistic(argument($0))) }, (2.8, -1, 1.2e-7)),
    (.geluTanh, { product($0, logistic(argument($0))) }, (300, -.infinity, 1.2e-7)),
    // Derivatives pass through 0.
    (
      .siluDerivative, { logistic($0) + product($0, logistic($0) * logistic(-$0)) }, (2.5, 0, 1.5e-7)
    ),
    (
      .geluDerivative, { cumulative($0) + product($0, exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot()) },
      (2.5, 0, 1.5e-7)
    ),
    (
      .geluTanhDerivative,
      {
        let s = logistic(argument($0))
        let slope = (8 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * $0 * $0)
        return s + product($0 * slope, s * logistic(-argument($0)))
      }, (2.5, 0, 1.5e-7)
    ),
  ]

  /// All magnitudes from subnormal to infinite.
  private static let points: [Float] = {
    var points: [Float] = [.infinity, -.infinity]
    for sign in [UInt32(0), 1 << 31] {
      var bits: UInt32 = 0
      while bits < 0x7f80_0000 {
        points.append(Float(bitPattern: bits | sign))
        // Between 2^-12 and 2^7 densely.
        bits += (0x3980_0000..<0x4300_0000).contains(bits) ? 4999 : 299_993
      }
    }
    return points
  }()

  private func apply(_ function: ElementwiseFunction, _ set: InstructionSet, _ numbers: [Float]) -> [Float] {
    var output = [Float](repeating: -1, count: numbers.count)
    VectorKernels(set).apply(function, count: numbers.count, source: numbers, output: &output)
    return output
  }

  @Test(arguments: InstructionSet.available)
  func accuracy(_ set: InstructionSet) {
    for (function, exact, allowed) in Self.cases {
      var (units, absolute) = ((error: 0.0, x: Float(0)), (error: 0.0, x: Float(0)))
      for (x, value) in zip(Self.points, apply(function, set, Self.points)) {
        let expected = exact(Double(x))
        guard expected.isFinite, abs(expected) <= Double(Float.greatestFiniteMagnitude) else {
          #expect(value == Float(expected), "\(function) of \(x)")
          continue
        }
        let error = abs(Double(value) - expected)
        let unit = Double(max(abs(Float(expected)), .leastNormalMagnitude).ulp)
        if x >= Float(allowed.below), !(error / unit <= units.error) { units = (error / unit, x) }
        let relative = error / max(1, abs(expected))
        if !(relative <= absolute.error) { absolute = (relative, x) }
      }
      #expect(units.error <= allowed.units, "\(function) on \(set): \(units) units in the last place")
      #expect(absolute.error <= allowed.absolute, "\(function) on \(set): \(absolute)")
    }
  }

  /// A number has the same bits beside others near 0, for which there is a shorter way, and beside what is far away or no number.
  @Test(arguments: InstructionSet.available, ElementwiseFunction.allCases)
  func companyChangesNothing(_ set: InstructionSet, _ function: ElementwiseFunction) {
    let numbers = (0..<330).map { Float($0 - 160) / 27 }
    let among = apply(function, set, numbers)
    for stranger in [Float.nan, .infinity, -1e30, -50, 43.99, 9.01] {
      var mixed = numbers
      for place in stride(from: 3, to: mixed.count, by: 16) { mixed[place] = stranger }
      let got = apply(function, set, mixed)
      let areSame = numbers.indices.allSatisfy { $0 % 16 == 3 || got[$0].bitPattern == among[$0].bitPattern }
      #expect(areSame, "beside \(stranger)")
    }
  }

  /// Zeros keep their sign where the function passes through 0; what is not a number stays visible.
  @Test(arguments: InstructionSet.available)
  func specialValues(_ set: InstructionSet) {
    for function in ElementwiseFunction.allCases {
      let values = apply(
        function, set, [.nan, -.nan, Float(bitPattern: 0x7fff_ffff), Float(bitPattern: 0xff80_0001), 0, -0.0])
      #expect(values[..<4].allSatisfy { $0.isNaN }, "\(function)")
      switch function {
      case .sigmoid, .siluDerivative, .geluDerivative, .geluTanhDerivative: #expect(values[4...] == [0.5, 0.5])
      default:
        let bits = values[4...].map { $0.bitPattern }
        #expect(bits == [0, Float(-0.0).bitPattern], "\(function)")
      }
    }
  }

  /// The same bits at every place of a vector and after it, in place too, and nothing else is written.
  @Test(arguments: InstructionSet.available)
  func placesDoNotMatter(_ set: InstructionSet) {
    let numbers: [Float] = (0..<53).map { Float(($0 * 29) % 53) / 4 - 6 } + [.nan]
    for function in ElementwiseFunction.allCases {
      let single = numbers.map { apply(function, set, [$0])[0].bitPattern }
      for count in 0...numbers.count {
        for start in [0, 1, numbers.count - count] where start + count <= numbers.count {
          var values = numbers
          values.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            VectorKernels(set).apply(function, count: count, source: base + start, output: base + start)
          }
          let expected = numbers.indices.map {
            (start..<start + count).contains($0) ? single[$0] : numbers[$0].bitPattern
          }
          let bits = values.map { $0.bitPattern }
          #expect(bits == expected, "\(function) on \(set), \(count) from \(start)")
        }
      }
    }
  }
}
