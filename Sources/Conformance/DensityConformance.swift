import BenchCore
import Foundation
import Tensor

/// Checks of any `ClassConditionalDensity`.
public enum DensityConformance {
  /// - Parameters:
  ///   - images: `[N, C, H, W]`, at least one: noise-free images of the distribution.
  ///   - noises: levels it is used at; 0 may be among them.
  /// - Returns: what is wrong, empty where nothing is.
  public static func problems(
    _ density: any ClassConditionalDensity, images: Tensor, noises: [Double], seed: UInt64 = 1
  ) -> [ConformanceProblem] {
    var report = ConformanceReport("density \(density.id)")
    report.requireIdentifier(density.id)
    report.require(
      density.imageShape == images.shape.droppingFirst && images.batch > 0, .shape,
      "the images to check with have shape \(images.shape), the density's \(density.imageShape)")
    report.require(density.classCount >= 2, .declaration, "there are \(density.classCount) classes")
    let total = density.logPriors.reduce(0) { $0 + exp($1) }
    report.require(abs(total - 1) <= 1e-6, .normalisation, "the class probabilities sum to \(total)")
    guard report.problems.isEmpty else { return report.problems }
    for noise in noises {
      let level = DensityConformanceAtNoise(
        density: density, images: images.jittered(by: Float(noise), seed: seed), noise: noise, seed: seed)
      level.run(into: &report)
    }
    checkNoise(density, images, noises, seed, &report)
    return report.problems
  }

  /// Posteriors at images with that noise.
  private static func checkNoise(
    _ density: any ClassConditionalDensity, _ images: Tensor, _ noises: [Double], _ seed: UInt64,
    _ report: inout ConformanceReport
  ) {
    func posteriors(_ noise: Double, jitter: Double? = nil) throws -> Matrix {
      let noisy = images.jittered(by: Float(jitter ?? noise), seed: seed)
      var result = density.logPosteriors(try density.logDensities(at: noisy, noise: noise))
      for index in result.scalars.indices { result.scalars[index] = exp(result.scalars[index]) }
      return result
    }
    func entropy(_ posteriors: Matrix) -> Double {
      posteriors.scalars.reduce(0) { $0 - ($1 > 0 ? $1 * log($1) : 0) } / Double(posteriors.rows)
    }
    func distance(_ first: Matrix, _ second: Matrix) -> Double {
      zip(first.scalars, second.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    // A thousand times the range of the pixels hides everything; a millionth of it is too little to be noticed.
    let found = report.attempt("posteriors") {
      (
        hidden: try posteriors(1000),
        jump: distance(try posteriors(0, jitter: 0), try posteriors(1e-6, jitter: 0)),
        entropies: try noises.sorted().map { try entropy(posteriors($0)) }
      )
    }
    guard let found else { return }
    let priors = Matrix(
      rows: found.hidden.rows, columns: found.hidden.columns,
      scalars: (0..<found.hidden.rows).flatMap { _ in density.logPriors.map { exp($0) } })
    let rest = distance(found.hidden, priors)
    report.require(rest <= 0.05, .noise, "at noise 1000 a posterior is still \(rest) away from the prior")
    report.require(found.jump <= 0.05, .noise, "between noise 0 and 1e-6 a posterior jumps by \(found.jump)")
    // In expectation entropy rises; few images leave room for chance.
    for (lower, higher) in zip(found.entropies, found.entropies.dropFirst()) {
      report.require(
        higher >= lower - 0.1, .noise,
        "the mean entropy of the posteriors is \(found.entropies) at noises \(noises.sorted()), expected to rise")
    }
  }
}

/// The checks of a density at one noise level.
private struct DensityConformanceAtNoise {
  let density: any ClassConditionalDensity
  let images: Tensor
  let noise: Double
  let seed: UInt64

  /// Of norms: scores are float32, and sums over classes of unlike sign cancel.
  private static let contractionTolerance = 1e-4

  private var classes: Int { density.classCount }

  func run(into report: inout ConformanceReport) {
    let (count, where_) = (images.batch, "at noise \(noise)")
    guard
      let logDensities = report.attempt(
        "logDensities \(where_)", { try density.logDensities(at: images, noise: noise) }),
      report.requireShape(logDensities, rows: count, columns: classes, "log-densities \(where_)"),
      let (beside, scores) = report.attempt(
        "classScores \(where_)", { try density.classScores(at: images, noise: noise) }),
      report.requireShape(beside, rows: count, columns: classes, "log-densities beside class scores \(where_)"),
      report.requireShape(
        scores.shape, images.shape.droppingFirst.prepending(classes).prepending(count), "class scores \(where_)")
    else { return }
    report.requireFinite(logDensities, "the log-densities \(where_)")
    report.requireFinite(scores, "the class scores \(where_)")
    report.require(
      logDensities.numbersOfRows == beside.numbersOfRows, .consistency,
      "the log-densities that come with class scores differ from logDensities(at:noise:) \(where_)")
    ImagewiseCheck(what: "log-densities \(where_)", count: count) { [density, images, noise] indices in
      try density.logDensities(at: images.selecting(indices), noise: noise).numbersOfRows
    }.run(into: &report)
    ImagewiseCheck(what: "class scores \(where_)", count: count) { [density, images, noise] indices in
      let result = try density.classScores(at: images.selecting(indices), noise: noise)
      return joined([result.logDensities.numbersOfRows, result.scores.numbersOfImages])
    }.run(into: &report)
    checkCombinations(scores, &report)
    checkDerivatives(&report)
  }

  /// Weights whose sum is zero (differences between classes, where omitted constants cancel) and any.
  private var weights: (contrast: [Double], any: [Double]) {
    let draws = RandomStream(seed: seed, name: "conformance-weights").normals(item: 0, count: 2 * classes)
    let first = draws.prefix(classes)
    let mean = first.reduce(0, +) / Double(classes)
    return (first.map { $0 - mean }, Array(draws.suffix(classes)))
  }

  private func combined(_ gradient: ClassGradient, _ vectors: [[Double]], at images: Tensor) throws -> [Tensor] {
    try density.combinedGradients(gradient, at: images, noise: noise) { logDensities in
      vectors.map { vector in
        Matrix(
          rows: logDensities.rows, columns: vector.count, scalars: (0..<logDensities.rows).flatMap { _ in vector })
      }
    }.gradients
  }

  /// `combinedGradients` is the contraction of `classScores`, for `.score` with any weights and for `.logDensity` with
  /// those that sum to zero.
  private func checkCombinations(_ scores: Tensor, _ report: inout ConformanceReport) {
    let (contrast, any) = weights
    let found = report.attempt("combinedGradients at noise \(noise)") {
      try combined(.score, [contrast, any], at: images) + combined(.logDensity, [contrast], at: images)
    }
    guard let found else { return }
    guard
      report.require(
        found.map(\.shape) == [images.shape, images.shape, images.shape], .shape,
        "combined gradients have shapes \(found.map(\.shape)), expected \(images.shape) each")
    else { return }
    for (gradient, vector) in zip(found, [contrast, any, contrast]) {
      let difference = relativeDifference(gradient, fromContractionOf: scores, with: vector)
      report.require(
        difference <= Self.contractionTolerance, .consistency,
        "combinedGradients at noise \(noise) differs from the sum over class scores by \(difference) of its size")
    }
    for (index, vector) in [contrast, any].enumerated() {
      let alone = report.attempt("combinedGradients at noise \(noise)") {
        try combined(.score, [vector], at: images).first
      }
      if let alone, let alone {
        report.require(
          alone.numbersOfImages == found[index].numbersOfImages, .cotangents,
          "the gradients of weights \(index) of two differ from those of these weights alone at noise \(noise)")
      }
    }
  }

  private func relativeDifference(
    _ gradient: Tensor, fromContractionOf scores: Tensor, with vector: [Double]
  ) -> Double {
    let pixels = images.stride
    var (error, size) = (0.0, 0.0)
    for image in 0..<images.batch {
      for pixel in 0..<pixels {
        var (sum, magnitude) = (0.0, 0.0)
        for (label, weight) in vector.enumerated() {
          let term = weight * Double(scores.scalars[(image * vector.count + label) * pixels + pixel])
          sum += term
          magnitude += abs(term)
        }
        error += pow(Double(gradient.scalars[image * pixels + pixel]) - sum, 2)
        size += magnitude * magnitude
      }
    }
    return size > 0 ? (error / size).squareRoot() : error.squareRoot()
  }

  /// Class scores differ between classes as log-densities do, and `.logDensity` is the gradient of exactly these numbers.
  private func checkDerivatives(_ report: inout ConformanceReport) {
    let few = images[batch: 0..<min(6, images.batch)]
    for (gradient, vector, what) in [
      (ClassGradient.score, weights.contrast, "differences between class scores at noise \(noise)"),
      (ClassGradient.logDensity, weights.any, "gradients of log-densities at noise \(noise)"),
    ] {
      let finding = report.attempt(what) { () throws -> String? in
        guard let gradients = try combined(gradient, [vector], at: few).first else { return nil }
        return try DirectionalDerivativeCheck(
          images: few, gradients: gradients,
          function: { moved in
            let table = try density.logDensities(at: moved, noise: noise)
            return (0..<table.rows).map { row in
              zip(table.row(row), vector).reduce((0, 0)) { sum, pair in
                (sum.0 + pair.0 * pair.1, sum.1 + abs(pair.0 * pair.1))
              }
            }
          }, seed: seed
        ).finding(what)
      }
      if let finding, let finding { report.add(.derivative, finding) }
    }
  }
}
