import BenchCore
import Foundation
import Mixtures
import Tensor

/// A task on real images: nothing about their distribution is known, so manifold, score and reference classifier are
/// those of a mixture of factor analysers fitted to the training images. Where none is to be fitted, the task has images alone.
struct PixelTask: BenchmarkTask {
  let id: String
  let version: Int
  let classNames: [String]
  let protocolConstants: ProtocolConstants
  let calibration: RegimeCalibration
  let criteria: RegimeCriteria?
  let scoreComparison: ScoreComparison?
  private let reference: Reference?
  private let threads: Int
  private let content: PixelContent
  private let test: PixelDataset
  let dataRemark: String?
  private let ownData: String?

  private struct Reference {
    let mixture: FactorMixture
    let manifold: MixtureManifold
    let quality: ReferenceQuality
  }

  /// What distinguishes one such task from another, beside its files.
  struct Definition {
    var id: String
    var version: Int
    var protocolConstants: ProtocolConstants
    var calibration: RegimeCalibration
    /// Nil until the thresholds are validated on models of the data set; the regime rule is not applied then.
    var criteria: RegimeCriteria?
    /// Of the mixture; nil for none.
    var settings: MixtureSettings?
    /// How gradients are compared with scores; nil for those of the images as they are.
    var compared: ScoreComparison?
  }

  /// Takes the fitted mixture from the cache, or fits and caches it.
  /// - Throws: `DatasetError`, `LinearAlgebraError`, and what the reporter throws to cancel.
  init(
    _ definition: Definition, _ content: PixelContent, options: TaskOptions
  ) throws {
    let (classNames, test) = (content.classNames, content.test)
    reference = try definition.settings.map { settings in
      let train = try content.training()
      let fitted = try MixtureReference(
        train: train, test: test, classNames: classNames, settings: settings, options: options
      ).fitted()
      let mixture = FactorMixture(
        id: "\(definition.id)-mixture", imageShape: train.imageShape, logPriors: fitted.logPriors,
        componentsOfClasses: fitted.components)
      let manifold = MixtureManifold(
        mixture: mixture, dimension: settings.tangentDimension, threads: options.threads)
      return Reference(
        mixture: mixture, manifold: manifold,
        quality: ReferenceQuality(
          heldOutLogLikelihood: fitted.heldOutLogLikelihood, accuracy: fitted.accuracy, images: fitted.heldOutImages,
          manifoldDimension: manifold.dimension))
    }
    id = definition.id
    version = definition.version
    self.classNames = classNames
    protocolConstants = definition.protocolConstants
    calibration = definition.calibration
    criteria = definition.criteria
    scoreComparison = definition.compared
    self.content = content
    self.test = test
    dataRemark = content.remark
    ownData = options.dataDirectory.flatMap(PublishedData.ownData)
    threads = options.threads
  }

  var imageShape: Shape { test.imageShape }
  var defaultImageCount: Int { min(1000, test.count) }
  var manifold: (any Manifold)? { reference?.manifold }
  var density: (any ClassConditionalDensity)? { reference?.mixture }
  var score: (any Score)? { reference.map { DensityScore($0.mixture, threads: threads) } }
  var quality: ReferenceQuality? { reference?.quality }
  var densityIsExact: Bool { false }
  var pixelRange: ClosedRange<Float>? { 0...1 }

  /// In file order; `seed` is ignored.
  func trainingImages(count: Int?, seed: UInt64) throws -> (any LabelledImages)? {
    try PixelImages.training(content, count: count)
  }

  /// The first `count` images of the test split, in file order; `seed` is ignored.
  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    let set = try test.firstImages(count, task: id)
    return ImageSet(
      name: imagesName, split: set.split, images: set.images, labels: set.labels, signalMask: set.signalMask)
  }

  /// Converted, and where they are files decoded, block by block.
  func evaluationStream(count: Int, seed: UInt64) throws -> EvaluationImages {
    try test.check(count, task: id)
    let test = test
    return EvaluationImages(
      name: imagesName, split: test.split, imageShape: imageShape, labels: Array(test.labels.prefix(count)),
      signalMask: test.signalMask?[images: 0..<count]
    ) { try test.images($0) }
  }

  private var imagesName: String { ownData.map { "\(test.name) (own data: \($0))" } ?? test.name }
}

extension PixelDataset {
  /// - Throws: `EvaluationError.notEnoughImages`.
  func check(_ count: Int, task: String) throws(EvaluationError) {
    guard count <= self.count else {
      throw .notEnoughImages(task: task, requested: count, available: self.count)
    }
  }

  /// All of them in memory, as numbers.
  /// - Throws: `EvaluationError.notEnoughImages`, `DatasetError.tooManyImages`, and what reading them throws.
  func firstImages(_ count: Int, task: String) throws -> ImageSet {
    try check(count, task: task)
    let largest = MemoryLimit.bytes / (2 * MemoryLayout<Float>.stride * imageShape.count)
    guard count <= largest else { throw DatasetError.tooManyImages(task: task, count: count, largest: largest) }
    return try prefix(count)
  }
}
