import BenchCore
import Foundation
import Tensor

/// Checks of any `BenchmarkTask` and of all its parts.
public enum TaskConformance {
  /// - Parameters:
  ///   - count: of images to check with, at least 2; fewer where the task has fewer by default.
  ///   - logDensity: what the task's score is the gradient of, where it is known.
  /// - Returns: what is wrong with the task and, as far as it has them, its manifold, density, score and the Bayes classifiers of
  ///   its density; empty where nothing is.
  public static func problems(
    _ task: any BenchmarkTask, count: Int = 7, logDensity: ScoreConformance.LogDensity? = nil, seed: UInt64 = 1
  ) -> [ConformanceProblem] {
    var report = ConformanceReport("task \(task.id)")
    checkDeclaration(task, &report)
    checkConstants(task.protocolConstants, &report)
    checkCalibration(task, &report)
    checkQuality(task, &report)
    guard let set = checkImages(task, count: min(count, task.defaultImageCount), &report) else {
      return report.problems
    }
    let constants = task.protocolConstants
    var problems = report.problems
    if let manifold = task.manifold {
      problems += ManifoldConformance.problems(manifold, images: set.images, seed: seed)
    }
    if let score = task.score {
      problems += ScoreConformance.problems(
        score, images: set.images, noises: constants.scoreNoises, logDensity: logDensity, seed: seed)
    }
    if let classifier = task.marginClassifier {
      problems += ClassifierConformance.problems(
        classifier, subject: "classifier of the largest margin of \(task.id)", images: set.images, seed: seed)
    }
    problems += closestPointProblems(task, set)
    guard let density = task.density else { return problems }
    problems += DensityConformance.problems(
      density, images: set.images, noises: Set(constants.alignmentNoises + [0]).sorted(), seed: seed)
    for noise in Set([0, constants.decisiveNoise]).sorted() {
      problems += ClassifierConformance.problems(
        DensityClassifier(density, noise: noise), subject: "Bayes classifier of \(task.id) at noise \(noise)",
        images: set.images, seed: seed)
    }
    return problems
  }

  /// Ways to another class than each image's own.
  private static func closestPointProblems(_ task: any BenchmarkTask, _ set: ImageSet) -> [ConformanceProblem] {
    guard let points = task.closestPoints else { return [] }
    var report = ConformanceReport("closest points of \(task.id)")
    let classes = set.labels.map { ($0 + 1) % task.classCount }
    do {
      let ways = try points.directions(from: set.images, towards: classes)
      report.require(
        ways.shape == set.images.shape, .shape, "the ways have shape \(ways.shape), expected \(set.images.shape)")
      guard ways.shape == set.images.shape else { return report.problems }
      report.require(ways.scalars.allSatisfy(\.isFinite), .finite, "a way holds NaN or infinity")
      let alone = try points.directions(from: set.images[batch: 1..<2], towards: [classes[1]])
      report.require(
        alone.scalars == Array(ways.item(1)), .batchInvariance, "an image's way depends on the other images of the call"
      )
    } catch { report.require(false, .noError, "the ways to another class: \(error)") }
    return report.problems
  }

  private static func checkDeclaration(_ task: any BenchmarkTask, _ report: inout ConformanceReport) {
    report.requireIdentifier(task.id)
    report.require(task.version >= 1, .declaration, "version \(task.version), expected 1 or more")
    report.require(
      task.classCount >= 2 && Set(task.classNames).count == task.classCount
        && task.classNames.allSatisfy { !$0.isEmpty }, .declaration,
      "the class names \(task.classNames) are not at least two different ones")
    report.require(
      task.imageShape.rank == 3 && task.imageShape.count > 0, .declaration,
      "the image shape is \(task.imageShape), expected [C, H, W]")
    report.require(
      task.defaultImageCount >= 1, .declaration, "evaluates \(task.defaultImageCount) images by default")
    guard let density = task.density else {
      report.require(
        !task.densityIsExact && task.quality == nil && task.secondReference == nil, .consistency,
        "there is no density, but it is exact, has a quality or a second reference beside it")
      return
    }
    report.require(
      density.imageShape == task.imageShape && density.classCount == task.classCount, .consistency,
      "the density is of images \(density.imageShape) of \(density.classCount) classes, the task of "
        + "\(task.imageShape) of \(task.classCount)")
    report.require(
      task.quality != nil, .declaration, "the density has no quality, without which nobody knows its worth")
  }

  private static func checkConstants(_ constants: ProtocolConstants, _ report: inout ConformanceReport) {
    func ascending(_ values: [Double], from lowest: Double) -> Bool {
      !values.isEmpty && values.allSatisfy { $0.isFinite && $0 >= lowest }
        && zip(values, values.dropFirst()).allSatisfy(<)
    }
    let positive = Double.leastNormalMagnitude
    for (values, lowest, name) in [
      (constants.stepSizes, positive, "step sizes"), (constants.scoreNoises, positive, "score noises"),
      (constants.alignmentNoises, 0, "alignment noises"), ([constants.robustnessNoise], positive, "robustness noise"),
    ] {
      report.require(
        ascending(values, from: lowest), .declaration,
        "the \(name) \(values) are not finite, \(lowest > 0 ? "positive" : "0 or more") and ascending")
    }
    report.require(
      constants.stepSizes.contains(constants.smallStep) && constants.stepSizes.contains(constants.wideStep)
        && constants.smallStep <= constants.wideStep, .consistency,
      "the small step \(constants.smallStep) and the wide step \(constants.wideStep) are not two of the step sizes "
        + "\(constants.stepSizes) in this order")
    report.require(
      constants.alignmentNoises.contains(constants.decisiveNoise), .consistency,
      "the decisive noise \(constants.decisiveNoise) is none of the alignment noises \(constants.alignmentNoises)")
  }

  private static func checkCalibration(_ task: any BenchmarkTask, _ report: inout ConformanceReport) {
    switch task.calibration {
    case .bayes(let gate):
      report.require(0 < gate && gate < 1, .declaration, "the gate \(gate) is no cosine between 0 and 1")
      report.require(
        task.densityIsExact, .consistency, "the calibration is the exact Bayes classifier, but the density is not exact"
      )
    case .recorded(let sensitivity, let models):
      report.require(
        sensitivity.isFinite && sensitivity > 0, .declaration, "the recorded sensitivity \(sensitivity) is not positive"
      )
      report.require(!models.isEmpty, .declaration, "the recorded sensitivity names no model it was measured on")
    case .none: break
    }
    guard let criteria = task.criteria else { return }
    report.require(
      criteria.robustRatio > 0 && criteria.robustRatio.isFinite && (0...1).contains(criteria.specificShare)
        && (0...1).contains(criteria.densityAccuracy), .declaration,
      "the criteria of the regime rule are R \(criteria.robustRatio), share \(criteria.specificShare), accuracy "
        + "\(criteria.densityAccuracy)")
    for standard in criteria.standards {
      report.require(
        standard.parameters > 0 && standard.accuracy > 1 / Double(task.classCount) && standard.accuracy <= 1
          && standard.onManifold > 0 && standard.onManifold <= 2, .declaration,
        "the recorded standard \(standard.name) has \(standard.parameters) parameters, accuracy \(standard.accuracy), "
          + "on-manifold sensitivity \(standard.onManifold)")
    }
  }

  private static func checkQuality(_ task: any BenchmarkTask, _ report: inout ConformanceReport) {
    guard let quality = task.quality else { return }
    report.require(
      (0...1).contains(quality.accuracy) && quality.images > 0, .declaration,
      "the density's accuracy is \(quality.accuracy) on \(quality.images) images")
    report.require(
      task.manifold.map { $0.dimension == quality.manifoldDimension } ?? true, .consistency,
      "the quality is of a manifold of dimension \(quality.manifoldDimension), the task's has "
        + "\(task.manifold?.dimension ?? 0)")
    report.require(
      (quality.heldOutLogLikelihood == nil) == task.densityIsExact, .consistency,
      "an exact density has no held-out log-likelihood, a fitted one has; here it is "
        + (quality.heldOutLogLikelihood.map { "\($0)" } ?? "absent"))
    report.require(
      quality.heldOutLogLikelihood?.isFinite ?? true, .finite, "the held-out log-likelihood is not finite")
  }

  /// - Returns: the first `count` images, nil where there are none to go on with.
  private static func checkImages(
    _ task: any BenchmarkTask, count: Int, _ report: inout ConformanceReport
  ) -> ImageSet? {
    let seed: UInt64 = 7
    guard
      let set = report.attempt(
        "evaluationImages(count: \(count))", { try task.evaluationImages(count: count, seed: seed) }),
      report.requireShape(set.images.shape, task.imageShape.prepending(count), "evaluation images"), count > 0
    else { return nil }
    report.requireFinite(set.images, "the evaluation images")
    report.require(!set.name.isEmpty && !set.split.isEmpty, .declaration, "the image set has no name or no split")
    let strangers = set.labels.filter { !(0..<task.classCount).contains($0) }
    report.require(strangers.isEmpty, .images, "labels \(strangers) are not in 0..<\(task.classCount)")
    for (part, what) in [(count, "the same number of"), (count - 1, "fewer"), (0, "no")] {
      let again = report.attempt("evaluationImages(count: \(part))") {
        try task.evaluationImages(count: part, seed: seed)
      }
      guard let again else { continue }
      report.require(
        (again.signalMask == nil) == (set.signalMask == nil)
          && (set.signalMask.map { $0.count != count || again.signalMask == $0[images: 0..<part] } ?? true), .images,
        "asked for \(what) images (\(part)), the task does not give the masks of the first of the \(count)")
      report.require(
        again.images.shape == task.imageShape.prepending(part)
          && again.images.numbersOfImages == Array(set.images.numbersOfImages.prefix(part))
          && again.labels == Array(set.labels.prefix(part)), .images,
        "asked for \(what) images (\(part)), the task does not give the first of the \(count)")
    }
    checkMask(task, set, &report)
    checkAccuracy(task, set, &report)
    return set
  }

  private static func checkMask(
    _ task: any BenchmarkTask, _ set: ImageSet, _ report: inout ConformanceReport
  ) {
    guard let mask = set.signalMask else { return }
    guard
      report.require(
        mask.count == set.labels.count, .shape, "there are signal masks of \(mask.count) images, of \(set.labels.count)"
      )
    else { return }
    for image in set.labels.indices {
      let pixels = mask[image]
      guard
        report.require(
          pixels.count == task.imageShape.count, .shape,
          "the signal mask of image \(image) has \(pixels.count) pixels, images have \(task.imageShape.count)"),
        report.require(
          pixels.contains(true), .declaration,
          "the signal mask of image \(image) marks no pixel; a set without a mask says that none is known")
      else { return }
    }
  }

  /// That the recorded accuracy is one of this density: on few images it is off by chance, but not by this much.
  private static func checkAccuracy(
    _ task: any BenchmarkTask, _ set: ImageSet, _ report: inout ConformanceReport
  ) {
    guard let density = task.density, let quality = task.quality else { return }
    let logits = report.attempt("logits of the density") {
      try DensityClassifier(density, noise: 0).logits(set.images)
    }
    guard let logits, (0...1).contains(quality.accuracy) else { return }
    let predicted = logits.argmaxOfRows()
    let accuracy = Double(zip(predicted, set.labels).count { $0 == $1 }) / Double(set.labels.count)
    let recorded = quality.accuracy
    // Five standard errors; a twentieth more where the recorded accuracy is 0 or 1 by luck.
    let room = 5 * ((recorded * (1 - recorded) + 0.05) / Double(set.labels.count)).squareRoot()
    report.require(
      abs(accuracy - recorded) <= room, .consistency,
      "the density's Bayes classifier is right for \(accuracy) of \(set.labels.count) images, recorded is \(recorded)")
  }
}
