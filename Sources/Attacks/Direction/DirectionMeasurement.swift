import BenchCore
import Foundation
import Tensor

/// Whether a model's gradient points to the closest other class: alpha of Bigolin Lanfredi et al., "Quantifying the Preferential Direction of the
/// Model Gradient in Adversarial Training With PGD" (Pattern Recognition, 2023).
package struct DirectionMeasurement: Sendable {
  /// What is told of the gradients.
  package let result: DirectionResult
  package let accuracy: Estimate

  /// Of |cos| of a direction without preference, among n numbers.
  package static func chance(_ count: Int) -> Double { (2 / (Double.pi * Double(count))).squareRoot() }

  /// - Parameters:
  ///   - set: not empty.
  ///   - unit: of the images.
  ///   - seed: of the bootstrap.
  /// - Throws: `EvaluationError`, the classifier's and the estimators' errors, and what the reporter throws to cancel.
  package init(
    of classifier: any Classifier, id: String, on set: ImageSet, estimators: DirectionEstimators,
    unit: ImageUnit = .pixels, seed: UInt64, threads: Int, progress: any ProgressReporter = SilentProgress()
  ) throws {
    let blockSize = 8
    let count = set.labels.count
    let ranges = stride(from: 0, to: count, by: blockSize).map { $0..<min(count, $0 + blockSize) }
    let blocks = try Workers.map(ranges.count, threads: threads) { index -> [[Double]] in
      let range = ranges[index]
      let (images, labels) = (set.images[batch: range], Array(set.labels[range]))
      let margin = try ClosestMargin(of: classifier, id: id, at: images, labels: labels, firstImage: range.lowerBound)
      let published = Tensor(shape: images.shape, scalars: images.scalars.map(unit.published))
      let alphaX = cosineSimilarities(margin.predictedGradients, published)
      let alphaXOfPixels = cosineSimilarities(margin.predictedGradients, images)
      let alphaDx = try estimators.directions(from: images, towards: margin.classes).map {
        cosineSimilarities(margin.gradients, $0)
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
    let names = (0..<4 + estimators.ids.count).map { "\($0)" }
    let table = SampleTable(names.enumerated().map { column, name in (name, rows.map { $0[column] }) })
    let means = Bootstrap(imageCount: count, seed: seed).means(of: table)
    accuracy = means.mean("1")
    result = DirectionResult(
      chance: Self.chance(set.images.stride),
      alphaDx: estimators.ids.enumerated().map { .init(estimator: $1, value: means.mean(names[4 + $0])) },
      alphaX: means.mean("2"), unit: unit.publishedName, alphaXOfPixels: means.mean("3"),
      medianLinearisedDistance: RadiusStatistics.median(rows.map { $0[0].isFinite ? $0[0] : nil }, seed: seed),
      referenceImages: estimators.referenceImages, noise: estimators.noise)
  }
}

/// The estimators of a measurement, in the order in which they are told.
package struct DirectionEstimators: Sendable {
  package let ids: [String]
  /// Training images among which the nearest are looked for; nil without.
  package let referenceImages: Int?
  /// Of `density`; nil without.
  package let noise: Double?
  private let groups: [any ClosestPointEstimates]
  /// Of each id: its group and its place there.
  private let places: [(group: Int, place: Int)]

  /// - Parameters:
  ///   - groups: no two estimates of one name.
  ///   - order: names; those that are not there are passed over.
  package init(_ groups: [any ClosestPointEstimates], order: [String], noise: Double? = nil) {
    self.groups = groups
    let all = groups.enumerated().flatMap { group, estimates in
      estimates.ids.enumerated().map { (id: $1, group: group, place: $0) }
    }
    let chosen = order.compactMap { id in all.first { $0.id == id } }
    (ids, places) = (chosen.map(\.id), chosen.map { ($0.group, $0.place) })
    referenceImages = groups.lazy.compactMap { ($0 as? NearestImages)?.imageCount }.first
    self.noise = noise
  }

  /// As `ClosestPoints.directions`, by each of `ids`.
  package func directions(from images: Tensor, towards classes: [Int]) throws -> [Tensor] {
    let found = try groups.map { try $0.directions(from: images, towards: classes) }
    return places.map { found[$0.group][$0.place] }
  }
}
