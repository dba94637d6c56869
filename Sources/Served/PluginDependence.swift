import BenchCore
import Foundation
import Tensor

/// How a program's answer about an image hangs on more than the image: every measurement would be wrong, and none would look
/// like it.
package enum PluginDependence: Sendable, Equatable {
  /// The same request, made twice, is answered otherwise.
  case noise(what: String, share: Double)
  /// Logits of an image alone are others than among other images; `share` is nil where it could not be asked for alone.
  case neighbours(images: Int, share: Double?)
  /// Gradients are divided by the number of images.
  case mean(images: Int)
  /// Gradients of an image alone are others than among other images, though its logits are not.
  case gradients(images: Int, share: Double)

  var words: String {
    switch self {
    case .noise(let what, let share):
      "answers the same request twice with other \(what) (by \(Self.percent(share)) of their size): dropout, or other noise, is "
        + "on; put the model into evaluation mode (`model.eval()`, `train=False`, no random keys)"
    case .neighbours(let images, let share):
      "gives the first image other logits alone than among \(images) images"
        + (share.map { " (by \(Self.percent($0)) of their size)" } ?? ", and refuses it alone")
        + ": batch normalisation is in training mode, or something else mixes the images of a request; put the model into "
        + "evaluation mode (`model.eval()`, `use_running_average=True`)"
    case .mean(let images):
      "gives the first image among \(images) images 1/\(images) of the gradient that it has alone: gradients are divided by the "
        + "number of images; differentiate the sum over the images, not their mean"
    case .gradients(let images, let share):
      "gives the first image another gradient alone than among \(images) images (by \(Self.percent(share)) of its size), with the "
        + "same logits: the derivative mixes images, or is scaled by their number; each image's gradient must be its own"
    }
  }

  private static func percent(_ share: Double) -> String { String(format: "%.3g %%", 100 * share) }
}

extension ServedClassifier {
  /// As many are asked for together; a request of one image has no neighbours.
  package static let imagesToCheck = 8

  /// What rounding may make of the same numbers, in 16-bit arithmetic too; what is looked for changes them by far more.
  private static let (logitTolerance, gradientTolerance) = (0.01, 0.02)

  /// Asks about a few images twice, and about the first of them alone. Costs as much as some 20 images of thousands of passes.
  /// - Parameter images: `[N, C, H, W]`, of which the first are taken.
  /// - Throws: `ServedPluginError.dependent` where the answers differ.
  package func checkIndependence(at images: Tensor) throws {
    let count = min(Self.imagesToCheck, batch, images.batch)
    guard count > 0 else { return }
    let several = images[batch: 0..<count]
    let first = try inputGradient(.logOddsPredicted, at: several)
    let second = try inputGradient(.logOddsPredicted, at: several)
    for image in 0..<count {
      try require(first.logits.item(image), second.logits.item(image), within: Self.logitTolerance) {
        .noise(what: "logits", share: $0)
      }
      try require(first.gradient.item(image), second.gradient.item(image), within: Self.gradientTolerance) {
        .noise(what: "gradients", share: $0)
      }
    }
    guard count > 1 else { return }
    let alone = try answerAlone(images[batch: 0..<1], among: count)
    try require(alone.logits.item(0), first.logits.item(0), within: Self.logitTolerance) {
      .neighbours(images: count, share: $0)
    }
    let (own, shared) = (alone.gradient.item(0), first.gradient.item(0))
    try require(own, shared, within: Self.gradientTolerance) { share in
      let scaled = shared.map { $0 * Float(count) }
      return Self.difference(own, scaled[...]) <= Self.gradientTolerance
        ? .mean(images: count) : .gradients(images: count, share: share)
    }
  }

  private func answerAlone(_ image: Tensor, among count: Int) throws -> (logits: Tensor, gradient: Tensor) {
    do {
      return try inputGradient(.logOddsPredicted, at: image)
    } catch ServedPluginError.reported(_, let message) where message.contains("more than 1 value per channel") {
      // What PyTorch says of batch normalisation in training mode.
      throw ServedPluginError.dependent(program: program, .neighbours(images: count, share: nil))
    }
  }

  private func require(
    _ one: ArraySlice<Float>, _ other: ArraySlice<Float>, within tolerance: Double,
    _ dependence: (_ share: Double) -> PluginDependence
  ) throws(ServedPluginError) {
    let share = Self.difference(one, other)
    if share > tolerance { throw .dependent(program: program, dependence(share)) }
  }

  /// The length of the difference, in that of the longer one.
  private static func difference(_ one: ArraySlice<Float>, _ other: ArraySlice<Float>) -> Double {
    func length(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let longer = max(length(one.lazy.map(Double.init)), length(other.lazy.map(Double.init)))
    guard longer > 0 else { return 0 }
    return length(zip(one, other).lazy.map { Double($0) - Double($1) }) / longer
  }
}
