import BenchCore
import Foundation
import Tensor

/// Checks of any `Score`.
public enum ScoreConformance {
  /// What a score is the gradient of: log p_sigma(x) of each image, in nats, up to a constant that no image changes.
  public typealias LogDensity = @Sendable (_ images: Tensor, _ noise: Double) throws -> [Double]

  /// - Parameters:
  ///   - images: `[N, C, H, W]`, at least one: noise-free images of the distribution.
  ///   - noises: levels it is used at, above 0.
  ///   - logDensity: where it is known.
  /// - Returns: what is wrong, empty where nothing is.
  public static func problems(
    _ score: any Score, images: Tensor, noises: [Double], logDensity: LogDensity? = nil, seed: UInt64 = 1
  ) -> [ConformanceProblem] {
    var report = ConformanceReport("score \(score.id)")
    report.requireIdentifier(score.id)
    for noise in noises {
      let noisy = images.jittered(by: Float(noise), seed: seed)
      let found = report.attempt("score at noise \(noise)") { try score.score(at: noisy, noise: noise) }
      guard let found, report.requireShape(found.shape, images.shape, "scores at noise \(noise)") else { continue }
      report.requireFinite(found, "the score at noise \(noise)")
      checkDenoising(found, images, noisy, noise, &report)
      ImagewiseCheck(what: "scores at noise \(noise)", count: images.batch) { indices in
        try score.score(at: noisy.selecting(indices), noise: noise).numbersOfImages
      }.run(into: &report)
      if let logDensity { checkDerivative(score, noisy, noise, logDensity, seed, &report) }
    }
    return report.problems
  }

  /// E[x | y] = y + sigma^2 score(y) has the smallest squared error of all functions of y = x + sigma n, so a smaller one
  /// than y itself, unless the score is that of another distribution.
  private static func checkDenoising(
    _ score: Tensor, _ clean: Tensor, _ noisy: Tensor, _ noise: Double, _ report: inout ConformanceReport
  ) {
    var (before, after) = (0.0, 0.0)
    for index in clean.scalars.indices {
      let (x, y) = (Double(clean.scalars[index]), Double(noisy.scalars[index]))
      before += (y - x) * (y - x)
      after += pow(y + noise * noise * Double(score.scalars[index]) - x, 2)
    }
    report.require(
      after < before, .denoising,
      "denoising images with noise \(noise) multiplies their squared error by \(after / before), expected less than 1")
  }

  private static func checkDerivative(
    _ score: any Score, _ images: Tensor, _ noise: Double, _ logDensity: @escaping LogDensity, _ seed: UInt64,
    _ report: inout ConformanceReport
  ) {
    let few = images[batch: 0..<min(6, images.batch)]
    let finding = report.attempt("log-density at noise \(noise)") {
      try DirectionalDerivativeCheck(
        images: few, gradients: score.score(at: few, noise: noise),
        function: { moved in try logDensity(moved, noise).map { ($0, abs($0)) } }, seed: seed
      ).finding("scores at noise \(noise)")
    }
    if let finding, let finding { report.add(.derivative, finding) }
  }
}
