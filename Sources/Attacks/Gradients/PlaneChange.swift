import BenchCore

/// Numbers of pixels in double precision, eight at a time; the last ones are filled up with zeros.
struct PixelLanes {
  typealias Lanes = SIMD8<Double>

  let lanes: [Lanes]

  init(_ values: [Float]) {
    lanes = values.withUnsafeBufferPointer { values in
      (0..<(values.count + 7) / 8).map { block in
        let start = 8 * block
        guard start + 8 <= values.count else {
          var last = Lanes.zero
          for place in start..<values.count { last[place - start] = Double(values[place]) }
          return last
        }
        return Lanes(UnsafeRawPointer(values.baseAddress! + start).loadUnaligned(as: SIMD8<Float>.self))
      }
    }
  }
}

/// The smallest change d of an image with g . d = gap that leaves it in the pixels' range; as near as the range allows where there
/// is none.
///
/// By the multiplier: in L2 d = clip(t g), in Linf d = clip(t sign(g)), to the room that each pixel has; g . d rises with t, less
/// and less steeply as pixels reach the range. Newton's steps from below therefore stay below, and each but the last fills at least
/// one pixel more: a handful where halving takes forty.
struct PlaneChange {
  typealias Lanes = PixelLanes.Lanes

  private(set) var lanes: [Lanes]
  private let norm: AttackNorm

  init(
    _ norm: AttackNorm, _ image: PixelLanes, _ gradient: PixelLanes, _ gap: Double, _ range: ClosedRange<Float>?
  ) {
    self.norm = norm
    let isMaximum = norm == .linf
    // Along side * g.
    let side: Double = gap < 0 ? -1 : 1
    let goal = abs(gap)
    let count = image.lanes.count
    lanes = [Lanes](repeating: .zero, count: count)
    var steepness = Lanes.zero
    for gradient in gradient.lanes { steepness += isMaximum ? gradient.magnitude : gradient * gradient }
    let whole = steepness.sum()
    guard whole > 0, whole.isFinite, goal > 0 else { return }
    var multiplier = goal / whole
    var room = [Lanes](repeating: Lanes(repeating: .infinity), count: count)
    if let range {
      let (lower, upper) = (Lanes(repeating: Double(range.lowerBound)), Lanes(repeating: Double(range.upperBound)))
      for block in 0..<count {
        let edge = lower.replacing(with: upper, where: side * gradient.lanes[block] .> 0)
        room[block] = (edge - image.lanes[block]).magnitude
      }
      // One step for each pixel that may fill; sums in float64 may leave the last one undecided.
      for _ in 0..<60 {
        var (sum, steepness) = (Lanes.zero, Lanes.zero)
        for block in 0..<count {
          let slope = gradient.lanes[block].magnitude
          let rate = isMaximum ? Lanes(repeating: 1) : slope
          let step = multiplier * rate
          sum += slope * step.atMost(room[block])
          steepness += Lanes.zero.replacing(with: slope * rate, where: step .< room[block])
        }
        let (reached, steep) = (sum.sum(), steepness.sum())
        guard reached < goal * (1 - 1e-12), steep > 0 else { break }
        multiplier += (goal - reached) / steep
      }
    }
    for block in 0..<count {
      let slope = side * gradient.lanes[block]
      let size = (multiplier * (isMaximum ? Lanes(repeating: 1) : slope.magnitude)).atMost(room[block])
      lanes[block] = Lanes.zero.replacing(with: size, where: slope .> 0).replacing(with: -size, where: slope .< 0)
    }
  }

  /// In its norm.
  var size: Double {
    var result = Lanes.zero
    for change in lanes {
      let size = norm == .linf ? change.magnitude : change * change
      result = norm == .linf ? result.replacing(with: size, where: result .< size) : result + size
    }
    return norm == .linf ? result.max() : result.sum().squareRoot()
  }
}

// The standard library's go lane by lane.
extension SIMD8<Double> {
  /// Without their signs.
  @inline(__always)
  fileprivate var magnitude: Self { replacing(with: -self, where: self .< 0) }

  @inline(__always)
  fileprivate func atMost(_ other: Self) -> Self { replacing(with: other, where: other .< self) }
}
