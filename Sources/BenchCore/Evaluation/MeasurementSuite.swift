import Tensor

/// The measurements of one evaluation: what is taken of each block, and what it comes to. Those that need what the task lacks
/// are not among them.
struct MeasurementSuite: Sendable {
  private let task: any BenchmarkTask
  private let sensitivity: SensitivityMeasurement?
  private let robustness: RelativeRobustnessMeasurement?
  private let scoreAlignment: AlignmentMeasurement?
  private let distractor: DistractorMeasurement?
  private let density: DensityMeasurements?
  private let decisive: AlignmentColumns
  private let secondReference: SecondReferenceMeasurement?
  /// Whose gradients are needed.
  let targets: [GradientTarget]
  /// Of a learned manifold and a learned score, where the exact ones are known.
  let manifoldQuality: ManifoldQualityMeasurement?
  let scoreQuality: ScoreQualityMeasurement?

  /// - Parameter signalMask: of the images that will be measured.
  init(
    task: any BenchmarkTask, configuration: EvaluationConfiguration, classifier: any Classifier,
    signalMask: SignalMask?
  ) {
    let constants = task.protocolConstants
    let targets = configuration.reportedTargets
    self.task = task
    // Definition 2 is about the predicted class's logit, whatever else is reported. Where there is nothing to compare gradients with, the
    // others would be computed for nothing.
    let isCompared = task.score != nil || task.scaledScore != nil || task.density != nil
    self.targets = GradientTarget.allCases.filter {
      isCompared && targets.contains($0) || $0 == .logitPredicted
    }
    let metrics = configuration.metrics.map { $0.sharing(configuration.shared) }
    let score = task.score?.sharing(configuration.shared)
    sensitivity = task.manifold.map { _ in
      SensitivityMeasurement(classifier: classifier, stepSizes: constants.stepSizes, clip: configuration.clip)
    }
    robustness = task.manifold.map { _ in
      RelativeRobustnessMeasurement(
        classifier: classifier, noise: constants.robustnessNoise, draws: configuration.robustnessDraws,
        seed: configuration.seed)
    }
    scoreAlignment =
      score.map { .score($0, targets: targets, metrics: metrics, noises: constants.scoreNoises) }
      ?? task.scaledScore.map { .score($0, targets: targets, metrics: metrics, noises: constants.scoreNoises) }
    distractor = signalMask.map {
      DistractorMeasurement(classifier: classifier, signalMask: $0, seed: configuration.seed)
    }
    density = task.density.map {
      DensityMeasurements($0, of: task, configuration: configuration, metrics: metrics)
    }
    manifoldQuality = task.manifold.flatMap { manifold in
      manifold.learned == nil
        ? nil : task.exactManifold.map { ManifoldQualityMeasurement(manifold: manifold, exact: $0) }
    }
    scoreQuality = score.flatMap { score in
      task.score?.learned == nil
        ? nil
        : task.exactScore.map {
          ScoreQualityMeasurement(score: score, exact: $0, noises: constants.scoreNoises, seed: configuration.seed)
        }
    }
    decisive = AlignmentColumns(
      reference: .classifier, target: EvaluationConfiguration.decisiveTarget,
      metric: EvaluationConfiguration.decisiveMetric, noise: constants.decisiveNoise)
    secondReference = task.secondReference.map { SecondReferenceMeasurement(reference: $0, seed: configuration.seed) }
  }

  /// What a block contributes.
  struct BlockSamples: Sendable {
    var table: SampleTable
    /// To the columns that compare images with each other, by the task's density, where it has one, and by the second reference.
    var vectors: ImageAlignment.Vectors?
    var secondVectors: ImageAlignment.Vectors?
  }

  func samples(of block: MeasurementBlock) throws -> BlockSamples {
    // Passes through the network last: threads without blocks of their own help with them.
    let measurements: [(any Measurement)?] = [
      manifoldQuality, scoreQuality, density?.classifier, robustness, sensitivity, distractor,
    ]
    var samples = BlockSamples(table: try scoreAlignment?.samples(of: block) ?? SampleTable())
    if let found = try density?.samples(of: block, decisive) {
      samples.table.append(columnsOf: found.table)
      func vectors(_ reference: Tensor) -> ImageAlignment.Vectors {
        ImageAlignment.vectors(
          gradient: block.calibratedGradient, reference: reference, nearestMean: found.nearestMean,
          images: block.images, predicted: block.predicted)
      }
      samples.vectors = vectors(found.reference)
      if let second = try secondReference?.samples(of: block) {
        samples.table.append(columnsOf: second.table)
        samples.secondVectors = vectors(second.posteriorScore)
      }
    }
    for measurement in measurements.compactMap({ $0 }) {
      try block.checkCancellation()
      samples.table.append(columnsOf: try measurement.samples(of: block))
    }
    return samples
  }

  func measurements(from means: ResampledMeans) -> Measurements {
    let alignment = density?.referenceAlignment.result(from: means)
    return Measurements(
      accuracy: means.mean(SampleColumn.correct), sensitivity: sensitivity?.result(from: means) ?? [],
      relativeRobustness: robustness?.result(from: means), scoreAlignment: scoreAlignment?.result(from: means) ?? [],
      conditionalScoreAlignment: density?.conditionalScoreAlignment.result(from: means) ?? [],
      bayesAlignment: task.densityIsExact ? alignment : nil,
      referenceAlignment: task.densityIsExact ? nil : alignment,
      imageAlignment: density.map { _ in ImageAlignmentResult(from: means, decisive, noise: decisive.noise) },
      secondImageAlignment: task.secondReference.map {
        ImageAlignmentResult(from: means, decisive, noise: $0.noise, column: SampleColumn.second)
      },
      distractor: distractor?.result(from: means))
  }

  /// What the rules need of task and model.
  func regimeInputs(
    of subject: EvaluationSubject, standardAccuracy: Double?, temperature: CalibratedTemperature?
  ) -> RegimeInputs {
    let constants = task.protocolConstants
    return RegimeInputs(
      classCount: task.classCount, wideStep: constants.wideStep, smallStep: constants.smallStep,
      densityIsExact: task.densityIsExact, decisive: decisive, calibration: task.calibration,
      standardAccuracy: standardAccuracy, criteria: task.criteria, parameters: subject.record.parameters,
      temperatureScale: temperature?.scale, standard: subject.standard?.reference,
      secondReference: task.secondReference.map { reference in
        [reference.id, reference.learned?.id].compactMap { $0 }.joined(separator: " ")
      },
      learnedManifold: task.manifold.flatMap { manifold in manifold.learned.map { "\(manifold.id) \($0.id)" } },
      reservations: subject.reservations)
  }
}
