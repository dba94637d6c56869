import BenchCore
import Tensor

extension RobustnessMeasurement {
  /// What attacked images of somebody else are worth: nothing is believed of them but their pixels.
  ///
  /// A radius is the size of the change of an image that is classified wrongly, and none where it is classified rightly or, with a
  /// range, leaves it.
  /// - Parameters:
  ///   - given: `[N, C, H, W]`, in the order of the set.
  ///   - file: for messages.
  /// - Returns: how many of them leave the range, beside the entry.
  /// - Throws: `AttackError.wrongFile` where there are not as many images of that shape; the classifier's errors.
  package func verify(
    _ given: Tensor, file: String, norm: AttackNorm, radii: AttackRadii, progress: any ProgressReporter
  ) throws -> (entry: RobustnessEntry, outside: Int) {
    guard given.shape == set.images.shape else {
      throw AttackError.wrongFile(
        file: file,
        problem: "`images` has shape \(given.shape), expected \(set.images.shape); pass --images \(given.batch)")
    }
    var sizes: [Double?] = []
    var outside = 0
    for start in stride(from: 0, to: given.batch, by: 64) {
      let places = Array(start..<min(start + 64, given.batch))
      let images = attacked(places, progress)
      let everyone = Array(places.indices)
      let clean = try images.logits(images.clean, of: everyone)
      let changed = places.map { Array(given.item($0)) }
      let logits = try images.logits(changed, of: everyone)
      for member in everyone {
        let leaves = range.map { range in !changed[member].allSatisfy(range.contains) } ?? false
        if leaves { outside += 1 }
        if clean[member].predicted != images.labels[member] {
          sizes.append(0)
        } else if !leaves, logits[member].predicted != images.labels[member] {
          sizes.append(norm.length(from: images.clean[member], to: changed[member]))
        } else {
          sizes.append(nil)
        }
      }
    }
    let largest = sizes.compactMap { $0 }.max() ?? 0
    let entry = RobustnessEntry(
      attack: AttackRecord(id: "given-images"), norm: norm, seed: seed, imagesDigest: set.digest,
      clip: range.map { [Double($0.lowerBound), Double($0.upperBound)] },
      search: RadiusSearchRecord(kind: .grid, grid: [largest > 0 ? largest : 1]), radii: sizes,
      medianRadius: RadiusStatistics.median(sizes, seed: seed),
      // What float32 rounds an image by is no change.
      robustAccuracy: RadiusStatistics.robustAccuracy(
        sizes.map { $0.map { max(0, $0 * (1 - 1e-5) - 6e-8) } }, at: radii.reportedPairs, seed: seed))
    return (entry, outside)
  }
}
