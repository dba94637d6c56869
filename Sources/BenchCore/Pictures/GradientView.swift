import Tensor

/// Input gradients of models at a few images, with what they are compared with: the maps of a sheet of pictures, and the numbers
/// below them, which are those of an evaluation of the same images.
package struct GradientView: Sendable {
  package let task: any BenchmarkTask
  package let images: ChosenImages
  package let target: GradientTarget
  /// Of the score that gradients are compared with.
  package let scoreNoise: Double
  private let score: Tensor?
  /// Nil where it was not asked for, or the task has no manifold.
  package let tangentSpace: TangentBasis?
  private let metrics: [any AlignmentMetric]
  private let threads: Int

  /// What is shown of one model.
  package struct Model: Sendable {
    package var predicted: [Int]
    /// Of the predicted class, by the model's softmax.
    package var probability: [Double]
    /// `[N, C, H, W]`.
    package var gradient: Tensor
    package var comparisons: Comparisons
    /// The parts along the tangent space and off it, zero where rounding is all that they are, and the share of the gradient's energy
    /// in the first; nil without a tangent space.
    package var parts: (tangent: Tensor, normal: Tensor, tangentShare: [Double])?
  }

  /// What maps are worth beside what gradients are compared with: by the cosine, then by each further metric, one number an image, NaN
  /// where it is undefined, as the cosine is of a map that is zero.
  package struct Comparisons: Sendable {
    /// With the score; nil where the task has none.
    package var score: [[Double]]?
    /// With the reference's gradient for the class that the model predicts; nil where the task has no density.
    package var reference: [[Double]]?

    /// Of maps that are compared with nothing.
    package static let none = Comparisons()
  }

  /// - Parameter metrics: beside the cosine.
  /// - Throws: the errors of the task's score and manifold.
  package init(
    _ task: any BenchmarkTask, at images: ChosenImages, target: GradientTarget, scoreNoise: Double,
    withTangentSpace: Bool, metrics: [any AlignmentMetric] = [], threads: Int
  ) throws {
    self.task = task
    self.images = images
    self.target = target
    self.scoreNoise = scoreNoise
    self.metrics = metrics
    self.threads = threads
    score = try task.score.map { try Self.scores($0, at: images, noise: scoreNoise, task: task.id) }
    tangentSpace = withTangentSpace ? try task.manifold?.tangentBasis(at: images.images) : nil
  }

  /// The score at the images, `[N, C, H, W]`.
  package static func scores(
    _ score: any Score, at images: ChosenImages, noise: Double, task: String
  ) throws -> Tensor {
    try checked(score.score(at: images.images, noise: noise), "score of \(score.id)", at: images, task: task)
  }

  /// What a model predicts at the images, and with which probability.
  /// - Throws: `EvaluationError`, and the classifier's errors.
  package static func predictions(
    _ classifier: any Classifier, id: String, at images: ChosenImages, on task: any BenchmarkTask
  ) throws -> (predicted: [Int], probability: [Double]) {
    try check(classifier, id: id, on: task)
    let logits = try classifier.checkedLogits(images.images) { "image \(images.positions[$0])" }
    let predicted = logits.argmaxOfRows()
    return (predicted, probabilities(logits, of: predicted))
  }

  /// - Throws: `EvaluationError.wrongInputShape`, `.wrongClassCount`.
  package static func check(_ classifier: any Classifier, id: String, on task: any BenchmarkTask) throws {
    guard classifier.inputShape == task.imageShape else {
      throw EvaluationError.wrongInputShape(
        model: id, task: task.id, expected: task.imageShape, got: classifier.inputShape)
    }
    guard classifier.classCount == task.classCount else {
      throw EvaluationError.wrongClassCount(
        model: id, task: task.id, expected: task.classCount, got: classifier.classCount)
    }
  }

  /// - Throws: `EvaluationError`, and the classifier's errors.
  package func model(_ classifier: any Classifier, id: String) throws -> Model {
    try Self.check(classifier, id: id, on: task)
    let (logits, gradients, _) = try classifier.checkedGradients(
      of: [target], at: images.images, labels: images.labels, owner: id, firstImage: 0)
    guard let gradient = gradients[target] else { preconditionFailure("no gradient of \(target.rawValue)") }
    let predicted = logits.argmaxOfRows()
    return Model(
      predicted: predicted, probability: Self.probabilities(logits, of: predicted), gradient: gradient,
      comparisons: try comparisons(of: gradient, predicted: predicted),
      parts: tangentSpace.map { parts(of: gradient, $0) })
  }

  /// Of any maps, one an image, with what gradients are compared with.
  /// - Throws: `EvaluationError`, and the errors of density and metrics.
  package func comparisons(of maps: Tensor, predicted: [Int]) throws -> Comparisons {
    func values(_ compared: Tensor) throws -> [[Double]] {
      let (maps, scaled) = (maps.scaledToUnitMaximum(), compared.scaledToUnitMaximum())
      return [Self.cosines(maps, scaled)] + (try metrics.map { try $0.values(maps, scaled) })
    }
    return Comparisons(
      score: try score.map(values), reference: try reference(for: predicted).map { try values($0.gradient) })
  }

  /// The gradient of the classifier of the task's density, smoothed as the decisive alignment wants it.
  /// - Parameter predicted: the class meant; nil for its own.
  /// - Returns: nil where the task has no density.
  package func reference(
    for predicted: [Int]? = nil
  ) throws -> (predicted: [Int], probability: [Double], gradient: Tensor)? {
    guard let density = task.density else { return nil }
    let classifier = DensityClassifier(density, noise: task.protocolConstants.decisiveNoise, threads: threads)
    let (logits, gradients, _) = try classifier.checkedGradients(
      of: [target], at: images.images, predicted: predicted ?? classifier.logits(images.images).argmaxOfRows(),
      labels: images.labels, owner: "the density classifier of \(density.id)", firstImage: 0)
    guard let gradient = gradients[target] else { preconditionFailure("no gradient of \(target.rawValue)") }
    let own = logits.argmaxOfRows()
    return (own, Self.probabilities(logits, of: own), gradient)
  }

  /// As alignment is measured: each divided by its own largest absolute value before. NaN where one is zero throughout.
  package static func cosines(_ gradient: Tensor, _ compared: Tensor) -> [Double] {
    cosineSimilarities(gradient.scaledToUnitMaximum(), compared.scaledToUnitMaximum())
  }

  private func parts(of gradient: Tensor, _ space: TangentBasis) -> (Tensor, Tensor, [Double]) {
    let tangent = space.projection(of: gradient)
    let energies = RelativeRobustness.gradientEnergies(gradient, tangentSpace: space)
    let shares = zip(energies.off, energies.all).map { $1 > 0 ? 1 - $0 / $1 : .nan }
    return (
      Self.withoutRounding(tangent, of: gradient), Self.withoutRounding(gradient.subtracting(tangent), of: gradient),
      shares
    )
  }

  /// Of a gradient's length: single precision leaves some 1e-7 of it where a part is zero, which, scaled to its own largest value,
  /// would be a picture like any other.
  private static let roundingShare = 1e-5

  private static func withoutRounding(_ part: Tensor, of gradient: Tensor) -> Tensor {
    var part = part
    for index in 0..<part.batch
    where squaredNorm(part.item(index)) < roundingShare * roundingShare * squaredNorm(gradient.item(index)) {
      for place in index * part.stride..<(index + 1) * part.stride { part.scalars[place] = 0 }
    }
    return part
  }

  private static func probabilities(_ logits: Tensor, of classes: [Int]) -> [Double] {
    classes.enumerated().map { softmax(logits.item($0).map(Double.init))[$1] }
  }

  private static func checked(_ map: Tensor, _ what: String, at images: ChosenImages, task: String) throws -> Tensor {
    guard map.shape == images.images.shape else {
      throw EvaluationError.wrongOutput(what: what, expected: images.images.shape, got: map.shape)
    }
    if let bad = map.scalars.firstIndex(where: { !$0.isFinite }) {
      throw EvaluationError.invalidTask(
        task: task, problem: "the \(what) is \(map.scalars[bad]) at image \(images.positions[bad / map.stride])")
    }
    return map
  }
}
