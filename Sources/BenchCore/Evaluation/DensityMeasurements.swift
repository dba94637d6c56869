import Tensor

/// What is measured against a task's density.
struct DensityMeasurements: Sendable {
  let conditionalScoreAlignment: AlignmentMeasurement
  let referenceAlignment: AlignmentMeasurement
  let classifier: DensityClassifierMeasurement
  /// The nearest class mean, by the density smoothed beyond all its structure.
  private let nearestMean: DensityClassifier

  /// - Parameters:
  ///   - density: the task's.
  ///   - metrics: the configuration's.
  init(
    _ density: any ClassConditionalDensity, of task: any BenchmarkTask, configuration: EvaluationConfiguration,
    metrics: [any AlignmentMetric]
  ) {
    let constants = task.protocolConstants
    let shared = density.sharing(configuration.shared)
    nearestMean = DensityClassifier(shared, noise: 100, threads: configuration.threads)
    conditionalScoreAlignment = .conditionalScore(
      shared, metrics: metrics, noises: constants.scoreNoises, threads: configuration.threads)
    referenceAlignment = .classifier(
      of: shared, targets: configuration.reportedTargets, metrics: metrics, noises: constants.alignmentNoises,
      threads: configuration.threads)
    classifier = DensityClassifierMeasurement(
      // The exact one is asked at displaced images too, which no other measurement shares.
      classifier: DensityClassifier(
        task.densityIsExact ? density : shared, noise: 0, threads: configuration.threads),
      smallStep: task.densityIsExact && task.manifold != nil ? constants.smallStep : nil, clip: configuration.clip)
  }

  /// - Returns: the columns, and the gradients that those of images are compared with, `[B, C, H, W]`: of the density's
  ///   classifier at the decisive noise, and of the nearest class mean.
  func samples(
    of block: MeasurementBlock, _ decisive: AlignmentColumns
  ) throws -> (table: SampleTable, reference: Tensor, nearestMean: Tensor) {
    var table = try conditionalScoreAlignment.samples(of: block)
    let alignment = try referenceAlignment.samples(of: block, keeping: decisive.noise)
    table.append(columnsOf: alignment.table)
    let mean = try nearestMean.checkedGradients(
      of: [decisive.target], at: block.images, predicted: block.predicted, labels: block.labels,
      owner: "the nearest class mean", firstImage: block.range.lowerBound
    ).gradients[decisive.target]
    guard let reference = alignment.references[decisive.target], let mean else {
      preconditionFailure("a validated configuration measures what the regime is decided on")
    }
    return (table, reference, mean)
  }
}
