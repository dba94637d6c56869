import BenchCore
import Foundation
import Tensor

/// What came of images that were changed towards a class, by what is known of the task.
package struct ChangeMeasurement {
  let task: any BenchmarkTask
  let references: ReferenceImages
  let threads: Int

  /// - Parameter threads: no number depends on it.
  package init(task: any BenchmarkTask, references: ReferenceImages, threads: Int) {
    (self.task, self.references, self.threads) = (task, references, threads)
  }

  /// The log-posterior of one class for each image, by the task's density without noise; nil where there is none.
  package func posteriors(of classes: [Int], at images: Tensor) throws -> [Double]? {
    guard let density = task.density else { return nil }
    return try Workers.map(images.batch, threads: threads) { image in
      let row = density.logPosteriors(try density.logDensities(at: images[batch: image..<image + 1], noise: 0))
      return exp(row[0, classes[image]])
    }
  }

  /// `Bayes` where the density is the truth.
  package var referenceWord: String { task.densityIsExact ? "Bayes" : "fitted" }

  /// For each image, the class but its label that the density holds for the most likely without noise; where there is no density, the
  /// next one.
  package func likeliestOthers(of images: ChosenImages) throws -> [Int] {
    guard let density = task.density else { return images.labels.map { ($0 + 1) % task.classCount } }
    return try Workers.map(images.count, threads: threads) { image in
      let row = density.logPosteriors(try density.logDensities(at: images.images[batch: image..<image + 1], noise: 0))
      let others = (0..<task.classCount).filter { $0 != images.labels[image] }
      return others.dropFirst().reduce(others[0]) { row[0, $1] > row[0, $0] ? $1 : $0 }
    }
  }

  /// One row an image; columns without a model's name in them hold what the model had nothing to do with.
  /// - Parameters:
  ///   - starts: `[N, C, H, W]`, before.
  ///   - images: after.
  ///   - classifier: nil where none had to do with it.
  ///   - unguided: what came of the starts without a classifier; nil where that is the starts themselves.
  ///   - mask: which pixels carry the class.
  /// - Throws: `EvaluationError`, and the errors of classifier and task.
  package func samples(
    of classifier: (any Classifier)?, from starts: Tensor, to images: Tensor, unguided: Tensor? = nil, targets: [Int],
    mask: SignalMask?
  ) throws -> SampleTable {
    var table = SampleTable()
    if let classifier {
      let logits = try classifier.checkedLogits(images) { "changed image \($0)" }
      table.append(
        "model's probability of the target",
        targets.enumerated().map { softmax(logits.item($0).map(Double.init))[$1] })
    }
    for (name, images) in [("", images), ("before: ", starts)] {
      guard let posteriors = try posteriors(of: targets, at: images) else { continue }
      table.append("\(name)\(referenceWord) posterior of the target", posteriors)
      table.append("\(name)share with a posterior above 0.9", posteriors.map { $0 > 0.9 ? 1 : 0 })
    }
    let changes = images.minus(starts)
    table.append("length of the change", (0..<images.batch).map { squaredNorm(changes.item($0)).squareRoot() })
    if let mask {
      table.append("share of the change on signal pixels", mask.energyShares(of: changes))
      table.append("length of the change on the others", mask.lengths(of: changes, on: false))
      if let unguided {
        let effects = images.minus(unguided)
        table.append("share of the classifier's effect on signal pixels", mask.energyShares(of: effects))
        table.append("length of the classifier's effect on the others", mask.lengths(of: effects, on: false))
      }
    }
    if let shares = try tangentShares(of: changes, at: starts) {
      table.append("share of the change along tangent spaces", shares)
    }
    for (name, images) in [("", images), ("before: ", starts)] {
      table.append(
        "\(name)distance to the closest image of the class",
        try references.closest(to: images, ofClasses: targets, threads: threads).map(\.distance))
    }
    return table
  }

  /// The share of each change's energy along the tangent space where it began; nil where the task has no manifold.
  private func tangentShares(of changes: Tensor, at images: Tensor) throws -> [Double]? {
    guard let manifold = task.manifold else { return nil }
    var shares: [Double] = []
    for start in stride(from: 0, to: images.batch, by: 32) {
      let range = start..<min(images.batch, start + 32)
      let changes = changes[batch: range]
      let along = try manifold.tangentBasis(at: images[batch: range]).projection(of: changes)
      shares += (0..<range.count).map { image in
        let all = squaredNorm(changes.item(image))
        return all > 0 ? squaredNorm(along.item(image)) / all : .nan
      }
    }
    return shares
  }
}

extension Tensor {
  package func minus(_ other: Tensor) -> Tensor {
    precondition(shape == other.shape, "\(shape) minus \(other.shape)")
    return Tensor(shape: shape, scalars: zip(scalars, other.scalars).map { $0 - $1 })
  }
}
