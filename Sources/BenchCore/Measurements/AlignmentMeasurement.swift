import Tensor

/// What input gradients are compared with.
public enum AlignmentReference: String, Sendable, Codable {
  /// The score of the noise-convolved data distribution.
  case score = "score-alignment"
  /// The class-conditional score of the predicted class.
  case conditionalScore = "conditional-score-alignment"
  /// The same target's gradient of the task's density classifier, smoothed, for the class the model predicts.
  case classifier = "reference-alignment"
}

/// One number of a result: a target's gradient against one reference by one metric at one noise level.
struct AlignmentSeries: Sendable {
  let reference: AlignmentReference
  let target: GradientTarget
  let metric: any AlignmentMetric
  let noise: Double
  /// Nil where references have the size of the images.
  var comparison: ScoreComparison?

  var columns: AlignmentColumns {
    AlignmentColumns(reference: reference, target: target, metric: metric.id, noise: noise)
  }

  /// Gradient and reference are each divided by their own largest absolute value per image, then compared (the paper,
  /// B.4). The references of the block's images also serve as "another image" for each other.
  ///
  /// Gradients, and what stands for them, are scaled down after that where they are compared with smaller maps.
  func append(
    to table: inout SampleTable, gradient: Tensor, compared: Tensor, block: MeasurementBlock
  ) throws {
    let compared = compared.scaledToUnitMaximum()
    table.append(columns.column, try metric.values(scaled(gradient.scaledToUnitMaximum()), compared))
    guard table[columns.column(of: .random)] == nil else { return }
    for control in AlignmentControl.of(metric: metric.id) {
      table.append(columns.column(of: control), try values(of: control, compared, block))
    }
  }

  private func scaled(_ map: Tensor) -> Tensor { comparison?.scaled(map) ?? map }

  private func values(of control: AlignmentControl, _ compared: Tensor, _ block: MeasurementBlock) throws -> [Double] {
    switch control {
    case .random, .image, .sobel, .blurredImage:
      guard let map = block.controls[control] else { preconditionFailure("\(control) was not asked for") }
      return try metric.values(scaled(map), compared)
    case .otherImage:
      // Alone in its set an image has no other.
      return block.count > 1
        ? try metric.values(compared.items(block.partners), compared) : [Double](repeating: .nan, count: block.count)
    case .minusReference: return try metric.values(compared.negated(), compared)
    }
  }
}

extension AlignmentMetric {
  /// One finite number or NaN per image. What is zero everywhere cannot be divided by its largest absolute value, so the pair has
  /// none, whatever the metric says of zeros.
  func values(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
    let values = try compare(gradients, references)
    guard values.count == gradients.batch else {
      throw EvaluationError.wrongOutput(
        what: "values of metric \(id)", expected: [gradients.batch], got: [values.count])
    }
    return values.enumerated().map { image, value in
      value.isFinite && !gradients.isZero(image) && !references.isZero(image) ? value : .nan
    }
  }
}

/// Alignment of all targets with one kind of reference.
struct AlignmentMeasurement: Measurement {
  let reference: AlignmentReference
  let targets: [GradientTarget]
  let metrics: [any AlignmentMetric]
  let noises: [Double]
  /// Nil where references have the size of the images.
  var comparison: ScoreComparison?
  /// The references of each target at a noise level, `[N, C, H, W]`; asked once per block and noise level.
  let references: @Sendable (_ block: MeasurementBlock, _ noise: Double) throws -> [GradientTarget: Tensor]

  func samples(of block: MeasurementBlock) throws -> SampleTable { try samples(of: block, keeping: nil).table }

  /// - Returns: also the references at one of the noise levels, which are costly.
  func samples(
    of block: MeasurementBlock, keeping kept: Double?
  ) throws -> (table: SampleTable, references: [GradientTarget: Tensor]) {
    var table = SampleTable()
    var keptReferences: [GradientTarget: Tensor] = [:]
    for noise in noises {
      let references = try references(block, noise)
      if noise == kept { keptReferences = references }
      for series in series where series.noise == noise {
        guard let gradient = block.gradients[series.target], let compared = references[series.target] else {
          preconditionFailure("no gradient of \(series.target.rawValue)")
        }
        try series.append(to: &table, gradient: gradient, compared: compared, block: block)
      }
    }
    return (table, keptReferences)
  }

  func result(from means: ResampledMeans) -> [AlignmentEntry] { series.map { $0.columns.result(from: means) } }

  var series: [AlignmentSeries] {
    targets.flatMap { target in
      metrics.flatMap { metric in
        noises.map {
          AlignmentSeries(
            reference: reference, target: target, metric: metric, noise: $0, comparison: comparison)
        }
      }
    }
  }
}

extension AlignmentMeasurement {
  /// Every target against the score at the clean image (the paper's code; section 4.2).
  static func score(
    _ score: any Score, targets: [GradientTarget], metrics: [any AlignmentMetric], noises: [Double]
  ) -> AlignmentMeasurement {
    AlignmentMeasurement(reference: .score, targets: targets, metrics: metrics, noises: noises) { block, noise in
      let scores = try score.score(at: block.images, noise: noise).checkedReference("score of \(score.id)", for: block)
      return Dictionary(uniqueKeysWithValues: targets.map { ($0, scores) })
    }
  }

  /// The same with the score of smaller images, which gradients are scaled down to.
  static func score(
    _ score: ScaledScore, targets: [GradientTarget], metrics: [any AlignmentMetric], noises: [Double]
  ) -> AlignmentMeasurement {
    AlignmentMeasurement(
      reference: .score, targets: targets, metrics: metrics, noises: noises, comparison: score.comparison
    ) { block, noise in
      let scores = try score.score(at: block.images, labels: block.labels, noise: noise).checkedReference(
        "score of \(score.base.id)", for: block, shape: score.comparison.shape)
      return Dictionary(uniqueKeysWithValues: targets.map { ($0, scores) })
    }
  }

  /// The predicted class's logit against that class's score (the paper's choice for conditional scores).
  static func conditionalScore(
    _ density: any ClassConditionalDensity, metrics: [any AlignmentMetric], noises: [Double], threads: Int
  ) -> AlignmentMeasurement {
    AlignmentMeasurement(
      reference: .conditionalScore, targets: [.logitPredicted], metrics: metrics, noises: noises
    ) { block, noise in
      let scores = try density.score(
        ofClasses: block.predicted, at: block.images, noise: noise, threads: threads)
      return [.logitPredicted: try scores.checkedReference("class-conditional score of \(density.id)", for: block)]
    }
  }

  /// Every target against its own gradient of the density's classifier at each noise level, for the class that the
  /// evaluated model predicts.
  static func classifier(
    of density: any ClassConditionalDensity, targets: [GradientTarget], metrics: [any AlignmentMetric],
    noises: [Double], threads: Int
  ) -> AlignmentMeasurement {
    AlignmentMeasurement(reference: .classifier, targets: targets, metrics: metrics, noises: noises) { block, noise in
      try DensityClassifier(density, noise: noise, threads: threads).checkedGradients(
        of: targets, at: block.images, predicted: block.predicted, labels: block.labels,
        owner: "the density classifier of \(density.id)",
        firstImage: block.range.lowerBound
      ).gradients
    }
  }
}

extension Tensor {
  fileprivate func negated() -> Tensor { Tensor(shape: shape, scalars: scalars.map { -$0 }) }
  fileprivate func isZero(_ image: Int) -> Bool { item(image).allSatisfy { $0 == 0 } }

  /// - Parameter itemShape: of one; nil for that of the images.
  /// - Throws: `EvaluationError.wrongOutput`, `.nonFinite`.
  func checkedReference(_ what: String, for block: MeasurementBlock, shape itemShape: Shape? = nil) throws -> Tensor {
    let expected = itemShape?.prepending(block.count) ?? block.images.shape
    guard shape == expected else {
      throw EvaluationError.wrongOutput(what: what, expected: expected, got: shape)
    }
    if let bad = scalars.firstIndex(where: { !$0.isFinite }) {
      let image = block.range.lowerBound + bad / stride
      throw EvaluationError.invalidTask(task: block.task, problem: "the \(what) is \(scalars[bad]) at image \(image)")
    }
    return self
  }
}
