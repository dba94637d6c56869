import Kernels
import Testing
import _TestSupport

@Suite struct ArithmeticTests {
  /// Sums and products are those of one number after the other, also in place.
  @Test(arguments: InstructionSet.available, [1, 15, 16, 49])
  func areThoseOfNumbers(_ set: InstructionSet, _ count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let vectors = VectorKernels(set)
    let left = (0..<count).map { $0 % 13 == 5 ? Float.infinity : Float.random(in: -1...1, using: &generator) }
    let right = (0..<count).map { $0 % 13 == 5 ? Float(3) : Float.random(in: -1...1, using: &generator) }
    var (sums, products) = (left, left)
    sums.withUnsafeMutableBufferPointer { all in
      guard let all = all.baseAddress else { return }
      vectors.add(count: count, left: all, right: right, output: all)
    }
    #expect(sums == zip(left, right).map { $0 + $1 })
    vectors.add(count: count, left: left, right: 0.7, output: &sums)
    #expect(sums == left.map { $0 + 0.7 })
    products.withUnsafeMutableBufferPointer { all in
      guard let all = all.baseAddress else { return }
      vectors.multiply(count: count, left: right, right: all, output: all)
    }
    #expect(products == zip(left, right).map { $0 * $1 })
    vectors.multiply(count: count, left: left, right: -0.7, output: &products)
    #expect(products == left.map { $0 * -0.7 })
  }
}
