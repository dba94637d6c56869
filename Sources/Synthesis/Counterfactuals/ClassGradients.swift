import BenchCore
import Foundation
import Tensor

/// The direction in which a classifier finds its targets likelier at images, averaged over augmented copies where there are several.
struct ClassGradients {
  let copies: AugmentedCopies
  let targets: [Int]
  /// Of the images in their set.
  let places: [Int]

  /// The gradient of the mean of log p(target | copy) over the copies, in direction; its length means nothing.
  ///
  /// That of a single copy is (1 - p) times the gradient of its log-odds, which does not vanish where the classifier is sure. Of several
  /// copies the factors count against each other alone, so they are divided by the largest, in logarithms.
  /// - Parameters:
  ///   - images: `[C, H, W]` each.
  ///   - index: 0 for the classifier that is explained, 1 for the guide.
  /// - Throws: `EvaluationError`, and the classifier's errors.
  func directions(
    of classifier: any Classifier, index: Int, at images: [[Double]], noise: Double, step: Int
  ) throws -> [[Double]] {
    let target = GradientTarget.logOddsPredicted
    var sums = images.map { [Double](repeating: 0, count: $0.count) }
    var largest = images.map { _ in -Double.infinity }
    for rows in blocks(of: images) {
      let sources = rows.map { $0 / copies.count }
      let warps = rows.map {
        copies.warps(place: places[$0 / copies.count], step: step, classifier: index, copy: $0 % copies.count)
      }
      let moved = zip(sources, warps).flatMap { source, warps in
        warps.reduce(images[source]) { $1($0) }.map { Float($0) }
      }
      let classes = sources.map { targets[$0] }
      let (logits, gradients, _) = try classifier.checkedGradients(
        of: [target], at: Tensor(shape: copies.shape.prepending(rows.count), scalars: moved), predicted: classes,
        labels: classes, place: { "the counterfactual of image \(places[sources[$0]]) at noise \(brief(noise))" })
      guard let gradient = gradients[target] else { preconditionFailure("no gradient of \(target.rawValue)") }
      // In the order of the copies, so that sums do not depend on blocks.
      for (row, source) in sources.enumerated() {
        let back = warps[row].reversed().reduce(gradient.item(row).map(Double.init)) { $1.transposed($0) }
        guard copies.count > 1 else {
          sums[source] = back
          continue
        }
        let doubt = Self.logDoubt(logits.item(row).map(Double.init), of: classes[row])
        if doubt > largest[source] {
          let shrunk = exp(largest[source] - doubt)
          for pixel in back.indices { sums[source][pixel] *= shrunk }
          largest[source] = doubt
        }
        // Of a class that is all there is, nothing is left to weigh.
        let weight = doubt.isFinite ? exp(doubt - largest[source]) : 0
        for pixel in back.indices { sums[source][pixel] += weight * back[pixel] }
      }
    }
    return sums
  }

  /// log(1 - p) of a class.
  private static func logDoubt(_ logits: [Double], of target: Int) -> Double {
    logSumExp(logits.indices.filter { $0 != target }.map { logits[$0] }) - logSumExp(logits)
  }

  /// Rows, all copies of an image and then those of the next, in runs of about 32 MB of pixels; no number depends on where they end.
  private func blocks(of images: [[Double]]) -> [Range<Int>] {
    let rows = images.count * copies.count
    let size = min(1024, max(16, (1 << 23) / max(1, copies.shape.count)))
    return stride(from: 0, to: rows, by: size).map { $0..<min(rows, $0 + size) }
  }
}
