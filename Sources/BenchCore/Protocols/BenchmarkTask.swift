import Foundation
import Tensor

/// What a model is measured against: images, and as far as they are known the manifold they lie on, the score of their
/// distribution and a density.
///
/// What a task lacks (nil) is not measured, and where the regime rule needs it, the rule is not applied: the result then holds
/// no verdict but a sentence that says so (`TaskCapability`).
///
/// (Called `BenchmarkTask`, not `Task`, because that name is Swift's own for a unit of concurrency.)
public protocol BenchmarkTask: Sendable {
  var id: String { get }
  /// Raised whenever a constant changes: results of different versions are not compared.
  var version: Int { get }
  var classNames: [String] { get }
  /// `[C, H, W]`.
  var imageShape: Shape { get }
  /// How many images `evaluate` takes unless told otherwise.
  var defaultImageCount: Int { get }

  /// The first `count` evaluation images; procedural tasks draw them from `seed`, others ignore it.
  /// - Throws: `EvaluationError.notEnoughImages` where the data set has fewer.
  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet

  /// The same images, for an evaluation, which reads them block by block: a data set of files gives them without holding them all. The
  /// default is those of `evaluationImages`.
  /// - Throws: as `evaluationImages`.
  func evaluationStream(count: Int, seed: UInt64) throws -> EvaluationImages

  /// The images to train on, as `TaskPlugin.images`, without reading the data again; nil (the default) where there are none.
  /// - Parameters:
  ///   - count: the first so many; nil for all there are, or for the task's own number where it draws them.
  ///   - seed: of drawn images; others ignore it.
  func trainingImages(count: Int?, seed: UInt64) throws -> (any LabelledImages)?

  /// Nil where no tangent spaces are known: sensitivities and relative robustness are then not measured.
  var manifold: (any Manifold)? { get }
  /// Nil where none is known: gradients are then not compared with scores.
  var score: (any Score)? { get }
  /// Where gradients are compared with scores of smaller images; nil (the default) for those of the task's images. Such a task has no
  /// `score`.
  var scoreComparison: ScoreComparison? { get }
  /// What `scoreComparison` compares with; nil (the default) where there is none.
  var scaledScore: ScaledScore? { get }
  /// The exact density where it is known, otherwise one fitted to the training images; nil where there is none, and gradients are
  /// then not compared with those of its classifier.
  var density: (any ClassConditionalDensity)? { get }
  /// Whether there is a density and it is the truth, so that alignment with it is alignment with the Bayes-optimal classifier.
  var densityIsExact: Bool { get }
  /// Another model of the images whose classifier's gradient is asked beside the density's; nil (the default) for none.
  var secondReference: (any PosteriorScore)? { get }

  var protocolConstants: ProtocolConstants { get }
  /// The tangent spaces and the score of the distribution that the images are drawn from, where they are known: what learned
  /// ones are checked against. The defaults are the task's own where its density is exact.
  var exactManifold: (any Manifold)? { get }
  var exactScore: (any Score)? { get }
  /// Of rule v1.
  var calibration: RegimeCalibration { get }
  /// Of rule v2; nil where the task was not calibrated.
  var criteria: RegimeCriteria? { get }
  /// Where they are from; nil (the default) for the task's own.
  var criteriaSource: CriteriaSource? { get }
  /// Of the density; nil without one.
  var quality: ReferenceQuality? { get }
  /// What stands against the data being those that the task is about, in words; nil where nothing does. Results with such a remark
  /// are not compared with others.
  var dataRemark: String? { get }
  /// What values pixels can have, so that attacked images are clipped to them; nil (the default) where any number is an image's.
  var pixelRange: ClosedRange<Float>? { get }
  /// What the numbers of the images are; pixels by default.
  var imageUnit: ImageUnit { get }
  /// The exact way from an image to where another class begins; nil (the default) where it is not known.
  var closestPoints: (any ClosestPoints)? { get }
  /// The classifier whose boundary lies in the middle between the classes, so that no other has a larger margin; nil (the default)
  /// where it is not known. `margin` names it in the place of a model.
  var marginClassifier: (any Classifier)? { get }
  /// Why the regime rule would say of the task what is not so, as a clause that follows "because"; nil (the default) where it would not.
  /// Such a task must lack something that the rule needs.
  var ruleContradiction: String? { get }
}

extension BenchmarkTask {
  public var classCount: Int { classNames.count }
  /// Whether a rule can be applied, everything is the task's own and its data are those that it is about, so that results can be
  /// compared: what `EvaluationResult.hasVerdict`, `TaskRecord.hasOwnReferences` and `.hasOwnData` say afterwards.
  public var isComparable: Bool { hasOwnReferences && dataRemark == nil && missingForRule.isEmpty }
  /// Whether manifold, score and criteria are the task's own and there is no second reference.
  public var hasOwnReferences: Bool {
    manifold?.learned == nil && score?.learned == nil && scaledScore == nil && secondReference == nil
      && criteriaSource == nil
  }
  public var secondReference: (any PosteriorScore)? { nil }
  public var scoreComparison: ScoreComparison? { nil }
  public var scaledScore: ScaledScore? { nil }
  /// `[C, H, W]` of gradients as they are compared with scores.
  public var comparedShape: Shape { scoreComparison?.shape ?? imageShape }
  public var criteriaSource: CriteriaSource? { nil }
  public var dataRemark: String? { nil }
  public var pixelRange: ClosedRange<Float>? { nil }
  public var imageUnit: ImageUnit { .pixels }
  public func trainingImages(count: Int?, seed: UInt64) throws -> (any LabelledImages)? { nil }
  public func evaluationStream(count: Int, seed: UInt64) throws -> EvaluationImages {
    EvaluationImages(try evaluationImages(count: count, seed: seed))
  }
  public var closestPoints: (any ClosestPoints)? { nil }
  public var marginClassifier: (any Classifier)? { nil }
  public var ruleContradiction: String? { nil }
  public var exactManifold: (any Manifold)? { densityIsExact ? manifold : nil }
  public var exactScore: (any Score)? { densityIsExact ? score : nil }

  /// What the task lacks of what it may have, in a fixed order.
  public var missing: [TaskCapability] {
    let has: [(TaskCapability, Bool)] = [
      (.manifold, manifold != nil), (.score, score != nil || scaledScore != nil), (.density, density != nil),
      (.criteria, criteria != nil),
    ]
    return has.filter { !$1 }.map(\.0)
  }
  /// Of these, what keeps the regime rule from being applied.
  public var missingForRule: [TaskCapability] { missing.filter(\.isNeededByRule) }
}

/// Labelled images in a fixed order.
public struct ImageSet: Sendable {
  public let name: String
  public let split: String
  /// `[N, C, H, W]`.
  public let images: Tensor
  public let labels: [Int]
  /// Which pixels carry the labels; nil (the default) where that is not known.
  public let signalMask: SignalMask?

  public init(name: String, split: String, images: Tensor, labels: [Int], signalMask: SignalMask? = nil) {
    precondition(images.batch == labels.count, "one label per image")
    self.signalMask = signalMask
    self.name = name
    self.split = split
    self.images = images
    self.labels = labels
  }
}

/// The constants of a task's protocol; all lengths and noise levels in pixel units of [0, 1].
public struct ProtocolConstants: Sendable {
  /// Step sizes of the sensitivity curves.
  public var stepSizes: [Double]
  /// The step at which off- and on-manifold sensitivity are compared (R of the rule); one of `stepSizes`.
  public var wideStep: Double
  /// The step at which on-manifold sensitivity is compared with the reference's (K of the rule); one of `stepSizes`.
  public var smallStep: Double
  /// Noise levels of the score.
  public var scoreNoises: [Double]
  /// Noise levels at which the reference classifier is smoothed for gradient alignment.
  public var alignmentNoises: [Double]
  /// The one of `alignmentNoises` that decides (sigma_a).
  public var decisiveNoise: Double
  /// sigma of the small isotropic noise of definition 1.
  public var robustnessNoise: Double

  public init(
    stepSizes: [Double], wideStep: Double, smallStep: Double, scoreNoises: [Double], alignmentNoises: [Double],
    decisiveNoise: Double, robustnessNoise: Double
  ) {
    precondition(stepSizes.contains(wideStep) && stepSizes.contains(smallStep))
    precondition(alignmentNoises.contains(decisiveNoise))
    self.stepSizes = stepSizes
    self.wideStep = wideStep
    self.smallStep = smallStep
    self.scoreNoises = scoreNoises
    self.alignmentNoises = alignmentNoises
    self.decisiveNoise = decisiveNoise
    self.robustnessNoise = robustnessNoise
  }
}

/// What the rule compares a model with.
public enum RegimeCalibration: Sendable, Equatable, Codable {
  /// The exact Bayes classifier, measured on the same images and resampled with them; the gate is absolute.
  case bayes(gate: Double)
  /// Recorded numbers: the median on-manifold sensitivity at the small step of the standard models named. The accuracy
  /// reference comes from the model's claims; the gate is relative to the controls.
  case recorded(onManifoldSensitivity: Double, models: [String])
  /// Nothing is known: the corresponding conditions are reported and not used.
  case none
}

/// How good the task's density is as a model of its images, measured on images it was not fitted to.
public struct ReferenceQuality: Sendable, Equatable, Codable {
  /// Mean log-density per image, in nats; nil where the density is exact.
  public var heldOutLogLikelihood: Double?
  /// Accuracy of the density's own Bayes classifier.
  public var accuracy: Double
  public var images: Int
  public var manifoldDimension: Int

  public init(heldOutLogLikelihood: Double?, accuracy: Double, images: Int, manifoldDimension: Int) {
    self.heldOutLogLikelihood = heldOutLogLikelihood
    self.accuracy = accuracy
    self.images = images
    self.manifoldDimension = manifoldDimension
  }
}
