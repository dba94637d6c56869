import BenchCore
import Foundation
import Tensor

/// How important each coordinate of each image is: the order of all C * H * W of them, channels apart.
package struct AttributionOrder: Sendable {
  /// Where the importance is from.
  package enum Source: Sendable {
    /// The length of the input gradient of the label's log-probability, which is the loss that a classifier is trained for, at each coordinate
    /// (Shah et al., NeurIPS 2021).
    case gradient(any Classifier, id: String)
    /// Noise of a seed: nothing.
    case random
    /// The same noise, blurred: nothing, in patches. Measures of this kind favour maps that are smooth (arXiv:2304.13836).
    case blurredRandom
  }

  /// Coordinates of an image, at most.
  static let largestImage = 1 << 16
  /// Bytes of all orders.
  static let largest = 1 << 32

  let count: Int
  let size: Int
  /// For each image its coordinates, the most important first; of equals the one that comes first.
  private let coordinates: [UInt16]

  /// - Parameters:
  ///   - seed: of the noise.
  ///   - split: a part of the noise's name, so that training and test images have different noise.
  /// - Throws: `TrainingError.invalidOption` where the orders do not fit into memory, `EvaluationError`, the classifier's errors, and what the
  ///   reporter throws to cancel.
  package init(
    of source: Source, on images: any LabelledImages, seed: UInt64, split: String, threads: Int,
    progress: any ProgressReporter = SilentProgress()
  ) throws {
    let (count, size) = (images.count, images.imageShape.count)
    guard size <= Self.largestImage, count <= Self.largest / 2 / size else {
      throw TrainingError.invalidOption(
        option: "images", value: "\(count) of \(size) coordinates",
        expected: "images of at most \(Self.largestImage), and orders of all of them of at most \(Self.largest) bytes")
    }
    let blockSize = 64
    let ranges = stride(from: 0, to: count, by: blockSize).map { $0..<min(count, $0 + blockSize) }
    let random = RandomStream(seed: seed, name: "diffroar-\(split)")
    progress.begin("attributions of the \(split) images", total: count)
    let blocks = try Workers.map(ranges.count, threads: threads) { index -> [UInt16] in
      let importance = try Self.importance(source, images, ranges[index], random)
      try progress.advance(by: ranges[index].count)
      return (0..<ranges[index].count).flatMap { Self.order(importance.item($0)) }
    }
    (self.count, self.size, coordinates) = (count, size, blocks.flatMap { $0 })
  }

  /// `[N, C, H, W]`, of which larger absolute values are more important.
  private static func importance(
    _ source: Source, _ images: any LabelledImages, _ range: Range<Int>, _ random: RandomStream
  ) throws -> Tensor {
    func noise() -> Tensor {
      let size = images.imageShape.count
      return Tensor(
        shape: images.imageShape.prepending(range.count),
        scalars: range.flatMap { random.normals(item: $0, count: size).map { Float($0) } })
    }
    switch source {
    case .random: return noise()
    case .blurredRandom: return blurred(noise())
    case .gradient(let classifier, let id):
      let target = GradientTarget.logProbabilityLabel
      let result = try classifier.checkedGradients(
        of: [target], at: try images.images(range), labels: Array(images.labels[range]), owner: id,
        firstImage: range.lowerBound)
      guard let gradient = result.gradients[target] else { preconditionFailure("asked for") }
      return gradient
    }
  }

  private static func order(_ values: ArraySlice<Float>) -> [UInt16] {
    let lengths = values.map(abs)
    return lengths.indices.sorted { lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : $0 < $1 }.map {
      UInt16($0)
    }
  }

  /// The coordinates of an image that are kept.
  /// - Parameter share: of all, in [0, 1].
  func kept(_ image: Int, share: Double, top: Bool) -> ArraySlice<UInt16> {
    let all = coordinates[(image * size)..<((image + 1) * size)]
    let number = Int((share * Double(size)).rounded())
    return top ? all.prefix(number) : all.suffix(number)
  }
}
