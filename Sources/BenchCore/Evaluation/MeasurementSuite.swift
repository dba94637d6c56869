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
  private let bayesReference: BayesReferenceMeasurement?
  private let decisive: AlignmentColumns
  /// The nearest class mean, by the density smoothed beyond all its structure.
  private let nearestMean: DensityClassifier
  private let density: any ClassConditionalDensity
  /// Of a learned manifold and a learned score, where the exact ones are known.
  let manifoldQuality: ManifoldQualityMeasurement?
  let scoreQuality: ScoreQualityMeasurement?

  init(task: any BenchmarkTask, configuration: EvaluationConfiguration, classifier: any Classifier) {
    let constants = task.protocolConstants
    let targets = configuration.reportedTargets
    self.task = task
    let score = task.score.sharing(configuration.shared)
    let density = task.density.sharing(configuration.shared)
    self.density = density
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
    bayesReference =
      if task.densityIsExact {
        BayesReferenceMeasurement(
          classifier: DensityClassifier(task.density, noise: 0, threads: configuration.threads),
          smallStep: constants.smallStep, clip: configuration.clip)
      } else {
        nil
      }
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
  }

  /// - Returns: with the columns what a block contributes to those that compare images with each other.
  func samples(of block: MeasurementBlock) throws -> (table: SampleTable, vectors: ImageAlignment.Vectors) {
    // Passes through the network last: threads without blocks of their own help with them.
    let measurements: [(any Measurement)?] = [
      manifoldQuality, scoreQuality, bayesReference, robustness, sensitivity, distractor,
    ]
    var table = try scoreAlignment.samples(of: block)
    table.append(columnsOf: try conditionalScoreAlignment.samples(of: block))
    let alignment = try referenceAlignment.samples(of: block, keeping: decisive.noise)
    table.append(columnsOf: alignment.table)
    let vectors = try vectors(of: block, reference: alignment.references[decisive.target])
    table.append(SampleColumn.densityCorrect, try densityCorrect(block))
    for measurement in measurements.compactMap({ $0 }) {
      table.append(columnsOf: try measurement.samples(of: block))
    }
    return (table, vectors)
  }

  private func vectors(of block: MeasurementBlock, reference: Tensor?) throws -> ImageAlignment.Vectors {
    guard let reference else { preconditionFailure("the decisive noise is among those measured") }
    let nearestMean = try nearestMean.checkedGradients(
      of: [decisive.target], at: block.images, predicted: block.predicted, labels: block.labels,
      owner: "the nearest class mean", firstImage: block.range.lowerBound
    ).gradients[decisive.target]
    return ImageAlignment.vectors(
      gradient: block.calibratedGradient, reference: reference, nearestMean: nearestMean ?? reference,
      images: block.images, predicted: block.predicted)
  }

  private func densityCorrect(_ block: MeasurementBlock) throws -> [Double] {
    let posteriors = density.logPosteriors(try density.logDensities(at: block.images, noise: 0))
    return block.labels.indices.map { image in
      let row = Array(posteriors.row(image))
      let best = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
      return best == block.labels[image] ? 1 : 0
    }
  }

  func measurements(from means: ResampledMeans) -> Measurements {
    let alignment = referenceAlignment.result(from: means)
    return Measurements(
      accuracy: means.mean(SampleColumn.correct), sensitivity: sensitivity.result(from: means),
      relativeRobustness: robustness.result(from: means), scoreAlignment: scoreAlignment.result(from: means),
      conditionalScoreAlignment: conditionalScoreAlignment.result(from: means),
      bayesAlignment: task.densityIsExact ? alignment : nil,
      referenceAlignment: task.densityIsExact ? nil : alignment,
      imageAlignment: ImageAlignmentResult(from: means, decisive), distractor: distractor?.result(from: means))
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
      learnedManifold: task.manifold.learned.map { "\(task.manifold.id) \($0.id)" },
      reservations: subject.reservations)
  }
}
