import Tensor
import Text

/// Models measured on the same images, and how they differ: the differences are taken image by image, and their intervals are over
/// resamples of images that all models share, so that what is hard about an image cancels.
package struct PairedComparison: Sendable {
  /// A result with its samples.
  package struct Measured: Sendable {
    /// The file, or the model, for messages.
    package var source: String
    package var result: EvaluationResult
    package var samples: SampleTable

    package init(source: String, result: EvaluationResult, samples: SampleTable) {
      self.source = source
      self.result = result
      self.samples = samples
    }
  }

  /// What is compared.
  package struct Quantity: Sendable, Equatable {
    package var name: String
    package var key: String
    /// The mean of one column, or the ratio of the means of two.
    package var column: String
    package var denominator: String?
  }

  package struct Entry: Sendable {
    package var quantity: Quantity
    /// Of each model, nil where it was not measured.
    package var values: [Estimate?]
    /// Of each model minus the first; nil for the first, and where one of the two was not measured.
    package var differences: [Estimate?]
  }

  package let models: [Measured]
  package let entries: [Entry]

  /// - Parameter models: two at least; the first is the one that the others are compared with.
  /// - Throws: `ComparisonError` where they are not of the same images and references.
  package init(_ models: [Measured]) throws(ComparisonError) {
    guard let first = models.first, models.count > 1 else { throw .tooFew(models.count) }
    for model in models {
      guard model.samples.rowCount == model.result.measurementProtocol.images else {
        throw .otherSamples(
          model.source, images: model.result.measurementProtocol.images, rows: model.samples.rowCount)
      }
    }
    for other in models.dropFirst() { try Self.checkPaired(first, other) }
    self.models = models
    // With the seed and the number of resamples of an evaluation, so that a model's own interval is that of its result.
    let bootstrap = Bootstrap(
      imageCount: first.samples.rowCount, seed: first.result.measurementProtocol.seed)
    let quantities = Self.quantities(of: first.result)
    let means = models.map { bootstrap.means(of: Self.table($0.samples, quantities)) }
    entries = quantities.compactMap { quantity in
      let values = means.map { Self.value(quantity, in: $0) }
      guard values.contains(where: { $0 != nil }) else { return nil }
      let differences = models.indices.map { index -> Estimate? in
        guard index > 0 else { return nil }
        return Self.difference(
          quantity, (models[index], means[index]), (first, means[0]), bootstrap)
      }
      return Entry(quantity: quantity, values: values, differences: differences)
    }
  }

  // MARK: Numbers

  private static func quantities(of result: EvaluationResult) -> [Quantity] {
    let settings = result.measurementProtocol
    let (on, off) = (
      SampleColumn.onManifold(step: settings.wideStep), SampleColumn.offManifold(step: settings.wideStep)
    )
    func alignment(_ reference: AlignmentReference, _ target: GradientTarget, _ noise: Double) -> String {
      AlignmentColumns(
        reference: reference, target: target, metric: EvaluationConfiguration.decisiveMetric, noise: noise
      ).column
    }
    let scoreNoises = result.task.score?.noise ?? []
    let scoreNoise = scoreNoises.contains(settings.decisiveNoise) ? settings.decisiveNoise : scoreNoises.first
    return [
      Quantity(name: "accuracy", key: "accuracy", column: SampleColumn.correct),
      Quantity(
        name: "on-manifold sensitivity, step \(brief(shortened: settings.wideStep))", key: "onManifold", column: on),
      Quantity(
        name: "off-manifold sensitivity, step \(brief(shortened: settings.wideStep))", key: "offManifold", column: off),
      Quantity(name: "off / on", key: "offOverOn", column: off, denominator: on),
      Quantity(name: "relative robustness, definition 2", key: "definition2", column: SampleColumn.gradientShare),
    ]
      + (scoreNoise.map { noise in
        [settings.gradientTarget, .logitSum].map { target in
          Quantity(
            name: "\(target.rawValue) with the score", key: "score-\(target.rawValue)",
            column: alignment(.score, target, noise))
        }
      } ?? []) + [
        Quantity(
          name: "\(settings.gradientTarget.rawValue) with the reference",
          key: "reference-\(settings.gradientTarget.rawValue)",
          column: alignment(.classifier, settings.gradientTarget, settings.decisiveNoise)),
        Quantity(name: "alignment (G)", key: "alignment", column: ImageAlignment.whole),
        Quantity(name: "alignment beyond the image", key: "beyondImage", column: ImageAlignment.cosine),
        Quantity(name: "the image's own", key: "specific", column: ImageAlignment.specific),
        Quantity(
          name: "own share", key: "specificShare", column: ImageAlignment.specific, denominator: ImageAlignment.cosine),
      ]
  }

  /// The columns that are needed, with NaN for whatever is not a number.
  private static func table(_ samples: SampleTable, _ quantities: [Quantity]) -> SampleTable {
    var table = SampleTable()
    for name in quantities.flatMap({ [$0.column] + ($0.denominator.map { [$0] } ?? []) }) where table[name] == nil {
      if let values = samples[name] { table.append(name, values.map { $0.isFinite ? $0 : .nan }) }
    }
    return table
  }

  private static func value(_ quantity: Quantity, in means: ResampledMeans) -> Estimate? {
    guard means[quantity.column] != nil else { return nil }
    guard let denominator = quantity.denominator else { return means.mean(quantity.column) }
    return means[denominator] == nil ? nil : means.ratio(quantity.column, over: denominator)
  }

  /// Of means: the mean of the differences at the images where both are defined. Of ratios: the difference of the ratios, in each
  /// resample.
  private static func difference(
    _ quantity: Quantity, _ one: (model: Measured, means: ResampledMeans),
    _ other: (model: Measured, means: ResampledMeans), _ bootstrap: Bootstrap
  ) -> Estimate? {
    if let denominator = quantity.denominator {
      guard let above = one.means[quantity.column], let below = one.means[denominator],
        let otherAbove = other.means[quantity.column], let otherBelow = other.means[denominator]
      else { return nil }
      let resampled = above.resampled.indices.map {
        above.resampled[$0] / below.resampled[$0] - otherAbove.resampled[$0] / otherBelow.resampled[$0]
      }
      return Estimate(
        point: above.mean / below.mean - otherAbove.mean / otherBelow.mean, resampled: resampled, undefined: 0)
    }
    guard let values = one.model.samples[quantity.column], let others = other.model.samples[quantity.column] else {
      return nil
    }
    let differences = zip(values, others).map { $0.isFinite && $1.isFinite ? $0 - $1 : .nan }
    return bootstrap.means(of: SampleTable([("difference", differences)])).mean("difference")
  }

  // MARK: Pairing

  private static func checkPaired(_ first: Measured, _ other: Measured) throws(ComparisonError) {
    func check(_ what: String, _ value: (EvaluationResult) -> String) throws(ComparisonError) {
      let (a, b) = (value(first.result), value(other.result))
      guard a == b else {
        throw .unpaired(first: first.source, other: other.source, what: what, values: (a, b))
      }
    }
    try check("the task") { "\($0.task.id) version \($0.task.version)" }
    try check("the number of images") { "\($0.measurementProtocol.images)" }
    try check("the seed") { "\($0.measurementProtocol.seed)" }
    try check("the images (their digest)") { $0.task.dataset.digest }
    try check("clipping") { "\($0.measurementProtocol.clip)" }
    try check("the manifold") {
      "\($0.task.manifold?.id ?? "none") \($0.task.manifold?.learned?.checkpoint.sha256 ?? "")"
    }
    try check("the score") {
      "\($0.task.score?.id ?? "none") \($0.task.score?.learned?.checkpoint.sha256 ?? "") \($0.task.score?.noise ?? [])"
    }
    try check("the density") { $0.task.density?.id ?? "none" }
    try check("the wide step") { "\($0.measurementProtocol.wideStep)" }
    try check("the decisive noise") { "\($0.measurementProtocol.decisiveNoise)" }
    try check("the decisive gradient") { $0.measurementProtocol.gradientTarget.rawValue }
  }
}

/// Why models cannot be compared image by image.
package enum ComparisonError: Error, Sendable, CustomStringConvertible {
  case tooFew(Int)
  case unpaired(first: String, other: String, what: String, values: (String, String))
  /// Samples of another evaluation than the result beside them.
  case otherSamples(String, images: Int, rows: Int)

  package var description: String {
    switch self {
    case .tooFew(let count): "expected two models or results at least, got \(count)"
    case .unpaired(let first, let other, let what, let values):
      "\(other): cannot be compared image by image with \(first): \(what) is \(PlainText.shown(values.1)) here and "
        + "\(PlainText.shown(values.0)) there; evaluate both with the same --task, --data, --images and --seed and with the same references"
    case .otherSamples(let source, let images, let rows):
      "\(source): is a result of \(images) images, the samples beside it are of \(rows); evaluate the model again"
    }
  }
}
