import Foundation
import Tensor

/// Compares the gradients of a function of an image with central differences along seeded random directions.
///
/// A direction changes every pixel by the same step up or down. The function is evaluated in float32 somewhere inside, so
/// small steps drown in rounding (error ~ 1/step) and large ones in curvature (error ~ step^2) and in the kinks of ReLU
/// and max pooling: several steps are tried and the best counts. A wrong gradient agrees at no step. At each step the
/// *median* over images and directions counts, because a single one may sit on a kink at any step.
struct DirectionalDerivativeCheck {
  /// `[N, C, H, W]`.
  let images: Tensor
  /// `[N, C, H, W]`, at `images`.
  let gradients: Tensor
  /// The function at each image and the sum of the magnitudes of what it is the sum of, which scales its rounding.
  let function: (Tensor) throws -> [(value: Double, magnitude: Double)]
  var seed: UInt64 = 1
  var directions = 4

  /// Changes of each pixel. At the smallest a pixel near 1 still moves by 2^8 units in the last place.
  private static let steps: [Float] = [0x1p-4, 0x1p-6, 0x1p-8, 0x1p-10, 0x1p-12, 0x1p-14, 0x1p-16]
  /// Of the size of the differences. At their best step built-in densities are off by 1e-5 and trained ReLU networks by
  /// 0.4 to 1.3 %, where kinks and rounding meet; a gradient wrong by a twentieth of its length is off by 3 %.
  private static let tolerance = 0.02
  /// Rounding of the function: eight units in the last place of its largest term.
  private static let rounding = 8 * 0x1p-24
  /// Where rounding exceeds this share of the difference itself, nothing can be learned from it.
  private static let largestRoundingShare = 0.1

  struct Outcome {
    /// The smallest median, in multiples of the tolerance; above 1 is a disagreement.
    var excess: Double
    var step: Float
    /// Median of the relative errors there.
    var relativeError: Double
  }

  /// - Returns: nil where the function is flat: no step changes it by more than its rounding.
  func outcome() throws -> Outcome? {
    let stream = RandomStream(seed: seed, name: "conformance-directions")
    let pixels = images.stride
    let signs: [[[Float]]] = (0..<directions).map { direction in
      (0..<images.batch).map { image in
        stream.integers(item: direction * images.batch + image, count: pixels, below: 2).map { $0 == 0 ? -1 : 1 }
      }
    }
    var best: Outcome?
    for step in Self.steps {
      let pairs = try signs.map { try differences(along: $0, step: step) }
      var excesses: [Double] = []
      var errors: [Double] = []
      for image in 0..<images.batch {
        func rootMeanSquare(_ values: [Double]) -> Double {
          (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        }
        let scale = max(
          rootMeanSquare(pairs.map { $0[image].found }), rootMeanSquare(pairs.map { $0[image].predicted }))
        for pair in pairs.map({ $0[image] }) {
          guard scale.isFinite else {
            excesses.append(.infinity)
            errors.append(.infinity)
            continue
          }
          guard pair.rounding <= Self.largestRoundingShare * scale else { continue }
          let error = abs(pair.found - pair.predicted)
          excesses.append(error / (Self.tolerance * scale + pair.rounding))
          errors.append(error / scale)
        }
      }
      guard !excesses.isEmpty else { continue }
      let excess = median(excesses)
      if best.map({ excess < $0.excess }) ?? true {
        best = Outcome(excess: excess, step: step, relativeError: median(errors))
      }
    }
    return best
  }

  /// What a disagreement is called, nil where there is none.
  func finding(_ what: String) throws -> String? {
    guard let outcome = try outcome(), !(outcome.excess <= 1) else { return nil }
    let percent = (1000 * outcome.relativeError).rounded() / 10
    return "\(what) differ from central differences along random directions by \(percent) % of their size "
      + "(median over \(images.batch) images and \(directions) directions, at the best of \(Self.steps.count) steps)"
  }

  private struct Pair {
    var found: Double
    var predicted: Double
    var rounding: Double
  }

  /// Change of the function between both ends of each image's step, found and predicted.
  private func differences(along signs: [[Float]], step: Float) throws -> [Pair] {
    func moved(_ sign: Float) -> Tensor {
      Tensor(
        shape: images.shape,
        scalars: (0..<images.batch).flatMap { image in
          zip(images.item(image), signs[image]).map { $0 + sign * step * $1 }
        }
      )
    }
    let (forward, backward) = (moved(1), moved(-1))
    let (high, low) = (try function(forward), try function(backward))
    guard high.count == images.batch, low.count == images.batch else {
      return signs.map { _ in Pair(found: .nan, predicted: .nan, rounding: 0) }
    }
    return (0..<images.batch).map { image in
      // The distance really moved, after the pixels were rounded.
      var predicted = 0.0
      for (gradient, ends) in zip(gradients.item(image), zip(forward.item(image), backward.item(image))) {
        predicted += Double(gradient) * (Double(ends.0) - Double(ends.1))
      }
      return Pair(
        found: high[image].value - low[image].value, predicted: predicted,
        rounding: Self.rounding * max(high[image].magnitude, low[image].magnitude))
    }
  }

  /// NaN counts as the largest of all.
  private func median(_ values: [Double]) -> Double {
    let sorted = values.map { $0.isNaN ? .infinity : $0 }.sorted()
    return sorted[sorted.count / 2]
  }
}

extension Tensor {
  /// With a little seeded noise: no longer on the kinks that flat regions and saturated pixels sit on, where a gradient is
  /// one of several choices and no finite difference its limit.
  func jittered(by deviation: Float, seed: UInt64) -> Tensor {
    let stream = RandomStream(seed: seed, name: "conformance-jitter")
    return Tensor(
      shape: shape,
      scalars: (0..<batch).flatMap { image in
        zip(item(image), stream.normals(item: image, count: stride)).map { $0 + deviation * Float($1) }
      })
  }
}
