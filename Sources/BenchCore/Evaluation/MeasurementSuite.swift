import Tensor

/// The measurements of one evaluation: what is taken of each block, and what it comes to.
struct MeasurementSuite: Sendable {
  private let task: any BenchmarkTask
  private let sensitivity: SensitivityMeasurement
  private let robustness: RelativeRobustnessMeasurement
  private let scoreAlignment: AlignmentMeasurement
  private let conditionalScoreAlignment: AlignmentMeasurement
  private let referenceAlignment: AlignmentMeasurement
  private let distractor: DistractorMeasurement?
  private let densityClassifier: DensityClassifierMeasurement
  private let decisive: AlignmentColumns
  private let secondReference: SecondReferenceMeasurement?
  /// The nearest class mean, by the density smoothed beyond all its structure.
  private let nearestMean: DensityClassifier
  /// Of a learned manifold and a learned score, where the exact ones are known.
  let manifoldQuality: ManifoldQualityMeasurement?
  let scoreQuality: ScoreQualityMeasurement?

  init(task: any BenchmarkTask, configuration: EvaluationConfiguration, classifier: any Classifier) {
    let constants = task.protocolConstants
    let targets = configuration.reportedTargets
    self.task = task
    let score = task.score.sharing(configuration.shared)
    let density = task.density.sharing(configuration.shared)
    nearestMean = DensityClassifier(density, noise: 100, threads: configuration.threads)
    sensitivity = SensitivityMeasurement(
      classifier: classifier, stepSizes: constants.stepSizes, clip: configuration.clip)
    robustness = RelativeRobustnessMeasurement(
      classifier: classifier, noise: constants.robustnessNoise, draws: configuration.robustnessDraws,
      seed: configuration.seed)
    scoreAlignment = .score(
      score, targets: targets, metrics: configuration.metrics, noises: constants.scoreNoises)
    conditionalScoreAlignment = .conditionalScore(
      density, metrics: configuration.metrics, noises: constants.scoreNoises, threads: configuration.threads)
    referenceAlignment = .classifier(
      of: density, targets: targets, metrics: configuration.metrics, noises: constants.alignmentNoises,
      threads: configuration.threads)
    distractor = task.signalMask.map {
      DistractorMeasurement(classifier: classifier, signalMask: $0, seed: configuration.seed)
    }
    densityClassifier = DensityClassifierMeasurement(
      // The exact one is asked at displaced images too, which no other measurement shares.
      classifier: DensityClassifier(
        task.densityIsExact ? task.density : density, noise: 0, threads: configuration.threads),
      smallStep: task.densityIsExact ? constants.smallStep : nil, clip: configuration.clip)
    manifoldQuality =
      task.manifold.learned == nil
      ? nil : task.exactManifold.map { ManifoldQualityMeasurement(manifold: task.manifold, exact: $0) }
    scoreQuality =
      task.score.learned == nil
      ? nil
      : task.exactScore.map {
        ScoreQualityMeasurement(
          score: score, exact: $0, noises: constants.scoreNoises, seed: configuration.seed)
      }
    guard
      let decisive = referenceAlignment.series.first(where: {
        $0.target == EvaluationConfiguration.decisiveTarget
          && type(of: $0.metric).id == EvaluationConfiguration.decisiveMetric && $0.noise == constants.decisiveNoise
      })
    else { preconditionFailure("a validated configuration measures what the regime is decided on") }
    self.decisive = decisive.columns
    secondReference = task.secondReference.map { SecondReferenceMeasurement(reference: $0, seed: configuration.seed) }
  }

  /// What a block contributes.
  struct BlockSamples: Sendable {
    var table: SampleTable
    /// To the columns that compare images with each other, by the task's density and by the second reference.
    var vectors: ImageAlignment.Vectors
    var secondVectors: ImageAlignment.Vectors?
  }

  func samples(of block: MeasurementBlock) throws -> BlockSamples {
    // Passes through the network last: threads without blocks of their own help with them.
    let measurements: [(any Measurement)?] = [
      manifoldQuality, scoreQuality, densityClassifier, robustness, sensitivity, distractor,
    ]
    var table = try scoreAlignment.samples(of: block)
    table.append(columnsOf: try conditionalScoreAlignment.samples(of: block))
    let alignment = try referenceAlignment.samples(of: block, keeping: decisive.noise)
    table.append(columnsOf: alignment.table)
    guard let reference = alignment.references[decisive.target] else {
      preconditionFailure("the decisive noise is among those measured")
    }
    let nearestMean = try nearestMeanGradient(block)
    func vectors(_ reference: Tensor) -> ImageAlignment.Vectors {
      ImageAlignment.vectors(
        gradient: block.calibratedGradient, reference: reference, nearestMean: nearestMean, images: block.images,
        predicted: block.predicted)
    }
    let second = try secondReference?.samples(of: block)
    if let second { table.append(columnsOf: second.table) }
    for measurement in measurements.compactMap({ $0 }) {
      try block.checkCancellation()
      table.append(columnsOf: try measurement.samples(of: block))
    }
    return BlockSamples(
      table: table, vectors: vectors(reference), secondVectors: second.map { vectors($0.posteriorScore) })
  }

  private func nearestMeanGradient(_ block: MeasurementBlock) throws -> Tensor {
    let gradient = try nearestMean.checkedGradients(
      of: [decisive.target], at: block.images, predicted: block.predicted, labels: block.labels,
      owner: "the nearest class mean", firstImage: block.range.lowerBound
    ).gradients[decisive.target]
    guard let gradient else { preconditionFailure("asked for") }
    return gradient
  }

  func measurements(from means: ResampledMeans) -> Measurements {
    let alignment = referenceAlignment.result(from: means)
    return Measurements(
      accuracy: means.mean(SampleColumn.correct), sensitivity: sensitivity.result(from: means),
      relativeRobustness: robustness.result(from: means), scoreAlignment: scoreAlignment.result(from: means),
      conditionalScoreAlignment: conditionalScoreAlignment.result(from: means),
      bayesAlignment: task.densityIsExact ? alignment : nil,
      referenceAlignment: task.densityIsExact ? nil : alignment,
      imageAlignment: ImageAlignmentResult(from: means, decisive, noise: decisive.noise),
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
      learnedManifold: task.manifold.learned.map { "\(task.manifold.id) \($0.id)" },
      reservations: subject.reservations)
  }
}
