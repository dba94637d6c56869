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
  private let reference: Reference?
  private let threads: Int
  private let train: PixelDataset
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
  }

  /// Takes the fitted mixture from the cache, or fits and caches it.
  /// - Parameter remark: what is not known of the data.
  /// - Throws: `DatasetError`, `LinearAlgebraError`, and what the reporter throws to cancel.
  init(
    _ definition: Definition, classNames: [String], train: PixelDataset, test: PixelDataset, remark: String? = nil,
    options: TaskOptions
  ) throws {
    reference = try definition.settings.map { settings in
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
    self.train = train
    self.test = test
    dataRemark = remark
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
    try PixelImages(train, classCount: classNames.count, count: count, remark: dataRemark)
  }

  /// The first `count` images of the test split, in file order; `seed` is ignored.
  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    let set = try test.firstImages(count, task: id)
    guard let ownData else { return set }
    return ImageSet(
      name: "\(set.name) (own data: \(ownData))", split: set.split, images: set.images, labels: set.labels,
      signalMask: set.signalMask)
  }
}

extension PixelDataset {
  /// - Throws: `EvaluationError.notEnoughImages`.
  func firstImages(_ count: Int, task: String) throws(EvaluationError) -> ImageSet {
    guard count <= self.count else {
      throw .notEnoughImages(task: task, requested: count, available: self.count)
    }
    return prefix(count)
  }
}
