import Tensor

/// How much of a model's input gradient lies on the pixels that carry the label, where those are known: what DiffROAR and BlockMNIST
/// ask by retraining (Shah et al. 2021), answered exactly. A direction without preference has the share of the pixels themselves.
package struct SignalShares: Sendable {
  /// Parts of an image's coordinates, those with the largest gradient.
  package static let parts = [0.05, 0.1, 0.2]

  /// Of the predicted class's logit, whose gradient the paper's figure 16 shows.
  package static let target = GradientTarget.logitPredicted

  /// Share of the pixels.
  package let pixels: Double
  /// Share of the gradient's squared length, mean over images with bootstrap interval.
  package let energy: Estimate
  /// For each of `parts`, the share of these coordinates.
  package let top: [Estimate]

  /// - Parameters:
  ///   - set: with a signal mask.
  ///   - seed: of the bootstrap.
  /// - Throws: `EvaluationError`, the classifier's errors, and what the reporter throws to cancel.
  /// - Precondition: the set has a signal mask, and an image.
  package init(
    of classifier: any Classifier, id: String, on set: ImageSet, seed: UInt64, threads: Int,
    progress: any ProgressReporter = SilentProgress()
  ) throws {
    guard let mask = set.signalMask else { preconditionFailure("asked of a task that knows its signal") }
    let blockSize = 64
    let count = set.labels.count
    let ranges = stride(from: 0, to: count, by: blockSize).map { $0..<min(count, $0 + blockSize) }
    let blocks = try Workers.map(ranges.count, threads: threads) { index -> [[Double]] in
      let range = ranges[index]
      let gradients = try classifier.checkedGradients(
        of: [Self.target], at: set.images[batch: range], labels: Array(set.labels[range]), owner: id,
        firstImage: range.lowerBound
      ).gradients
      guard let gradient = gradients[Self.target] else { preconditionFailure("asked for") }
      try progress.advance(by: range.count)
      return range.enumerated().map { Self.shares(gradient.item($0), mask[$1]) }
    }
    let rows = blocks.flatMap { $0 }
    let names = (0...Self.parts.count).map { "\($0)" }
    let table = SampleTable(names.enumerated().map { column, name in (name, rows.map { $0[column] }) })
    let means = Bootstrap(imageCount: count, seed: seed).means(of: table)
    energy = means.mean(names[0])
    top = names.dropFirst().map(means.mean)
    let signal = (0..<count).reduce(0) { $0 + mask[$1].count { $0 } }
    pixels = Double(signal) / Double(count * set.images.stride)
  }

  /// Share of the energy, then those of the largest coordinates; of equal ones the first. NaN where the gradient is zero.
  static func shares(_ gradient: ArraySlice<Float>, _ mask: [Bool]) -> [Double] {
    let squares = gradient.map { Double($0) * Double($0) }
    let total = squares.reduce(0, +)
    guard total > 0 else { return [Double](repeating: .nan, count: 1 + parts.count) }
    let onSignal = zip(squares, mask).reduce(0) { $1.1 ? $0 + $1.0 : $0 }
    let order = squares.indices.sorted { squares[$0] != squares[$1] ? squares[$0] > squares[$1] : $0 < $1 }
    return [onSignal / total]
      + parts.map { part in
        let largest = order.prefix(max(1, Int((part * Double(order.count)).rounded())))
        return Double(largest.count { mask[$0] }) / Double(largest.count)
      }
  }
}
