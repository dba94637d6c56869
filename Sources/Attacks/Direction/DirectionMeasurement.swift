import BenchCore
import Foundation
import Tensor

/// Whether a model's gradient points to the closest other class: alpha of Bigolin Lanfredi et al., "Quantifying the Preferential Direction of the
/// Model Gradient in Adversarial Training With PGD" (Pattern Recognition, 2023).
package struct DirectionMeasurement: Sendable {
  package let alphaDx: [(estimator: String, value: Estimate)]
  /// |cos| of the predicted class's gradient with the image, in units of [-1, 1] as published, and of [0, 1].
  package let alphaX: Estimate
  package let alphaXOfPixels: Estimate
  /// Median over images of the linearised distance to the closest other class, signed: below 0 where the model is wrong.
  package let linearisedDistance: Estimate
  package let accuracy: Estimate

  /// Of |cos| of a direction without preference, among n numbers.
  package static func chance(_ count: Int) -> Double { (2 / (Double.pi * Double(count))).squareRoot() }

  /// - Parameters:
  ///   - set: not empty.
  ///   - seed: of the bootstrap.
  /// - Throws: `EvaluationError`, the classifier's and the estimators' errors, and what the reporter throws to cancel.
  package init(
    of classifier: any Classifier, id: String, on set: ImageSet, estimators: [any ClosestPoints], seed: UInt64,
    threads: Int,
    progress: any ProgressReporter = SilentProgress()
  ) throws {
    let blockSize = 8
    let count = set.labels.count
    let ranges = stride(from: 0, to: count, by: blockSize).map { $0..<min(count, $0 + blockSize) }
    let blocks = try Workers.map(ranges.count, threads: threads) { index -> [[Double]] in
      let range = ranges[index]
      let (images, labels) = (set.images[batch: range], Array(set.labels[range]))
      let margin = try ClosestMargin(of: classifier, id: id, at: images, labels: labels, firstImage: range.lowerBound)
      let published = Tensor(shape: images.shape, scalars: images.scalars.map { 2 * $0 - 1 })
      let alphaX = cosineSimilarities(margin.predictedGradients, published)
      let alphaXOfPixels = cosineSimilarities(margin.predictedGradients, images)
      let alphaDx = try estimators.map { estimator in
        cosineSimilarities(margin.gradients, try estimator.directions(from: images, towards: margin.classes))
      }
      try progress.advance(by: range.count)
      return labels.indices.map { image in
        [
          margin.distances[image], labels[image] == margin.predicted[image] ? 1 : 0,
          abs(alphaX[image]), abs(alphaXOfPixels[image]),
        ] + alphaDx.map { $0[image] }
      }
    }
    let rows = blocks.flatMap { $0 }
    let names = (0..<4 + estimators.count).map { "\($0)" }
    let table = SampleTable(names.enumerated().map { column, name in (name, rows.map { $0[column] }) })
    let means = Bootstrap(imageCount: count, seed: seed).means(of: table)
    alphaDx = estimators.enumerated().map { ($1.id, means.mean(names[4 + $0])) }
    (accuracy, alphaX, alphaXOfPixels) = (means.mean("1"), means.mean("2"), means.mean("3"))
    linearisedDistance = RadiusStatistics.median(rows.map { $0[0].isFinite ? $0[0] : nil }, seed: seed)
  }
}
