import Tensor

/// Choices that depend on seed, kind and index alone: whoever knows the three makes the same input again.
struct Dice {
  private let stream: RandomStream
  let index: Int
  private var numbers: [Double] = []
  private var taken = 0
  private var blocks = 0
  private static let blockSize = 256

  init(seed: UInt64, kind: String, index: Int) {
    stream = RandomStream(seed: seed, name: "fuzz-\(kind)")
    self.index = index
  }

  /// Uniform in (0, 1).
  mutating func unit() -> Double {
    if taken == numbers.count {
      // Blocks of one index share its upper bits, so that those of two indices never meet.
      numbers = stream.uniforms(item: index << 20 | blocks, count: Self.blockSize)
      blocks += 1
      taken = 0
    }
    taken += 1
    return numbers[taken - 1]
  }

  /// Uniform in the range, of at most 2^32 values.
  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    min(range.upperBound, range.lowerBound + Int(unit() * Double(range.count)))
  }

  mutating func chance(_ probability: Double) -> Bool { unit() < probability }

  /// - Precondition: the list is not empty.
  mutating func pick<Element>(_ list: [Element]) -> Element { list[integer(0...list.count - 1)] }

  /// A number that somebody may have forgotten.
  mutating func extremeInteger() -> Int { pick(Self.extremes) }

  private static let extremes: [Int] = [
    0, -1, 1, 2, 3, -2, 7, 64, 65, 127, 128, 255, 256, 1000, 1 << 16, 1 << 20, 1 << 24, 1 << 28, 1 << 29, 1 << 30,
    2_147_483_647, 2_147_483_648, -2_147_483_648, 1 << 32, 1 << 40, 1 << 53, 1 << 61, 1 << 62, -(1 << 62), .max,
    .max - 1, .min, .min + 1, 999_999_999_999,
  ]

  mutating func extremeNumber() -> Double { pick(Self.extremeNumbers) }

  private static let extremeNumbers: [Double] = [
    0, -0.0, 1, -1, 0.5, 1e-3, 1e-30, 1e-45, .leastNonzeroMagnitude, 1e30, 3.5e38, 1e300, -1e300, .infinity, -.infinity,
    .nan,
    9_223_372_036_854_775_808, -9_223_372_036_854_775_808, 4_294_967_296, 0.1, 255, 1e10, -1e19,
  ]

  /// A small shape, now and then with something odd in it.
  mutating func shape(rank: ClosedRange<Int> = 0...5, odd: Double = 0.1) -> [Int] {
    (0..<integer(rank)).map { _ in chance(odd) ? extremeInteger() : integer(1...4) }
  }

  mutating func floats(_ count: Int) -> [Float] {
    let hasOdd = chance(0.03)
    return (0..<count).map { _ in hasOdd && chance(0.1) ? Float(extremeNumber()) : Float(2 * unit() - 1) }
  }
}
