#if canImport(Glibc)
  import Glibc
#endif

/// Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
///
/// A value is a pure function of seed, stream name, item and position, so it depends neither on the order in which
/// values are drawn nor on batch size, threads or shards. By convention `item` is the index of the image in its data set.
public struct RandomStream: Sendable {
  private let key: (UInt32, UInt32)
  private let stream: (UInt32, UInt32)

  /// - Parameters:
  ///   - seed: the user's `--seed`.
  ///   - name: what the numbers are for, such as `"perturbation"`; different names give independent streams.
  public init(seed: UInt64, name: String) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    // FNV-1a: stable across processes, unlike Swift's own hashing.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    stream = (UInt32(truncatingIfNeeded: hash), UInt32(truncatingIfNeeded: hash >> 32))
  }

  /// The four 32-bit words of block `block` of `item`.
  @inline(__always)
  private func words(item: Int, block: UInt32) -> SIMD4<UInt32> {
    Philox.block(
      counter: SIMD4(
        block, UInt32(truncatingIfNeeded: item), stream.0, stream.1 ^ UInt32(truncatingIfNeeded: item >> 32)),
      key: SIMD2(key.0, key.1))
  }

  /// Uniform in (0, 1), 32 bits.
  public func uniforms(item: Int, count: Int) -> [Double] { uniforms(item: item, positions: 0..<count) }

  /// Those at some positions: a part of a longer draw, of the same values.
  public func uniforms(item: Int, positions: Range<Int>) -> [Double] {
    fill(positions) { block in
      let words = words(item: item, block: block)
      return (unit(words.x), unit(words.y), unit(words.z), unit(words.w))
    }
  }

  /// Standard normal, by Box-Muller.
  public func normals(item: Int, count: Int) -> [Double] { normals(item: item, positions: 0..<count) }

  /// Those at some positions: a part of a longer draw, of the same values.
  public func normals(item: Int, positions: Range<Int>) -> [Double] {
    fill(positions) { block in
      let words = words(item: item, block: block)
      let first = boxMuller(unit(words.x), unit(words.y))
      let second = boxMuller(unit(words.z), unit(words.w))
      return (first.0, first.1, second.0, second.1)
    }
  }

  /// Uniform in `0..<bound`. The bias of the multiply-shift is below `bound / 2^32`.
  public func integers(item: Int, count: Int, below bound: Int) -> [Int] {
    precondition(bound > 0 && bound <= Int(UInt32.max))
    return fill(count: count) { block in
      let words = words(item: item, block: block)
      func scaled(_ word: UInt32) -> Int { Int((UInt64(word) * UInt64(bound)) >> 32) }
      return (scaled(words.x), scaled(words.y), scaled(words.z), scaled(words.w))
    }
  }

  /// A permutation of `0..<count` (Fisher-Yates).
  public func permutation(item: Int, count: Int) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    let draws = uniforms(item: item, count: count)
    for index in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(index, min(index, Int(draws[index] * Double(index + 1))))
    }
    return order
  }

  @inline(__always)
  private func fill<Value>(
    _ positions: Range<Int>, _ block: (UInt32) -> (Value, Value, Value, Value)
  ) -> [Value] {
    let first = positions.lowerBound / 4 * 4
    let values = fill(from: first, count: positions.upperBound - first, block)
    return first == positions.lowerBound ? values : Array(values.dropFirst(positions.lowerBound - first))
  }

  /// - Parameter start: a multiple of 4.
  @inline(__always)
  private func fill<Value>(
    from start: Int = 0, count: Int, _ block: (UInt32) -> (Value, Value, Value, Value)
  ) -> [Value] {
    precondition(start >= 0 && count >= 0 && (start + count) / 4 < Int(UInt32.max))
    return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      var index = 0
      while index < count {
        let values = block(UInt32((start + index) / 4))
        (base + index).initialize(to: values.0)
        if index + 1 < count { (base + index + 1).initialize(to: values.1) }
        if index + 2 < count { (base + index + 2).initialize(to: values.2) }
        if index + 3 < count { (base + index + 3).initialize(to: values.3) }
        index += 4
      }
      initialized = count
    }
  }
}

/// The middle of the word's interval, so that neither 0 nor 1 occurs.
@inline(__always)
private func unit(_ word: UInt32) -> Double { (Double(word) + 0.5) * 0x1p-32 }

@inline(__always)
private func boxMuller(_ first: Double, _ second: Double) -> (Double, Double) {
  let radius = (-2 * log(first)).squareRoot()
  let angle = 2 * Double.pi * second
  return (radius * cos(angle), radius * sin(angle))
}

/// The Philox 4x32 bijection with 10 rounds.
enum Philox {
  @inline(__always)
  static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var counter = counter
    var key = key
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) &* UInt64(counter.x)
      let second = UInt64(0xCD9E_8D57) &* UInt64(counter.z)
      counter = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ counter.y ^ key.x, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ counter.w ^ key.y, UInt32(truncatingIfNeeded: first))
      key = SIMD2(key.x &+ 0x9E37_79B9, key.y &+ 0xBB67_AE85)
    }
    return counter
  }
}
