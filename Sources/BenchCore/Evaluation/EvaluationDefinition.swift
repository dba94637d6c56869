/// Everything that decides the numbers of a block, as `definition.json` of its parts says it. What only the judgement needs (thresholds,
/// claims, the number of resamples) is not among it: that is the merge's.
struct EvaluationDefinition: Encodable {
  struct Reference: Encodable {
    var id: String
    /// In pixel units.
    var noise: Double?
    var learned: LearnedReference?
    /// Of its checkpoint.
    var sha256: String?
  }

  struct Settings: Encodable {
    var seed: UInt64
    var clip: Bool
    var stepSizes: [Double]
    var smallStep: Double
    var wideStep: Double
    var scoreNoises: [Double]
    var alignmentNoises: [Double]
    var decisiveNoise: Double
    var robustnessNoise: Double
    var robustnessDraws: Int
    var targets: [GradientTarget]
    var metrics: [Reference]
  }

  var toolVersion: String
  var model: PartModel
  var task: String
  var taskVersion: Int
  var dataset: TaskRecord.Dataset
  var manifold: TaskRecord.ManifoldRecord?
  var score: TaskRecord.ScoreRecord?
  var density: TaskRecord.DensityRecord?
  /// Of the density as it was fitted: on other training images it is another.
  var quality: ReferenceQuality?
  var secondReference: Reference?
  /// Where it is measured too.
  var standard: Reference?
  var settings: Settings
}

/// What of a model decides its numbers: not what it is called.
package struct PartModel: Encodable, Sendable {
  var sha256: String?
  var weights: String?
  var plugin: ModelRecord.Plugin
  var architecture: String
  var parameters: Int
  var preprocessing: Preprocessing

  package init(_ record: ModelRecord) {
    sha256 = record.checkpoint?.sha256
    weights = record.weights
    plugin = record.plugin
    architecture = record.architecture
    parameters = record.parameters
    preprocessing = record.preprocessing
  }
}

extension Evaluation {
  /// - Throws: what reading the images throws.
  func definition(of subject: EvaluationSubject, on set: EvaluationImages) throws -> EvaluationDefinition {
    let constants = task.protocolConstants
    return EvaluationDefinition(
      toolVersion: configuration.toolVersion, model: PartModel(subject.record), task: task.id,
      taskVersion: task.version,
      dataset: .init(
        name: set.name, split: set.split, images: set.count, digest: try set.digest(threads: configuration.threads),
        remark: task.dataRemark),
      manifold: task.manifold.map { .init(id: $0.id, dimension: $0.dimension, learned: $0.learned) },
      score: (task.score ?? task.scaledScore?.base).map {
        .init(
          id: $0.id, noise: constants.scoreNoises, learned: $0.learned,
          scaledTo: task.scaledScore?.comparison.shape.dimensions, ofTrueClass: task.scaledScore?.isOfTrueClass)
      },
      density: task.density.map { .init(id: $0.id, isExact: task.densityIsExact) }, quality: task.quality,
      secondReference: task.secondReference.map { .init(id: $0.id, noise: $0.noise, learned: $0.learned) },
      standard: measuredStandard(of: subject).map { .init(id: $0.id, sha256: $0.sha256) },
      settings: .init(
        seed: configuration.seed, clip: configuration.clip, stepSizes: constants.stepSizes,
        smallStep: constants.smallStep, wideStep: constants.wideStep, scoreNoises: constants.scoreNoises,
        alignmentNoises: constants.alignmentNoises, decisiveNoise: constants.decisiveNoise,
        robustnessNoise: constants.robustnessNoise, robustnessDraws: configuration.robustnessDraws,
        targets: configuration.reportedTargets,
        metrics: configuration.metrics.map { .init(id: $0.id, learned: $0.learned) }))
  }
}
