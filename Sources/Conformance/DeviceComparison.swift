import BenchCore
import Foundation
import Tensor

/// How far what a device computes of a model is from what the built-in engine computes of it on the processor.
///
/// Both round sums in float32, in other orders. Logits agree to a few units of the last digit. The input gradient of a network with
/// rectifiers does so for most images; where a value lies so near to zero that rounding decides its sign, a whole path of
/// the gradient is there or not, so that single images may differ by a percent and no rounding is wrong. So medians are required,
/// and single images named.
struct DeviceComparison {
  let device: any Classifier
  let processor: any Classifier
  let images: Tensor
  /// Whether the device was told to round as float32 does; otherwise differences are told and not required.
  let isStrict: Bool

  /// Of the norm of an image's logits or gradient.
  private static let largestMedians = (logits: 1e-5, gradients: 1e-4)
  /// From which on an image is named.
  private static let notable = (logits: 1e-4, gradients: 1e-2)

  func run(into report: inout ConformanceReport) {
    guard
      let here = report.attempt("the device", { try device.inputGradient(.logitSum, at: images) }),
      let there = report.attempt("the processor", { try processor.inputGradient(.logitSum, at: images) })
    else { return }
    compare(
      "logits", here.logits, there.logits, largestMedian: Self.largestMedians.logits, notable: Self.notable.logits,
      &report)
    compare(
      "input gradients of the logit sum", here.gradient, there.gradient, largestMedian: Self.largestMedians.gradients,
      notable: Self.notable.gradients, &report)
  }

  private func compare(
    _ what: String, _ here: Tensor, _ there: Tensor, largestMedian: Double, notable: Double,
    _ report: inout ConformanceReport
  ) {
    guard report.requireShape(here.shape, there.shape, "\(what) of the device"), here.batch > 0 else { return }
    let differences = (0..<here.batch).map { Self.difference(here, there, image: $0) }
    let median = differences.map(\.relative).sorted()[differences.count / 2]
    let sentence =
      "\(what) differ from the processor's by \(Self.words(median)) of their norm for the median image, expected at most "
      + Self.words(largestMedian)
    if !isStrict {
      report.remark(.sameAsProcessor, sentence.replacing(", expected at most " + Self.words(largestMedian), with: ""))
    } else if !report.require(median <= largestMedian, .sameAsProcessor, sentence) {
      return
    }
    let named = differences.enumerated().filter { !($0.element.relative <= notable) }
      .sorted { $0.element.relative > $1.element.relative }
    for (image, difference) in named.prefix(3) {
      report.remark(
        .sameAsProcessor,
        "\(what) of image \(image) differ by \(Self.words(difference.relative)) of their norm, most of all at element "
          + "\(difference.place): \(difference.here) on the device, \(difference.there) on the processor")
    }
  }

  /// The norm of an image's difference over the processor's norm, and where it is largest.
  private static func difference(
    _ here: Tensor, _ there: Tensor, image: Int
  ) -> (relative: Double, place: String, here: Float, there: Float) {
    let size = there.stride
    var (square, norm, largest, place) = (0.0, 0.0, -1.0, 0)
    for index in 0..<size {
      let (a, b) = (Double(here.scalars[image * size + index]), Double(there.scalars[image * size + index]))
      square += (a - b) * (a - b)
      norm += b * b
      if !(abs(a - b) <= largest) { (largest, place) = (abs(a - b), index) }
    }
    let relative = square == 0 ? 0 : (square / norm).squareRoot()
    var (position, indices) = (place, [Int]())
    for stride in there.shape.droppingFirst.strides {
      indices.append(position / max(1, stride))
      position %= max(1, stride)
    }
    return (
      relative, "[\(indices.map(String.init).joined(separator: ", "))]", here.scalars[image * size + place],
      there.scalars[image * size + place]
    )
  }

  private static func words(_ number: Double) -> String { String(format: "%.2g", number) }
}
