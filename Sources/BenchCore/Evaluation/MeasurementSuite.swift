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
  private let decisiveSeries: AlignmentSeries
  /// Of a learned manifold and a learned score, where the exact ones are known.
  let manifoldQuality: ManifoldQualityMeasurement?
  let scoreQuality: ScoreQualityMeasurement?

  init(task: any BenchmarkTask, configuration: EvaluationConfiguration, classifier: any Classifier) {
    let constants = task.protocolConstants
    let targets = configuration.reportedTargets
    self.task = task
    let score = task.score.sharing(configuration.shared)
    let density = task.density.sharing(configuration.shared)
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
      if case .bayes = task.calibration {
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
    decisiveSeries = decisive
  }

  func samples(of block: MeasurementBlock) throws -> SampleTable {
    // Passes through the network last: threads without blocks of their own help with them.
    let measurements: [(any Measurement)?] = [
      scoreAlignment, conditionalScoreAlignment, referenceAlignment, manifoldQuality, scoreQuality, bayesReference,
      robustness, sensitivity, distractor,
    ]
    var table = SampleTable()
    for measurement in measurements.compactMap({ $0 }) {
      table.append(columnsOf: try measurement.samples(of: block))
    }
    return table
  }

  func measurements(from means: ResampledMeans) -> Measurements {
    let alignment = referenceAlignment.result(from: means)
    return Measurements(
      accuracy: means.mean(SampleColumn.correct), sensitivity: sensitivity.result(from: means),
      relativeRobustness: robustness.result(from: means), scoreAlignment: scoreAlignment.result(from: means),
      conditionalScoreAlignment: conditionalScoreAlignment.result(from: means),
      bayesAlignment: task.densityIsExact ? alignment : nil,
      referenceAlignment: task.densityIsExact ? nil : alignment, distractor: distractor?.result(from: means))
  }

  func regimeInputs(standardAccuracy: Double?, from means: ResampledMeans) -> RegimeInputs {
    let constants = task.protocolConstants
    return RegimeInputs(
      wideStep: constants.wideStep, smallStep: constants.smallStep, classCount: task.classCount,
      calibration: task.calibration, standardAccuracy: standardAccuracy,
      alignment: decisiveSeries.result(from: means), alignmentColumn: decisiveSeries.column,
      learnedManifold: task.manifold.learned.map { "\(task.manifold.id) \($0.id)" })
  }
}
