import Foundation
import Tensor

/// Whether a classifier's input gradients have to do with how its logits change: a network with a threshold, a detached input or a
/// derivative of its own in it classifies as before, and nothing of its alignment means anything.
struct GradientPlausibility {
  let classifier: any Classifier
  /// `[N, C, H, W]`.
  let images: Tensor

  /// More are not looked at.
  static let imageCount = 8
  /// Of every pixel, in its units: more than rounding, less than the smallest step of a measurement makes in many of them.
  private static let step: Float = 1 / 64
  /// Length of the step along the gradient.
  private static let length = 0.05
  /// Pixels without gradient in every image, of all, from which on a derivative is missing. Where kernels skip pixels, they do
  /// not move logits either.
  private static let fewestPixels = 0.1
  /// Of the change that all pixels make together.
  private static let clearResponse = 0.1

  /// In sentences; empty where nothing stands out. Some 50 images of thousands of passes.
  func notes() throws -> [String] {
    let count = min(Self.imageCount, images.batch)
    let few = jittered(images[batch: 0..<count])
    let (logits, gradient) = try classifier.inputGradient(.logOddsPredicted, at: few)
    guard count > 0, logits.scalars.allSatisfy(\.isFinite), gradient.scalars.allSatisfy(\.isFinite) else { return [] }
    let pixels = few.stride
    let without = (0..<pixels).map { pixel in (0..<count).allSatisfy { gradient.scalars[$0 * pixels + pixel] == 0 } }
    let missing = without.count { $0 }
    guard Double(missing) >= Self.fewestPixels * Double(pixels) else { return try scale(few, logits, gradient) }
    let all = try response(few, logits) { _ in true }
    let scale = logits.scalars.reduce(0) { max($0, abs(Double($1))) }
    // Nothing but rounding: the network is constant there.
    guard all > 1e-5 * scale else {
      return missing == pixels
        ? [
          "Its input gradient is zero at every pixel of the first \(count) images, and its logits do not change with their pixels either."
        ]
        : []
    }
    let hidden = try response(few, logits) { without[$0] }
    guard hidden > Self.clearResponse * all else { return try self.scale(few, logits, gradient) }
    let place = missing == pixels ? "every pixel" : "\(missing) of \(pixels) pixels"
    return [
      "Its input gradient is zero at \(place) of the first \(count) images, although its logits change with these pixels: something on "
        + "the way has no derivative (a threshold, rounding, a detached or masked input). What is said of its gradients means nothing."
    ]
  }

  /// With a little noise: off the kinks that flat regions sit on (a ReLU at exactly 0, equal values under a max pool), where a
  /// gradient is one of several choices.
  private func jittered(_ few: Tensor) -> Tensor {
    let stream = RandomStream(seed: 0, name: "gradient plausibility")
    return Tensor(
      shape: few.shape,
      scalars: (0..<few.batch).flatMap { image in
        zip(few.item(image), stream.normals(item: image, count: few.stride)).map { $0 + 0.02 * Float($1) }
      })
  }

  /// Root mean square of the logits' change where pixels move by the step, up and down by turns.
  private func response(_ few: Tensor, _ logits: Tensor, _ moves: (Int) -> Bool) throws -> Double {
    let pixels = few.stride
    let moved = Tensor(
      shape: few.shape,
      scalars: few.scalars.enumerated().map { index, value in
        guard moves(index % pixels) else { return value }
        // A fixed pattern without a period that an image's rows have.
        return value + ((index % pixels) &* 2_654_435_761 >> 7 & 1 == 0 ? Self.step : -Self.step)
      })
    let changed = try classifier.logits(moved)
    let squares = zip(changed.scalars, logits.scalars).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    return (squares / Double(max(1, logits.scalars.count))).squareRoot()
  }

  /// Along its own direction a gradient says how far the function goes.
  private func scale(_ few: Tensor, _ logits: Tensor, _ gradient: Tensor) throws -> [String] {
    let lengths = (0..<few.batch).map { image in
      gradient.item(image).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    let pixels = few.stride
    func moved(_ sign: Double) -> Tensor {
      Tensor(
        shape: few.shape,
        scalars: few.scalars.enumerated().map { index, value in
          let length = lengths[index / pixels]
          return length > 0 ? value + Float(sign * Self.length / length * Double(gradient.scalars[index])) : value
        })
    }
    let (up, down) = (try classifier.logits(moved(1)), try classifier.logits(moved(-1)))
    let predicted = logits.argmaxOfRows()
    let ratios = (0..<few.batch).compactMap { image -> Double? in
      let expected = 2 * Self.length * lengths[image]
      let size = logits.item(image).reduce(0) { max($0, abs(Double($1))) }
      // Below a thousandth of the logits, rounding speaks too.
      guard expected > 1e-3 * size else { return nil }
      return (logOdds(up.item(image), predicted[image]) - logOdds(down.item(image), predicted[image])) / expected
    }.sorted()
    guard 2 * ratios.count > few.batch else { return [] }
    let median = ratios[ratios.count / 2]
    guard !(0.5...2).contains(median) else { return [] }
    return [
      "A small step along its input gradient changes the log-odds by \(significant(median)) times what the gradient says (median of "
        + "\(ratios.count) images): it is not the derivative of these logits, but one of something else, such as a smoothed or substituted "
        + "function, or scaled. `pags-bench plugins check` tells more."
    ]
  }

  /// Of the class against all others, in double precision.
  private func logOdds(_ row: ArraySlice<Float>, _ label: Int) -> Double {
    let others = row.enumerated().filter { $0.offset != label }.map { Double($0.element) }
    let largest = others.max() ?? 0
    let own = Double(row[row.startIndex + label])
    return own - largest - log(others.reduce(0) { $0 + exp($1 - largest) })
  }
}
