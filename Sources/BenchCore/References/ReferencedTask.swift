import Tensor

/// A task measured with a manifold or a score that is not its own, such as a trained autoencoder's, beside a second reference,
/// or judged by criteria that a user made.
///
/// Everything else stays: images, density, constants. What was calibrated with the task's own tangent spaces is dropped,
/// because it says nothing about others: recorded on-manifold sensitivities. The exact Bayes classifier is no such number,
/// it is measured along the same directions as the model.
public struct ReferencedTask: BenchmarkTask {
  public let base: any BenchmarkTask
  public let manifold: (any Manifold)?
  public let score: (any Score)?
  public let scoreComparison: ScoreComparison?
  public let scaledScore: ScaledScore?
  public let secondReference: (any PosteriorScore)?
  public let criteria: RegimeCriteria?
  public let criteriaSource: CriteriaSource?
  public let protocolConstants: ProtocolConstants
  public let calibration: RegimeCalibration

  /// - Parameters:
  ///   - manifold: nil for the task's own.
  ///   - score: with the noise levels it is defined at; nil for the task's own. Conditional scores, which are the
  ///     density's, are then compared at these levels too.
  ///   - secondReference: nil for none.
  ///   - criteria: with where they are from; nil for the task's own.
  /// - Throws: `EvaluationError.invalidTask` for a manifold of more dimensions than pixels, a score without noise levels or of single
  ///   classes only, and a second reference of another number of classes or beside no first one.
  public init(
    _ base: any BenchmarkTask, manifold: (any Manifold)? = nil, score: (score: any Score, noises: [Double])? = nil,
    secondReference: (any PosteriorScore)? = nil, criteria: (criteria: RegimeCriteria, source: CriteriaSource)? = nil
  ) throws(EvaluationError) {
    if let manifold, !(0...base.imageShape.count).contains(manifold.dimension) {
      throw .invalidTask(
        task: base.id,
        problem:
          "its images have \(base.imageShape.count) pixels, manifold \(manifold.id) dimension \(manifold.dimension)")
    }
    if let score, score.noises.isEmpty || !score.noises.allSatisfy({ $0.isFinite && $0 > 0 }) {
      throw .invalidTask(task: base.id, problem: "score \(score.score.id) has noise levels \(score.noises)")
    }
    let isOfTrueClass = base.scoreComparison?.ofTrueClass ?? false
    if let conditional = score?.score as? any ClassConditionalScore, isOfTrueClass,
      conditional.classCount != base.classCount
    {
      throw .invalidTask(
        task: base.id,
        problem: "has \(base.classCount) classes, its score \(conditional.id) \(conditional.classCount)")
    }
    if let conditional = score?.score as? any ClassConditionalScore, !isOfTrueClass, !conditional.knowsAllImages {
      throw .invalidConfiguration(
        option: "--score",
        expected: "the score of all images, which task \(base.id) is compared with",
        got: conditional.id + (conditional.learned.map { " of \($0.checkpoint.file)" } ?? "")
          + ", which is conditional on \(conditional.classCount) classes: it was never trained without a label, and an all-zero "
          + "label is no class; name an unconditional file")
    }
    if let secondReference, secondReference.classCount != base.classCount {
      throw .invalidTask(
        task: base.id,
        problem:
          "has \(base.classCount) classes, its second reference \(secondReference.id) \(secondReference.classCount)")
    }
    if let secondReference, base.density == nil {
      throw .invalidTask(
        task: base.id, problem: "has no density beside which the second reference \(secondReference.id) could be asked")
    }
    self.base = base
    self.secondReference = secondReference ?? base.secondReference
    self.criteria = criteria?.criteria ?? base.criteria
    criteriaSource = criteria?.source ?? base.criteriaSource
    self.manifold = manifold ?? base.manifold
    scoreComparison = base.scoreComparison
    if let score, let comparison = base.scoreComparison {
      self.score = nil
      scaledScore = ScaledScore(score.score, comparison)
    } else {
      self.score = score?.score ?? base.score
      scaledScore = base.scaledScore
    }
    var constants = base.protocolConstants
    if let score { constants.scoreNoises = score.noises }
    protocolConstants = constants
    if case .recorded = base.calibration, manifold != nil {
      calibration = .none
    } else {
      calibration = base.calibration
    }
  }

  public var id: String { base.id }
  public var version: Int { base.version }
  public var classNames: [String] { base.classNames }
  public var imageShape: Shape { base.imageShape }
  public var defaultImageCount: Int { base.defaultImageCount }
  public var density: (any ClassConditionalDensity)? { base.density }
  public var densityIsExact: Bool { base.densityIsExact }
  public var quality: ReferenceQuality? { base.quality }
  public var dataRemark: String? { base.dataRemark }
  public var pixelRange: ClosedRange<Float>? { base.pixelRange }
  public var imageUnit: ImageUnit { base.imageUnit }
  public var closestPoints: (any ClosestPoints)? { base.closestPoints }
  public var marginClassifier: (any Classifier)? { base.marginClassifier }
  public var ruleContradiction: String? { base.ruleContradiction }
  public var exactManifold: (any Manifold)? { base.exactManifold }
  public var exactScore: (any Score)? { base.exactScore }

  public func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    try base.evaluationImages(count: count, seed: seed)
  }

  public func evaluationStream(count: Int, seed: UInt64) throws -> EvaluationImages {
    try base.evaluationStream(count: count, seed: seed)
  }

  public func trainingImages(count: Int?, seed: UInt64) throws -> (any LabelledImages)? {
    try base.trainingImages(count: count, seed: seed)
  }
}
