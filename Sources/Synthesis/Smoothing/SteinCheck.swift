import BenchCore
import Foundation
import Tensor

/// Whether a mean of noisy gradients is the gradient of the convolved function, asked without gradients.
///
/// By Stein's lemma the derivative of F = f * N(0, sigma^2 I) along a direction u is
///
///     u . grad F(x) = E[(f(x + sigma n) - f(x - sigma n)) (n . u)] / (2 sigma)
///
/// which needs values of f alone. f's linear part, of gradient g, has a known share of it: (g . n)(n . u) has the expectation g . u.
/// Subtracting the one and adding the other leaves the expectation as it is, for any g, and takes most of the variance away
/// (a control variate). Its noise is independent of that of the gradients, so both estimates and their variances give a z of
/// mean 0 and variance 1 where they estimate the same number.
enum SteinCheck {
  /// - Parameters:
  ///   - directions: u, unit vectors, `[N, C, H, W]`.
  ///   - gradients: g, `[N, C, H, W]`.
  ///   - classes: that the target means, one an image.
  static func estimates(
    of smoothing: SmoothGrad, _ classifier: any Classifier, _ target: GradientTarget, at images: Tensor, places: [Int],
    labels: [Int], classes: [Int], along directions: Tensor, gradients: Tensor, seed: UInt64,
    checkCancellation: () throws -> Void
  ) throws -> [DerivativeEstimate] {
    let copies = NoisyCopies(
      images, places: places, noise: smoothing.noise, samples: smoothing.samples, seed: seed,
      purpose: "smoothgrad check")
    var sums = [DerivativeEstimate.Sum](repeating: .init(), count: images.batch)
    let expected = (0..<images.batch).map { innerProduct(gradients.item($0), directions.item($0)) }
    for rows in copies.blocks {
      try checkCancellation()
      let values = try [1.0, -1].map { sign in
        try classifier.checkedLogits(copies.images(rows, sign: sign)) {
          copies.description(ofRow: rows.lowerBound + $0)
        }
      }
      for (place, row) in rows.enumerated() {
        let image = copies.source(ofRow: row)
        let sigma = copies.sigma(ofImage: image)
        let noise = copies.noise(ofRow: row).map { Float($0) }
        let difference = values.map {
          target.value(
            logits: $0.item(place).map(Double.init), predicted: classes[image], label: labels[image])
        }
        let along = innerProduct(noise[...], directions.item(image))
        let linear = innerProduct(noise[...], gradients.item(image))
        sums[image].add(((difference[0] - difference[1]) / (2 * sigma) - linear) * along + expected[image])
      }
    }
    return sums.map(\.estimate)
  }
}

extension GradientTarget {
  /// The function of the logits whose gradient this is, in double precision.
  func value(logits: [Double], predicted: Int, label: Int) -> Double {
    func logOfSum(_ row: [Double]) -> Double { BenchCore.logSumExp(row) }
    func others(_ index: Int) -> [Double] { logits.indices.filter { $0 != index }.map { logits[$0] } }
    switch self {
    case .logitSum: return logits.reduce(0, +)
    case .logitPredicted: return logits[predicted]
    case .logitLabel: return logits[label]
    case .logSumExp: return logOfSum(logits)
    case .logProbabilityPredicted: return logits[predicted] - logOfSum(logits)
    case .logProbabilityLabel: return logits[label] - logOfSum(logits)
    case .logitMargin: return (others(label).max() ?? 0) - logits[label]
    case .logOddsPredicted: return logits[predicted] - logOfSum(others(predicted))
    }
  }
}
