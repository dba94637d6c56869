import BenchCore
import Foundation
import Tensor

/// Attacks a set of images, and tells what was found.
package struct RobustnessMeasurement: Sendable {
  package let classifier: any Classifier
  package let set: ImageSet
  /// To which attacked images are clipped; nil for none.
  package let range: ClosedRange<Float>?
  package let seed: UInt64
  package let threads: Int

  package struct Outcome: Sendable {
    package var entry: RobustnessEntry
    /// `[N, C, H, W]`: misclassified images, or the strongest attempts where there are none.
    package var images: Tensor
  }

  /// - Throws: `AttackError.outsideRange` for a clean image that clipping would change.
  package init(
    classifier: any Classifier, set: ImageSet, range: ClosedRange<Float>?, seed: UInt64,
    threads: Int
  ) throws {
    if let range, let bad = set.images.scalars.firstIndex(where: { !range.contains($0) }) {
      throw AttackError.outsideRange(
        image: bad / max(1, set.images.stride), value: set.images.scalars[bad],
        low: range.lowerBound,
        high: range.upperBound)
    }
    self.classifier = classifier
    self.set = set
    self.range = range
    self.seed = seed
    self.threads = threads
  }

  /// - Throws: `AttackError`, `CancellationError`, and the classifier's errors.
  package func run(
    _ plan: AttackPlan, checksMasking: Bool, progress: any ProgressReporter
  ) throws -> Outcome {
    let blocks = blocks
    progress.begin(plan.attack.id, total: set.images.batch)
    let found = try Workers.map(blocks.count, threads: threads) { index in
      let found = try plan.search.run(plan.attack, on: attacked(Array(blocks[index]), progress))
      try progress.advance(by: found.count)
      return found
    }.flatMap { $0 }
    return try outcome(of: plan, found, checksMasking: checksMasking, flags: nil, progress: progress)
  }

  /// - Parameters:
  ///   - found: of all images.
  ///   - flags: what the checks for masked gradients said of all images; nil to make them, where they are wanted.
  func outcome(
    of plan: AttackPlan, _ found: [RadiusSearch.Found], checksMasking: Bool, flags: MaskingChecks.Flags?,
    progress: any ProgressReporter
  ) throws -> Outcome {
    let (attack, radii, tolerance) = (plan.attack, plan.radii, plan.tolerance)
    let sizes = found.map(\.radius)
    let kind: RadiusSearchRecord.Kind =
      attack.isMinimal ? .minimal : tolerance == nil ? .grid : .bisection
    var entry = RobustnessEntry(
      attack: attack.record, norm: attack.norm, seed: seed, imagesDigest: set.digest,
      clip: range.map { [Double($0.lowerBound), Double($0.upperBound)] },
      search: RadiusSearchRecord(
        kind: kind, grid: radii.grid, tolerance: kind == .bisection ? tolerance : nil),
      radii: sizes, medianRadius: RadiusStatistics.median(sizes, seed: seed),
      robustAccuracy: RadiusStatistics.robustAccuracy(sizes, at: radii.reportedPairs, seed: seed),
      published: radii.published.isEmpty
        ? nil : RadiusStatistics.published(sizes, grid: radii.published, unit: radii.unit))
    if checksMasking, attack.norm != .spatial {
      let checks = maskingChecks(of: plan)
      let radius = radii.reported.first?.radius ?? checkedRadius(entry.medianRadius.value, radii.grid)
      let flags =
        try flags ?? checks.flags(sizes.indices.map { ($0, sizes[$0]) }, at: radius, progress: progress)
      entry.masking = checks.result(flags, at: radius)
    }
    let shape = set.images.shape
    return Outcome(entry: entry, images: Tensor(shape: shape, scalars: found.flatMap(\.image)))
  }

  func maskingChecks(of plan: AttackPlan) -> MaskingChecks {
    MaskingChecks(measurement: self, norm: plan.attack.norm, grid: plan.radii.grid)
  }

  /// Where no radius is customary: the median; where most images are misclassified as they are, the smallest of the grid.
  private func checkedRadius(_ median: Double?, _ grid: [Double]) -> Double {
    guard let median else { return grid[grid.count - 1] }
    return median > 0 ? median : grid[0]
  }

  /// Images `places` under attack.
  func attacked(_ places: [Int], _ progress: any ProgressReporter) -> AttackedImages {
    AttackedImages(
      classifier: classifier, clean: places.map { Array(set.images.item($0)) },
      labels: places.map { set.labels[$0] },
      places: places, range: range, seed: seed, checkCancellation: progress.checkCancellation)
  }

  /// A matter of memory and speed only.
  private var blocks: [Range<Int>] {
    let count = set.images.batch
    return ranges(of: count, size: max(1, min(largestBlock, (count + threads - 1) / threads)))
  }

  private var largestBlock: Int { max(1, min(64, (1 << 22) / max(1, set.images.stride))) }

  private func ranges(of count: Int, size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// What becomes of some images, whose places are given, within one radius; in their order.
  func attempts(
    of places: [Int], by attack: any Attack, within radius: Double, progress: any ProgressReporter
  ) throws -> [Bool] {
    let blocks = ranges(of: places.count, size: largestBlock)
    return try Workers.map(blocks.count, threads: threads) { index in
      let members = Array(places[blocks[index]])
      let images = attacked(members, progress)
      let attempts = try attack.attack(
        images, within: [Double](repeating: radius, count: members.count),
        from: [[Float]?](repeating: nil, count: members.count))
      return attempts.map(\.isAdversarial)
    }.flatMap { $0 }
  }
}
