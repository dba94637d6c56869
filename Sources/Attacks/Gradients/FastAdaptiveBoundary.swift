import BenchCore

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
        nearest.note(current[member], logits, norm, member)
        current[member] = next(
          from: current[member], clean: images.clean[member], gradient: result.gradients[member],
          gap: Double(logits[images.labels[member]]) - Double(logits[targets[member]]), range: images.range)
      }
      // What was reached is asked at once, for the way back depends on it.
      for (member, logits) in try images.logits(current, of: everyone).enumerated()
      where nearest.note(current[member], logits, norm, member) {
        current[member] = Self.back(current[member], to: images.clean[member])
      }
    }
    for (member, logits) in try images.logits(current, of: everyone).enumerated() {
      nearest.note(current[member], logits, norm, member)
    }
  }

  /// What was reached, a tenth of the way back to the clean image.
  private static func back(_ image: [Float], to clean: [Float]) -> [Float] {
    zip(image, clean).map { image, clean in clean + 0.9 * (image - clean) }
  }

  /// - Parameters:
  ///   - gradient: of the target's logit minus the label's.
  ///   - gap: the label's logit minus the target's.
  private func next(
    from image: [Float], clean: [Float], gradient: [Float], gap: Double, range: ClosedRange<Float>?
  ) -> [Float] {
    let (from, centre, slopes) = (PixelLanes(image), PixelLanes(clean), PixelLanes(gradient))
    var sum = PixelLanes.Lanes.zero
    for block in slopes.lanes.indices { sum += slopes.lanes[block] * (from.lanes[block] - centre.lanes[block]) }
    let first = PlaneChange(norm, from, slopes, gap, range)
    let second = PlaneChange(norm, centre, slopes, gap + sum.sum(), range)
    let (near, far) = (first.size, second.size)
    let alpha = near + far > 0 ? min(near / (near + far), 0.1) : 0
    return [Float](unsafeUninitializedCapacity: clean.count) { result, count in
      count = clean.count
      for block in slopes.lanes.indices {
        let values = SIMD8<Float>(
          (1 - alpha) * (from.lanes[block] + 1.05 * first.lanes[block]) + alpha
            * (centre.lanes[block] + 1.05 * second.lanes[block]))
        for pixel in 8 * block..<min(8 * block + 8, count) {
          let value = values[pixel - 8 * block]
          result[pixel] = range.map { min(max(value, $0.lowerBound), $0.upperBound) } ?? value
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

  /// - Returns: whether the image is misclassified, however large the change.
  @discardableResult
  mutating func note(_ image: [Float], _ logits: [Float], _ norm: AttackNorm, _ member: Int) -> Bool {
    guard logits.predicted != images.labels[member] else { return false }
    let size = norm.length(from: images.clean[member], to: image)
    if size < sizes[member], size <= radii[member] {
      sizes[member] = size
      attempts[member] = Attempt(image: image, isAdversarial: true)
    }
    return true
  }
}
