import Foundation
import Tensor

/// The factor on a classifier's logits at which its posterior fits the labels best: the inverse of the temperature of
/// Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
///
/// A network's softmax is as sharp as its last layer was scaled, which no prediction depends on. What is compared between
/// classifiers is compared at each one's own calibrated temperature: then multiplying all logits by a number, or adding a
/// function of the image to all of them, changes nothing.
///
/// The factor b minimises the convex
///
///     f(b) = sum_i -log p_b(y_i | x_i) + (1/N) sum_i 1/2 (-log p_b(c_i | x_i) - log p_b(d_i | x_i)),   p_b = softmax(b z),
///
/// c the predicted class and d the runner-up. The second sum, the loss of one more image whose label is as likely the one as the
/// other, keeps b finite where every prediction is right.
package struct CalibratedTemperature: Sendable, Equatable {
  /// b, positive.
  package let scale: Double
  /// What one more occurrence of each image would change of log b, times N: to first order, log b of a resample is that of
  /// all images plus the resample's mean of these. They sum to 0.
  package let influences: [Double]

  /// Nil where no positive factor is better than a uniform posterior: the logits say nothing of the labels.
  /// - Parameters:
  ///   - logits: `[N, K]`, all finite.
  ///   - labels: N classes.
  package init?(logits: Tensor, labels: [Int]) {
    precondition(logits.batch == labels.count, "one label per image")
    let rows = labels.indices.map { Row(logits.item($0), label: labels[$0], weight: 1 / Double(labels.count)) }
    // Of the images alone: the one more would speak for any classifier.
    let slopeAtZero = rows.reduce(0) { $0 + $1.slopeAtZero }
    // The logits' own scale, so that the search takes the same steps whatever they were multiplied with.
    let spread = rows.reduce(0) { $0 + $1.spread } / Double(max(1, rows.count))
    // What is below zero by rounding alone is no information.
    guard slopeAtZero < -1e-9 * spread * Double(rows.count), spread > 0, spread.isFinite else { return nil }
    func slope(_ scale: Double) -> Double { rows.reduce(0) { $0 + $1.derivatives(at: scale).first } }
    var (low, high) = (0.0, 1 / spread)
    while slope(high) < 0 {
      (low, high) = (high, 2 * high)
      guard high * spread < 1e9 else { return nil }
    }
    for _ in 0..<60 {
      let middle = 0.5 * (low + high)
      if slope(middle) < 0 { low = middle } else { high = middle }
    }
    let scale = 0.5 * (low + high)
    let derivatives = rows.map { $0.derivatives(at: scale) }
    let curvature = derivatives.reduce(0) { $0 + $1.second }
    let mean = derivatives.reduce(0) { $0 + $1.first } / Double(rows.count)
    guard scale > 0, curvature > 0 else { return nil }
    self.scale = scale
    influences = derivatives.map { -Double(rows.count) * ($0.first - mean) / (scale * curvature) }
  }

  /// One image's part of f.
  private struct Row {
    /// Logits less the largest.
    let logits: [Double]
    /// The label's logit and, with the weight of the one more image, the mean of the two largest.
    let target: Double
    let weight: Double
    let spread: Double
    /// Of the label's part.
    let slopeAtZero: Double

    init(_ row: ArraySlice<Float>, label: Int, weight: Double) {
      let largest = Double(row.max() ?? 0)
      logits = row.map { Double($0) - largest }
      let mean = logits.reduce(0, +) / Double(max(1, logits.count))
      // The largest is 0; a second one that is as large counts too.
      let first = logits.firstIndex(of: 0) ?? 0
      let runnerUp = logits.enumerated().reduce(-Double.infinity) { $1.offset == first ? $0 : max($0, $1.element) }
      target = logits[label] + weight * 0.5 * runnerUp
      self.weight = 1 + weight
      slopeAtZero = mean - logits[label]
      spread = (logits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, logits.count))).squareRoot()
    }

    /// d/db of weight * log sum_k exp(b z_k) - b * target, and its derivative.
    func derivatives(at scale: Double) -> (first: Double, second: Double) {
      var (total, mean, square) = (0.0, 0.0, 0.0)
      for logit in logits {
        let probability = exp(scale * logit)
        total += probability
        mean += probability * logit
        square += probability * logit * logit
      }
      mean /= total
      return (weight * mean - target, weight * max(0, square / total - mean * mean))
    }
  }
}
