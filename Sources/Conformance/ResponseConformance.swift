import BenchCore
import Foundation
import Tensor

/// The part of `ModelConformance` about what a model does with images: a network can be a sound function and still give
/// measurements nothing to see.
struct ResponseConformance {
  let classifier: any Classifier
  /// `[N, C, H, W]`.
  let images: Tensor

  /// Of a logit's largest magnitude: float32 rounding of a sum of thousands of terms, and no more.
  private static let smallestChange = 1e-6
  /// exp(-104) is below half the smallest float32, so the softmax of such a margin is 0 and 1, nothing between.
  private static let largestMargin = 104.0

  func run(into report: inout ConformanceReport) {
    let results = report.attempt("input gradients of the log odds") {
      try classifier.inputGradient(.logOddsPredicted, at: images)
    }
    guard let (logits, gradient) = results, logits.shape == [images.batch, classifier.classCount],
      gradient.shape == images.shape, logits.scalars.allSatisfy(\.isFinite)
    else { return }
    let isConstant = checkLogits(logits, &report)
    checkSaturation(logits, &report)
    if !isConstant { checkGradients(gradient, &report) }
  }

  /// - Returns: whether nothing changes from image to image.
  private func checkLogits(_ logits: Tensor, _ report: inout ConformanceReport) -> Bool {
    let (count, classes) = (logits.batch, logits.stride)
    guard count > 1 else { return false }
    let scale = logits.scalars.reduce(0) { max($0, abs(Double($1))) }
    let dead = (0..<classes).filter { label in
      let values = (0..<count).map { Double(logits.scalars[$0 * classes + label]) }
      let range = (values.max() ?? 0) - (values.min() ?? 0)
      return range <= Self.smallestChange * scale
    }
    let isConstant = dead.count == classes
    report.check(
      .constantLogits,
      finding: isConstant ? "the logits are the same for all \(count) images: \(listed(Array(logits.item(0))))" : nil)
    report.check(
      .deadLogits,
      finding: dead.isEmpty || isConstant
        ? nil
        : "\(dead.count) of \(classes) logits (class \(dead.prefix(8).map(String.init).joined(separator: ", "))"
          + "\(dead.count > 8 ? ", ..." : "")) are the same for all \(count) images")
    let predicted = Set(logits.argmaxOfRows())
    if !isConstant, count >= 8, predicted.count == 1, let only = predicted.first {
      report.remark(.deadLogits, "all \(count) images are classified as class \(only)")
    }
    return isConstant
  }

  private func checkSaturation(_ logits: Tensor, _ report: inout ConformanceReport) {
    let margins = (0..<logits.batch).map { image in
      let sorted = logits.item(image).sorted(by: >)
      return Double(sorted[0]) - Double(sorted[1])
    }
    let saturated = margins.count { $0 > Self.largestMargin }
    let median = margins.sorted()[margins.count / 2]
    let finding =
      "for \(saturated) of \(margins.count) images the largest logit is more than \(Int(Self.largestMargin)) above the "
      + "next, where every float32 softmax is exactly 0 and 1 (median margin \(String(format: "%.3g", median)))"
    report.check(.saturation, finding: saturated == margins.count ? finding : nil)
    if saturated > 0, saturated < margins.count { report.remark(.saturation, finding) }
  }

  private func checkGradients(_ gradient: Tensor, _ report: inout ConformanceReport) {
    let zero = (0..<gradient.batch).count { image in gradient.item(image).allSatisfy { $0 == 0 } }
    let finding =
      "the input gradient of the log odds is zero at every pixel for \(zero) of \(gradient.batch) images"
    report.check(.zeroGradients, finding: zero == gradient.batch ? finding : nil)
    if zero > 0, zero < gradient.batch { report.remark(.zeroGradients, finding) }
  }

  private func listed(_ values: [Float]) -> String {
    "[" + values.prefix(4).map { String(format: "%.4g", Double($0)) }.joined(separator: ", ")
      + (values.count > 4 ? ", ..." : "") + "]"
  }
}
