import Testing

@testable import Tensor

@Suite struct RandomStreamTests {
  /// The known-answer vectors that Random123 publishes for philox4x32-10 (`kat_vectors`).
  @Test(arguments: [
    (
      SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
      SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4(repeating: UInt32.max), SIMD2(repeating: UInt32.max),
      SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2(0xa409_3822, 0x299f_31d0),
      SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func knownAnswers(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>, _ expected: SIMD4<UInt32>) {
    #expect(Philox.block(counter: counter, key: key) == expected)
  }

  @Test func aPureFunctionOfSeedNameItemAndPosition() {
    let stream = RandomStream(seed: 7, name: "perturbation")
    #expect(stream.normals(item: 3, count: 10) == stream.normals(item: 3, count: 10))
    for count in 0..<9 {
      #expect(stream.normals(item: 3, count: count) == Array(stream.normals(item: 3, count: 9).prefix(count)))
    }
    let whole = stream.normals(item: 3, count: 20)
    for lower in 0..<9 {
      for upper in lower...20 {
        #expect(stream.normals(item: 3, positions: lower..<upper) == Array(whole[lower..<upper]))
      }
    }
    let others = [
      RandomStream(seed: 8, name: "perturbation").uniforms(item: 3, count: 4),
      RandomStream(seed: 7 + 1 << 32, name: "perturbation").uniforms(item: 3, count: 4),
      RandomStream(seed: 7, name: "tangent").uniforms(item: 3, count: 4),
      stream.uniforms(item: 4, count: 4), stream.uniforms(item: 3 + 1 << 32, count: 4),
      stream.uniforms(item: 3, count: 4),
    ]
    #expect(Set(others).count == others.count)
  }

  @Test func normalsHaveTheirMoments() {
    let count = 200_000
    let values = RandomStream(seed: 1, name: "moments").normals(item: 0, count: count)
    var moments = [Double](repeating: 0, count: 5)
    for value in values {
      var power = 1.0
      for order in 0...4 {
        moments[order] += power / Double(count)
        power *= value
      }
    }
    // Four standard errors: the variance of x^k is E x^2k - (E x^k)^2.
    let variances: [Double] = [0, 1, 2, 15, 96]
    let expected: [Double] = [1, 0, 1, 0, 3]
    for order in 1...4 {
      let bound = 4 * (variances[order] / Double(count)).squareRoot()
      let deviation = abs(moments[order] - expected[order])
      #expect(deviation < bound, "moment \(order)")
    }
    #expect(values.allSatisfy { $0.isFinite })
    // Neighbours, which share a Philox block, are uncorrelated.
    var products = 0.0
    for (value, next) in zip(values, values.dropFirst()) { products += value * next }
    #expect(abs(products) < 4 * Double(count).squareRoot())
  }

  @Test func uniformsAndIntegersFillTheirRange() {
    let stream = RandomStream(seed: 2, name: "uniform")
    let uniforms = stream.uniforms(item: 0, count: 50_000)
    #expect(uniforms.allSatisfy { $0 > 0 && $0 < 1 })
    let mean: Double = uniforms.reduce(0, +) / 50_000
    let bound: Double = 4 / 600_000.0.squareRoot()
    #expect(abs(mean - 0.5) < bound)
    let integers = stream.integers(item: 1, count: 70_000, below: 7)
    for value in 0..<7 {
      #expect(abs(integers.count { $0 == value } - 10_000) < 4 * 93)
    }
    #expect(integers.allSatisfy { (0..<7).contains($0) })
  }

  @Test(arguments: [0, 1, 2, 3, 10, 1000])
  func permutationsHoldEveryIndexOnce(_ count: Int) {
    let permutation = RandomStream(seed: 3, name: "order").permutation(item: 5, count: count)
    #expect(permutation.sorted() == Array(0..<count))
  }

  @Test func permutationsAreUniform() {
    let stream = RandomStream(seed: 4, name: "order")
    var counts: [[Int]: Int] = [:]
    for item in 0..<6000 { counts[stream.permutation(item: item, count: 3), default: 0] += 1 }
    #expect(counts.count == 6)
    for (_, count) in counts { #expect(abs(count - 1000) < 4 * 29) }
  }
}
