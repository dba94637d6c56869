import BenchCore
import Foundation

/// FAB-T (Croce and Hein 2020): the nearest point of the plane at which a class reaches the label's logit, by the linearisation at the
/// current image, biased towards the clean one; then back towards it where another class was reached.
///
///     d_1, d_0: from x_k, and from the clean x, the shortest changes to the plane within the pixels' range
///     x_(k+1) = (1 - alpha)(x_k + 1.05 d_1) + alpha (x + 1.05 d_0),   alpha = min(|d_1| / (|d_1| + |d_0|), 0.1)
///     then, where it is misclassified:  x_(k+1) <- x + 0.9 (x_(k+1) - x)
///
/// It minimises the size itself: radii only bound what is kept.
package struct FastAdaptiveBoundary: Attack {
  package static let defaultSteps = 100
  package static let defaultTargets = 9

  package let norm: AttackNorm
  package let steps: Int
  package let restarts: Int
  package let targets: Int
  package let isMinimal = true

  package init(
    norm: AttackNorm, steps: Int = defaultSteps, restarts: Int = 1, targets: Int = defaultTargets
  ) {
    precondition(steps > 0 && restarts > 0 && targets > 0, "an attack of no steps")
    self.norm = norm
    self.steps = steps
    self.restarts = restarts
    self.targets = targets
  }

  package var record: AttackRecord {
    AttackRecord(id: "fab-t-\(norm.rawValue)", steps: steps, restarts: restarts, targets: targets)
  }

  package func attack(
    _ images: AttackedImages, within radii: [Double], from starts: [[Float]?]
  ) throws -> [Attempt] {
    let everyone = Array(0..<images.count)
    let clean = try images.logits(images.clean, of: everyone)
    let ranked = zip(clean, images.labels).map { logits, label in
      logits.indices.filter { $0 != label }.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    }
    var nearest = NearestAttempts(images, radii)
    for restart in 0..<restarts {
      for round in 0..<max(1, min(targets, images.classCount - 1)) {
        try run(images, ranked.map { $0[round] }, restart, round, radii, &nearest)
      }
    }
    return nearest.attempts
  }

  private func run(
    _ images: AttackedImages, _ targets: [Int], _ restart: Int, _ round: Int, _ radii: [Double],
    _ nearest: inout NearestAttempts
  ) throws {
    let everyone = Array(0..<images.count)
    var current = images.clean
    if restart > 0 {
      // At half the size of what is known, as the public code begins again.
      current = everyone.map { member in
        let radius = min(nearest.sizes[member], radii[member]) / 2
        guard radius > 0, radius.isFinite else { return images.clean[member] }
        return Ball(norm: norm, centre: images.clean[member], radius: radius, range: images.range)
          .random(
            images, "\(record.id) start \(restart) \(round)", place: images.places[member])
      }
    }
    for _ in 0..<steps {
      let result = try images.gradients(at: current, of: everyone) { position, logits in
        AttackLoss.difference(targets[position], images.labels[position], classes: logits.count)
      }
      for member in everyone {
        let logits = result.logits[member]
        let label = images.labels[member]
        nearest.note(current[member], logits, norm, member)
        let gap = Double(logits[label]) - Double(logits[targets[member]])
        current[member] = next(
          from: current[member], clean: images.clean[member], gradient: result.gradients[member],
          gap: gap,
          range: images.range)
      }
      // What was reached is asked at once, for the way back depends on it.
      let logits = try images.logits(current, of: everyone)
      for member in everyone {
        nearest.note(current[member], logits[member], norm, member)
        if logits[member].predicted != images.labels[member] {
          let clean = images.clean[member]
          for pixel in clean.indices {
            current[member][pixel] = clean[pixel] + 0.9 * (current[member][pixel] - clean[pixel])
          }
        }
      }
    }
    for (member, logits) in try images.logits(current, of: everyone).enumerated() {
      nearest.note(current[member], logits, norm, member)
    }
  }

  /// - Parameters:
  ///   - gradient: of the target's logit minus the label's.
  ///   - gap: the label's logit minus the target's.
  private func next(
    from image: [Float], clean: [Float], gradient: [Float], gap: Double, range: ClosedRange<Float>?
  ) -> [Float] {
    var fromClean = gap
    for pixel in clean.indices {
      fromClean += Double(gradient[pixel]) * (Double(image[pixel]) - Double(clean[pixel]))
    }
    let first = Self.toPlane(norm, image, gradient, gap, range)
    let second = Self.toPlane(norm, clean, gradient, fromClean, range)
    let (near, far) = (Self.size(norm, first), Self.size(norm, second))
    let alpha = near + far > 0 ? min(near / (near + far), 0.1) : 0
    var result = clean
    for pixel in clean.indices {
      let value =
        (1 - alpha) * (Double(image[pixel]) + 1.05 * first[pixel]) + alpha
        * (Double(clean[pixel]) + 1.05 * second[pixel])
      result[pixel] = Float(value)
      if let range { result[pixel] = min(max(result[pixel], range.lowerBound), range.upperBound) }
    }
    return result
  }

  private static func size(_ norm: AttackNorm, _ change: [Double]) -> Double {
    norm == .linf
      ? change.reduce(0) { max($0, abs($1)) } : change.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// The smallest change d with g . d = gap and x + d in the range; as near as the range allows where there is none.
  ///
  /// By the multiplier: in L2 d = clip(t g), in Linf d = clip(t sign(g)), to the room that each pixel has; g . d rises with t, less
  /// and less steeply as pixels reach the range. Newton's steps from below therefore stay below, and each but the last fills at least
  /// one pixel more: a handful where halving takes forty.
  static func toPlane(
    _ norm: AttackNorm, _ image: [Float], _ gradient: [Float], _ gap: Double,
    _ range: ClosedRange<Float>?
  ) -> [Double] {
    let count = image.count
    let goal = abs(gap)
    // Along side * g.
    let side: Double = gap < 0 ? -1 : 1
    let isMaximum = norm == .linf
    return [Double](unsafeUninitializedCapacity: count) { output, initialized in
      initialized = count
      let slopes = output
      withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { room in
        var whole = 0.0
        for pixel in 0..<count {
          let slope = side * Double(gradient[pixel])
          slopes[pixel] = slope
          whole += isMaximum ? abs(slope) : slope * slope
          let edge = range.map { slope > 0 ? $0.upperBound : $0.lowerBound }
          room[pixel] = edge.map { abs(Double($0) - Double(image[pixel])) } ?? .infinity
        }
        guard whole > 0, whole.isFinite, goal > 0 else {
          output.update(repeating: 0)
          return
        }
        var multiplier = goal / whole
        // One step for each pixel that may fill; sums in float64 may leave the last one undecided.
        for _ in 0..<(range == nil ? 0 : 60) {
          var (sum, steepness) = (0.0, 0.0)
          for pixel in 0..<count {
            let slope = abs(slopes[pixel])
            let rate = isMaximum ? 1 : slope
            let isFree = multiplier * rate < room[pixel]
            sum += slope * (isFree ? multiplier * rate : room[pixel])
            steepness += isFree ? slope * rate : 0
          }
          guard sum < goal * (1 - 1e-12), steepness > 0 else { break }
          multiplier += (goal - sum) / steepness
        }
        for pixel in 0..<count {
          let slope = slopes[pixel]
          let size = slope == 0 ? 0 : min(isMaximum ? multiplier : multiplier * abs(slope), room[pixel])
          output[pixel] = slope > 0 ? size : -size
        }
      }
    }
  }
}

/// The misclassified image of the smallest change so far, of each image.
struct NearestAttempts {
  private(set) var attempts: [Attempt]
  private(set) var sizes: [Double]
  private let images: AttackedImages
  private let radii: [Double]

  init(_ images: AttackedImages, _ radii: [Double]) {
    self.images = images
    self.radii = radii
    attempts = images.clean.map { Attempt(image: $0, isAdversarial: false) }
    sizes = [Double](repeating: .infinity, count: images.count)
  }

  mutating func note(_ image: [Float], _ logits: [Float], _ norm: AttackNorm, _ member: Int) {
    guard logits.predicted != images.labels[member] else { return }
    let size = norm.length(from: images.clean[member], to: image)
    guard size < sizes[member], size <= radii[member] else { return }
    sizes[member] = size
    attempts[member] = Attempt(image: image, isAdversarial: true)
  }
}
