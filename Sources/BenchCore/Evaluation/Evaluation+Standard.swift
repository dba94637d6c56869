import Tensor

/// What a block of images contributes to the standard twin's columns.
struct StandardBlock: Sendable {
  /// Sensitivities, under their own names.
  var table: SampleTable
  /// Nil where the task has no density.
  var vectors: ImageAlignment.Vectors?
}

/// The standard twin: accuracy, sensitivities on the same images along the same directions, and the alignment that belongs to the
/// image, for the classes that it predicts itself.
extension Evaluation {
  /// - Throws: `EvaluationError.standardDoesNotClassify`, and what its logits throw.
  func prepareStandard(
    _ classifier: any Classifier, id: String, on set: EvaluationImages, _ ranges: [Range<Int>],
    keptIn parts: PartFolder?,
    progress: any ProgressReporter
  ) throws -> PreparedEvaluation.Standard {
    try checkShapes(classifier, id: id)
    let logits = try logits(of: classifier, at: set, ranges: ranges, keptIn: parts, as: "standard-logits", progress)
    guard let temperature = CalibratedTemperature(logits: logits, labels: set.labels) else {
      throw EvaluationError.standardDoesNotClassify(model: id)
    }
    return PreparedEvaluation.Standard(classifier: classifier, logits: logits, temperature: temperature)
  }

  /// - Parameter keep: is given each block once it is measured, in any order, by several threads.
  /// - Returns: one for each of the ranges, in their order; none where there is no standard.
  func standardBlocks(
    _ ranges: [Range<Int>], of prepared: PreparedEvaluation, progress: any ProgressReporter,
    keep: @Sendable (Range<Int>, StandardBlock) throws -> Void = { _, _ in }
  ) throws -> [StandardBlock] {
    guard let standard = prepared.standard, let manifold = prepared.manifold else { return [] }
    let (set, classifier, logits) = (prepared.set, standard.classifier, standard.logits)
    let measurement = SensitivityMeasurement(
      classifier: classifier,
      stepSizes: Set([task.protocolConstants.smallStep, task.protocolConstants.wideStep]).sorted(),
      clip: configuration.clip)
    let decisive = EvaluationConfiguration.decisiveTarget
    let reference = task.density.map {
      DensityClassifier(
        $0.sharing(configuration.shared), noise: task.protocolConstants.decisiveNoise, threads: configuration.threads)
    }
    progress.begin("standard twin", total: ranges.reduce(0) { $0 + $1.count })
    return try Workers.map(ranges.count, threads: configuration.threads) { index in
      let range = ranges[index]
      let images = try images(range, of: set)
      let tangentSpace = try manifold.tangentBasis(at: images)
      let directions = PerturbationDirections(
        at: images, range: range, seed: configuration.seed, on: manifold, tangentSpace: tangentSpace,
        shared: configuration.shared)
      let table = try measurement.samples(
        at: images, logits: logits[batch: range], along: directions, firstImage: range.lowerBound,
        temperatureScale: standard.temperature.scale, checkCancellation: progress.checkCancellation)
      var vectors: ImageAlignment.Vectors?
      if let reference {
        let labels = Array(set.labels[range])
        let predicted = logits[batch: range].argmaxOfRows()
        let gradients = try classifier.checkedGradients(
          of: [], at: images, labels: labels, firstImage: range.lowerBound, scale: standard.temperature.scale)
        let references = try reference.checkedGradients(
          of: [decisive], at: images, predicted: predicted, labels: labels, owner: "the task's density classifier",
          firstImage: range.lowerBound
        ).gradients
        guard let gradient = gradients.calibrated, let compared = references[decisive] else {
          preconditionFailure("asked for")
        }
        vectors = ImageAlignment.vectors(
          gradient: gradient, reference: compared, images: images, predicted: predicted)
      }
      let block = StandardBlock(table: table, vectors: vectors)
      try keep(range, block)
      try progress.advance(by: range.count)
      return block
    }
  }

  /// The twin's columns, under names of their own.
  func standardSamples(
    _ blocks: [StandardBlock], of standard: PreparedEvaluation.Standard, on set: EvaluationImages
  ) -> SampleTable {
    var rows = SampleTable()
    for block in blocks { rows.append(rowsOf: block.table) }
    let vectors = blocks.compactMap(\.vectors)
    if !vectors.isEmpty {
      rows.append(ImageAlignment.specific, ImageAlignment.table(vectors)[ImageAlignment.specific] ?? [])
    }
    let correct = zip(standard.logits.argmaxOfRows(), set.labels).map { $0 == $1 ? 1.0 : 0 }
    return SampleTable(
      [
        (RegimeRuleV2.standardColumn(SampleColumn.correct), correct),
        (RegimeRuleV2.standardColumn(SampleColumn.temperatureInfluence), standard.temperature.influences),
      ] + rows.namedColumns.map { (RegimeRuleV2.standardColumn($0.name), $0.values) })
  }
}
