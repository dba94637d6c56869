import BenchCore
import Foundation
import Mixtures
import Tensor

/// A task on real images: nothing about their distribution is known, so manifold, score and reference classifier are
/// those of a mixture of factor analysers fitted to the training images.
struct MixtureTask: BenchmarkTask {
  let id: String
  let version: Int
  let classNames: [String]
  let protocolConstants: ProtocolConstants
  let calibration: RegimeCalibration
  let criteria: RegimeCriteria
  let mixture: FactorMixture
  let quality: ReferenceQuality
  private let mixtureManifold: MixtureManifold
  private let threads: Int
  private let test: PixelDataset
  let dataRemark: String?
  private let ownData: String?

  /// What distinguishes one such task from another.
  struct Definition {
    var id: String
    var version: Int
    var protocolConstants: ProtocolConstants
    var calibration: RegimeCalibration
    var criteria: RegimeCriteria
    var settings: MixtureSettings
  }

  /// - Parameter remark: what is not known of the data.
  ///
  /// Takes the fitted mixture from the cache, or fits and caches it.
  /// - Throws: `DatasetError`, `LinearAlgebraError`, and what the reporter throws to cancel.
  init(
    _ definition: Definition, classNames: [String], train: PixelDataset, test: PixelDataset, remark: String? = nil,
    options: TaskOptions
  ) throws {
    let fitted = try MixtureReference(
      train: train, test: test, classNames: classNames, settings: definition.settings, options: options
    ).fitted()
    id = definition.id
    version = definition.version
    self.classNames = classNames
    protocolConstants = definition.protocolConstants
    calibration = definition.calibration
    criteria = definition.criteria
    self.test = test
    dataRemark = remark
    ownData = options.dataDirectory.flatMap(PublishedData.ownData)
    threads = options.threads
    mixture = FactorMixture(
      id: "\(definition.id)-mixture", imageShape: train.imageShape, logPriors: fitted.logPriors,
      componentsOfClasses: fitted.components)
    mixtureManifold = MixtureManifold(
      mixture: mixture, dimension: definition.settings.tangentDimension, threads: options.threads)
    quality = ReferenceQuality(
      heldOutLogLikelihood: fitted.heldOutLogLikelihood, accuracy: fitted.accuracy, images: fitted.heldOutImages,
      manifoldDimension: mixtureManifold.dimension)
  }

  var imageShape: Shape { test.imageShape }
  var defaultImageCount: Int { min(1000, test.count) }
  var manifold: any Manifold { mixtureManifold }
  var density: any ClassConditionalDensity { mixture }
  var score: any Score { DensityScore(mixture, threads: threads) }
  var densityIsExact: Bool { false }
  var signalMask: [Bool]? { nil }

  /// The first `count` images of the test split, in file order; `seed` is ignored.
  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    let set = try test.firstImages(count, task: id)
    guard let ownData else { return set }
    return ImageSet(
      name: "\(set.name) (own data: \(ownData))", split: set.split, images: set.images, labels: set.labels)
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
