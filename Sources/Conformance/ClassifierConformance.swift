import BenchCore
import Synchronization
import Tensor

/// Checks of any `Classifier`.
public enum ClassifierConformance {
  /// - Parameters:
  ///   - images: `[N, C, H, W]`, at least one, in the range the classifier is for. Better more than the classifier handles
  ///     at a time and no multiple of it. All checks together put about 20 N + 400 images through it.
  ///   - seed: of cotangents and directions.
  /// - Returns: what is wrong, empty where nothing is.
  public static func problems(
    _ classifier: any Classifier, subject: String = "classifier", images: Tensor, seed: UInt64 = 1
  ) -> [ConformanceProblem] {
    report(classifier, subject: subject, images: images, seed: seed, rounding: 0).problems
  }

  static func report(
    _ classifier: any Classifier, subject: String, images: Tensor, seed: UInt64, rounding: Double
  ) -> ConformanceReport {
    var report = ConformanceReport(subject, rounding: rounding)
    let (shape, classes) = (classifier.inputShape, classifier.classCount)
    report.require(
      shape.rank == 3 && shape.count > 0, .declaration, "the input shape is \(shape), expected [C, H, W]")
    report.require(classes >= 2, .declaration, "there are \(classes) classes, expected at least 2")
    report.require(
      images.batch > 0 && images.shape.droppingFirst == shape, .shape,
      "the images to check with have shape \(images.shape), the classifier takes \(shape)")
    guard report.problems.isEmpty else { return report }

    guard let logits = report.attempt("logits", { try classifier.logits(images) }),
      report.requireShape(logits.shape, [images.batch, classes], "logits")
    else { return report }
    report.requireFinite(logits, "the logits")
    let check = GradientConformance(classifier: classifier, images: images, seed: seed)
    guard check.checkShapes(logits, &report) else { return report }
    checkImagewise(classifier, images, check.cotangents, &report)
    checkEmptyBatch(classifier, check.cotangents, &report)
    check.checkCotangents(&report)
    check.checkErrors(&report)
    check.checkDerivative(&report)
    return report
  }

  /// Checks that two classifiers are one: the same model loaded for other batch sizes or numbers of threads.
  public static func differences(
    between first: any Classifier, and second: any Classifier, subject: String = "classifiers", images: Tensor
  ) -> [ConformanceProblem] {
    var report = ConformanceReport(subject)
    compare(first, second, images: images, into: &report)
    return report.problems
  }

  static func compare(
    _ first: any Classifier, _ second: any Classifier, images: Tensor, into report: inout ConformanceReport
  ) {
    let results = [first, second].compactMap { classifier in
      report.attempt("gradient") { try classifier.inputGradient(.logOddsPredicted, at: images) }
    }
    guard results.count == 2 else { return }
    report.requireSame(
      results[0].logits.numbersOfImages, as: results[1].logits.numbersOfImages, .threads, "logits")
    report.requireSame(
      results[0].gradient.numbersOfImages, as: results[1].gradient.numbersOfImages, .threads, "input gradients")
  }

  private static func checkImagewise(
    _ classifier: any Classifier, _ images: Tensor, _ cotangents: [[Float]], _ report: inout ConformanceReport
  ) {
    ImagewiseCheck(what: "logits", count: images.batch) { indices in
      try classifier.logits(images.selecting(indices)).numbersOfImages
    }.run(into: &report)
    ImagewiseCheck(what: "input gradients", count: images.batch) { indices in
      let result = try classifier.inputGradients(
        at: images.selecting(indices), cotangents: constantCotangents(cotangents))
      return joined(([result.logits] + result.gradients).map(\.numbersOfImages))
    }.run(into: &report)
  }

  private static func checkEmptyBatch(
    _ classifier: any Classifier, _ cotangents: [[Float]], _ report: inout ConformanceReport
  ) {
    let none = Tensor(shape: classifier.inputShape.prepending(0), scalars: [])
    if let logits = report.attempt("logits of no images", as: .emptyBatch, { try classifier.logits(none) }) {
      report.require(
        logits.shape == [0, classifier.classCount], .emptyBatch, "logits of no images have shape \(logits.shape)")
    }
    let result = report.attempt("input gradients of no images", as: .emptyBatch) {
      try classifier.inputGradients(at: none, cotangents: constantCotangents(cotangents))
    }
    guard let result else { return }
    report.require(
      result.logits.shape == [0, classifier.classCount]
        && result.gradients.map(\.shape) == cotangents.map { _ in none.shape },
      .emptyBatch,
      "for no images and \(cotangents.count) cotangents, logits have shape \(result.logits.shape) and gradients "
        + "\(result.gradients.map(\.shape)), expected \(cotangents.count) of \(none.shape)")
  }
}

/// The same vectors for every image, so that they move with it when a batch is reordered.
func constantCotangents(_ vectors: [[Float]]) -> @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor] {
  { _, range in
    vectors.map { vector in
      Tensor(shape: [range.count, vector.count], scalars: range.flatMap { _ in vector })
    }
  }
}
