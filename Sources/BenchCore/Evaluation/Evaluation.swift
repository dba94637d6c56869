import Foundation
import Tensor

/// Measures a model on a task and classifies it: everything between a loaded classifier and a result file.
public struct Evaluation: Sendable {
  public let task: any BenchmarkTask
  public let configuration: EvaluationConfiguration

  public init(task: any BenchmarkTask, configuration: EvaluationConfiguration) {
    self.task = task
    self.configuration = configuration
  }

  /// - Parameter progress: told after each block of images; throws when the user asked to stop.
  /// - Throws: `EvaluationError`, `CancellationError`, and the errors of the classifier and the task.
  public func run(
    _ subject: EvaluationSubject, progress: any ProgressReporter = SilentProgress()
  ) throws -> EvaluationOutcome {
    let start = Date()
    let prepared = try prepare(subject, progress: progress)
    let standard = try standardBlocks(prepared.ranges, of: prepared, progress: progress)
    let measured = try measuredBlocks(prepared.ranges, of: prepared, progress: progress)
    return try outcome(of: prepared, measured, standard, since: start, progress: progress)
  }

  /// What needs all images, and comes before the long part.
  /// - Parameter parts: where logits are kept and looked for.
  /// - Throws: as `run`.
  func prepare(
    _ subject: EvaluationSubject, in parts: PartFolder? = nil, progress: any ProgressReporter
  ) throws -> PreparedEvaluation {
    let set = try checkedImages(for: subject)
    let ranges = ranges(of: set)

    // Before workers take blocks: the others would only wait for the first one.
    try subject.classifier.prepare(forImages: ranges[0].count)

    let claims = subject.task == task.id ? subject.claims : nil
    let logits = try logits(of: subject.classifier, at: set, ranges: ranges, keptIn: parts, as: "logits", progress)
    let confusion = ConfusionMatrix(logits: logits, labels: set.labels, classNames: task.classNames)
    if let claimed = claims?.accuracy { try check(claimed, of: subject, confusion, progress: progress) }

    let manifold = task.manifold?.sharing(configuration.shared)
    // Before the long part: a standard that cannot be one is refused at once. The exact Bayes classifier is a better one.
    var standard: PreparedEvaluation.Standard?
    if let given = measuredStandard(of: subject) {
      standard = try prepareStandard(
        given.classifier, id: given.id, on: set, ranges, keptIn: parts, progress: progress)
    } else if !task.densityIsExact, let given = subject.standard, given.classifier != nil {
      progress.note(
        "\(given.reference.id): is not measured as the standard, because the regime rule is not applied on task \(task.id)"
      )
    }
    return PreparedEvaluation(
      subject: subject, claims: claims, set: set, ranges: ranges, logits: logits, confusion: confusion,
      temperature: CalibratedTemperature(logits: logits, labels: set.labels), manifold: manifold, standard: standard,
      suite: MeasurementSuite(
        task: task, configuration: configuration, classifier: subject.classifier, signalMask: set.signalMask))
  }

  /// The images, once everything is known to fit.
  func checkedImages(for subject: EvaluationSubject) throws -> EvaluationImages {
    try configuration.validate()
    try checkMetrics()
    try checkShapes(subject.classifier, id: subject.record.id)
    return try imageSet()
  }

  func ranges(of set: EvaluationImages) -> [Range<Int>] {
    MeasurementBlock.ranges(imageCount: set.count, scalarsPerImage: set.imageShape.count)
  }

  /// `[N, C, H, W]`, as the task gave its word they are.
  /// - Throws: `EvaluationError.invalidTask`, and what reading them throws.
  func images(_ range: Range<Int>, of set: EvaluationImages) throws -> Tensor {
    let images = try set.images(range)
    guard images.shape == task.imageShape.prepending(range.count) else {
      throw EvaluationError.invalidTask(
        task: task.id, problem: "gave images \(images.shape), expected \(task.imageShape.prepending(range.count))")
    }
    if let bad = images.scalars.firstIndex(where: { !$0.isFinite }) {
      throw EvaluationError.invalidTask(
        task: task.id,
        problem: "pixel \(bad % images.stride) of image \(range.lowerBound + bad / images.stride) is not finite")
    }
    return images
  }

  /// The standard that is measured on the images; nil where there is none, or none is needed or usable.
  func measuredStandard(of subject: EvaluationSubject) -> (classifier: any Classifier, id: String, sha256: String?)? {
    guard !task.densityIsExact, task.manifold != nil, RegimeNotApplied(task.missingForRule) == nil,
      let given = subject.standard, let classifier = given.classifier
    else { return nil }
    return (classifier, given.reference.id, given.reference.sha256)
  }

  /// - Parameter keep: is given each block once it is measured, in any order, by several threads.
  /// - Returns: one for each of the ranges, in their order.
  func measuredBlocks(
    _ ranges: [Range<Int>], of prepared: PreparedEvaluation, progress: any ProgressReporter,
    keep: @Sendable (Range<Int>, MeasurementSuite.BlockSamples) throws -> Void = { _, _ in }
  ) throws -> [MeasurementSuite.BlockSamples] {
    let (set, suite) = (prepared.set, prepared.suite)
    progress.begin("measuring", total: ranges.reduce(0) { $0 + $1.count })
    return try BlockPipeline(threads: configuration.threads).map(ranges) { range in
      try block(
        range, of: set, on: prepared.manifold, subject: prepared.subject, targets: suite.targets,
        temperatureScale: prepared.temperature?.scale ?? 1, progress: progress)
    } and: { block in
      let range = block.range
      let correct = zip(block.predicted, block.labels).map { $0 == $1 ? 1.0 : 0.0 }
      var table = SampleTable([(SampleColumn.correct, correct)])
      var block = try suite.samples(of: block)
      table.append(columnsOf: block.table)
      block.table = table
      try keep(range, block)
      try progress.advance(by: table.rowCount)
      return block
    }
  }

  /// From the blocks to the result.
  /// - Parameters:
  ///   - measured: all blocks, in order.
  ///   - standard: of the standard, where it is measured; otherwise empty.
  func outcome(
    of prepared: PreparedEvaluation, _ measured: [MeasurementSuite.BlockSamples], _ standard: [StandardBlock],
    since start: Date, progress: any ProgressReporter
  ) throws -> EvaluationOutcome {
    let (subject, set, suite, temperature) = (
      prepared.subject, prepared.set, prepared.suite, prepared.temperature
    )
    var samples = SampleTable()
    for block in measured { samples.append(rowsOf: block.table) }
    samples.append(
      SampleColumn.temperatureInfluence,
      temperature?.influences ?? [Double](repeating: 0, count: samples.rowCount))
    let vectors = measured.compactMap(\.vectors)
    if !vectors.isEmpty { samples.append(columnsOf: ImageAlignment.table(vectors)) }
    let second = measured.compactMap(\.secondVectors)
    if !second.isEmpty {
      samples.append(
        columnsOf: SampleTable(
          ImageAlignment.table(second).namedColumns.map { (SampleColumn.second($0.name), $0.values) }))
    }
    if let twin = prepared.standard { samples.append(columnsOf: standardSamples(standard, of: twin, on: set)) }
    let inputs = suite.regimeInputs(
      of: subject, standardAccuracy: prepared.claims?.standardAccuracy, temperature: temperature)

    let means = try Bootstrap(
      imageCount: samples.rowCount, resamples: configuration.resamples, seed: configuration.seed
    ).means(of: samples, checkCancellation: progress.checkCancellation)
    let result = EvaluationResult(
      schemaVersion: EvaluationResult.currentSchemaVersion, model: subject.record,
      task: try taskRecord(of: set, suite, means),
      measurementProtocol: protocolRecord(of: set), measurements: suite.measurements(from: means),
      regime: try RegimeNotApplied(task.missingForRule, contradiction: task.ruleContradiction).map(RegimeVerdict.init)
        ?? RegimeRule.verdict(from: means, inputs),
      provenance: .since(start, toolVersion: configuration.toolVersion, threads: configuration.threads))
    let notes =
      try prepared.confusion.diagnosis + Saturation.notes(prepared.logits)
      + GradientPlausibility(
        classifier: subject.classifier, images: set.images(0..<min(GradientPlausibility.imageCount, set.count))
      ).notes()
    return EvaluationOutcome(result: result, samples: samples, inputs: inputs, notes: notes)
  }

  /// - Throws: `EvaluationError.invalidConfiguration` for a metric that does not take the task's images.
  private func checkMetrics() throws(EvaluationError) {
    for metric in configuration.metrics {
      guard let needed = metric.properties.requirement(missedBy: task.comparedShape) else { continue }
      throw .invalidConfiguration(
        option: "metric \(metric.id)", expected: needed, got: "those of task \(task.id), \(task.comparedShape)")
    }
  }

  func checkShapes(_ classifier: any Classifier, id: String) throws(EvaluationError) {
    guard classifier.inputShape == task.imageShape else {
      throw .wrongInputShape(
        model: id, task: task.id, expected: task.imageShape, got: classifier.inputShape)
    }
    guard classifier.classCount == task.classCount else {
      throw .wrongClassCount(
        model: id, task: task.id, expected: task.classCount, got: classifier.classCount)
    }
  }

  private func imageSet() throws -> EvaluationImages {
    let count = configuration.images ?? task.defaultImageCount
    let set = try task.evaluationStream(count: count, seed: configuration.seed)
    guard set.count == count, set.imageShape == task.imageShape else {
      throw EvaluationError.invalidTask(
        task: task.id,
        problem:
          "gave images \(set.imageShape.prepending(set.count)), expected \(task.imageShape.prepending(count))")
    }
    if let bad = set.labels.firstIndex(where: { !(0..<task.classCount).contains($0) }) {
      throw EvaluationError.invalidTask(
        task: task.id, problem: "image \(bad) has label \(set.labels[bad]) of \(task.classCount) classes")
    }
    guard task.classCount > 1 else {
      throw EvaluationError.invalidTask(task: task.id, problem: "needs two classes at least")
    }
    if let problem = set.signalMask?.problem(imageCount: count, pixels: task.imageShape.count) {
      throw EvaluationError.invalidTask(task: task.id, problem: "has \(problem)")
    }
    guard task.density != nil || !task.densityIsExact && task.secondReference == nil else {
      throw EvaluationError.invalidTask(
        task: task.id, problem: "has no density, which can then be neither exact nor have a second reference beside it")
    }
    if case .bayes = task.calibration, !task.densityIsExact {
      throw EvaluationError.invalidTask(
        task: task.id, problem: "is calibrated against a Bayes classifier, but its density is not exact")
    }
    return set
  }

  /// The logits of all images, `[N, K]`: accuracy and calibrated temperature come before everything that needs them.
  func logits(
    of classifier: any Classifier, at set: EvaluationImages, ranges: [Range<Int>], keptIn parts: PartFolder?,
    as name: String,
    _ progress: any ProgressReporter
  ) throws -> Tensor {
    let count = set.count
    if let kept = try parts?.read(name, rows: count)?.arrays[Self.logitsName],
      kept.shape == [count, task.classCount], kept.scalars.allSatisfy(\.isFinite)
    {
      return kept
    }
    progress.begin("accuracy", total: count)
    let blocks = try Workers.map(ranges.count, threads: configuration.threads) { index in
      let range = ranges[index]
      let logits = try classifier.checkedLogits(images(range, of: set)) { "image \(range.lowerBound + $0)" }
      try progress.advance(by: range.count)
      return logits
    }
    let logits = Tensor.concatenating(blocks)
    try parts?.write(Part(arrays: [Self.logitsName: logits]), as: name)
    return logits
  }

  private static let logitsName = "logits"

  /// A measured accuracy below the central 99 % binomial interval of the claim is refused, before the long part: that is
  /// how wrong normalisation shows. One above it is remarked on; no mistake of loading raises an accuracy.
  ///
  /// What is reported is measured later, with everything else: no number of a result depends on a claim.
  private func check(
    _ claimed: Double, of subject: EvaluationSubject, _ confusion: ConfusionMatrix, progress: any ProgressReporter
  ) throws {
    let model = subject.record.id
    guard (0...1).contains(claimed) else {
      throw EvaluationError.invalidConfiguration(
        option: "claims.accuracy of \(model)", expected: "a share in [0, 1]", got: brief(claimed))
    }
    let (count, right) = (confusion.total, confusion.right)
    let interval = Binomial.interval(trials: count, probability: claimed, confidence: 0.99)
    guard right >= interval.lowerBound else {
      for note in confusion.diagnosis {
        progress.note("\(model): \(note)")
      }
      throw EvaluationError.claimMissed(
        model: model, claimed: claimed, measured: Double(right) / Double(count), images: count,
        lowest: Double(interval.lowerBound) / Double(count))
    }
    if right > interval.upperBound {
      progress.note(
        "\(model): measured accuracy \(percent(Double(right) / Double(count))) on \(count) images lies above what the "
          + "claim of \(percent(claimed)) allows for; is the claim that of another model?")
    }
  }

  private func block(
    _ range: Range<Int>, of set: EvaluationImages, on manifold: (any Manifold)?, subject: EvaluationSubject,
    targets: [GradientTarget], temperatureScale: Double, progress: any ProgressReporter
  ) throws -> MeasurementBlock {
    try progress.checkCancellation()
    let images = try images(range, of: set)
    let labels = Array(set.labels[range])
    let tangent = try manifold.map { manifold in
      let space = try manifold.tangentBasis(at: images)
      guard space.assignment.count == range.count,
        space.bases.allSatisfy({ $0.shape[1] == images.stride && $0.shape[0] <= images.stride })
      else {
        throw EvaluationError.invalidTask(
          task: task.id, problem: "its manifold \(manifold.id) has tangent bases of another image size")
      }
      return (manifold: manifold, space: space)
    }
    let (logits, gradients, calibrated) = try subject.classifier.checkedGradients(
      of: targets, at: images, labels: labels, firstImage: range.lowerBound, scale: temperatureScale)
    guard let calibrated else { preconditionFailure("asked for with a scale") }
    return MeasurementBlock(
      task: task.id, range: range, images: images, labels: labels, logits: logits, predicted: logits.argmaxOfRows(),
      tangent: tangent.map { tangent in
        .init(
          space: tangent.space,
          directions: PerturbationDirections(
            at: images, range: range, seed: configuration.seed, on: tangent.manifold, tangentSpace: tangent.space,
            shared: configuration.shared))
      },
      gradients: gradients, temperatureScale: temperatureScale, calibratedGradient: calibrated,
      controls: AlignmentControls(
        images: images, range: range, seed: configuration.seed, metrics: configuration.metrics.map(\.id)),
      checkCancellation: progress.checkCancellation)
  }

  private func taskRecord(
    of set: EvaluationImages, _ suite: MeasurementSuite, _ means: ResampledMeans
  ) throws -> TaskRecord {
    TaskRecord(
      id: task.id, version: task.version,
      dataset: .init(
        name: set.name, split: set.split, images: set.count, digest: try set.digest(threads: configuration.threads),
        remark: task.dataRemark),
      manifold: task.manifold.map {
        .init(
          id: $0.id, dimension: $0.dimension, learned: $0.learned, quality: suite.manifoldQuality?.result(from: means))
      },
      score: (task.score ?? task.scaledScore?.base).map {
        .init(
          id: $0.id, noise: task.protocolConstants.scoreNoises, learned: $0.learned,
          quality: suite.scoreQuality?.result(from: means),
          scaledTo: task.scaledScore?.comparison.shape.dimensions,
          ofTrueClass: task.scaledScore?.isOfTrueClass)
      },
      density: task.density.map { .init(id: $0.id, isExact: task.densityIsExact) }, quality: task.quality,
      secondReference: task.secondReference.map {
        .init(
          id: $0.id, noise: $0.noise, learned: $0.learned,
          accuracy: means.mean(SampleColumn.second(SampleColumn.correct)))
      }, criteria: task.criteriaSource)
  }

  private func protocolRecord(of set: EvaluationImages) -> ProtocolRecord {
    let constants = task.protocolConstants
    let metrics = configuration.metrics.compactMap { metric in
      metric.learned.map { MetricRecord(id: metric.id, learned: $0) }
    }
    return ProtocolRecord(
      seed: configuration.seed, images: set.count, stepSizes: constants.stepSizes,
      gradientTarget: EvaluationConfiguration.decisiveTarget, gradientTargets: configuration.reportedTargets,
      clip: configuration.clip, rule: RegimeRule.version, wideStep: constants.wideStep, smallStep: constants.smallStep,
      alignmentNoises: constants.alignmentNoises, decisiveNoise: constants.decisiveNoise,
      bootstrapResamples: configuration.resamples, metrics: metrics.isEmpty ? nil : metrics)
  }
}
