import Tensor

/// The images that are measured together, with what every measurement needs of them.
///
/// Blocks are a matter of memory only. Their bounds depend on the number of images and their size and on nothing the user
/// chooses about speed, so that the one thing that mixes images (the control "another image", the next one of the
/// block) is reproducible.
struct MeasurementBlock: Sendable {
  /// The task's id, for messages.
  let task: String
  /// Positions in the image set.
  let range: Range<Int>
  /// `[B, C, H, W]`.
  let images: Tensor
  let labels: [Int]
  /// The evaluated model's, `[B, K]`, and the class they predict.
  let logits: Tensor
  let predicted: [Int]
  /// Nil where the task has no manifold.
  let tangent: Tangent?
  /// The evaluated model's input gradients, `[B, C, H, W]`.
  let gradients: [GradientTarget: Tensor]
  /// The factor on its logits at which they are calibrated, and the gradient of the decisive target there.
  let temperatureScale: Double
  let calibratedGradient: Tensor
  let controls: AlignmentControls
  /// Called between the steps of a measurement that may take long; throws where the user asked to stop.
  var checkCancellation: @Sendable () throws -> Void = {}

  /// The manifold at the images.
  struct Tangent: Sendable {
    let space: TangentBasis
    let directions: PerturbationDirections
  }

  /// For measurements that are only made where the task has a manifold.
  var tangentSpace: TangentBasis { requiredTangent.space }
  var directions: PerturbationDirections { requiredTangent.directions }
  private var requiredTangent: Tangent {
    guard let tangent else { preconditionFailure("measured along the manifold on task \(task), which has none") }
    return tangent
  }

  var count: Int { range.count }
  /// The next image of the block, the first one after the last.
  var partners: [Int] { (0..<count).map { ($0 + 1) % count } }

  /// A block has at most 2^22 scalars of images (16 MB, of which some tens exist at a time), but not above 64 images.
  /// A last block of one image joins its neighbour, so that each image has a partner.
  static func ranges(imageCount: Int, scalarsPerImage: Int) -> [Range<Int>] {
    let size = max(2, min(64, (1 << 22) / max(1, scalarsPerImage)))
    var ranges = stride(from: 0, to: imageCount, by: size).map { $0..<min($0 + size, imageCount) }
    if ranges.count > 1, let last = ranges.last, last.count == 1 {
      ranges.removeLast()
      ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<last.upperBound
    }
    return ranges
  }
}

/// A part of the protocol: it measures a block of images, one value per image and column.
protocol Measurement: Sendable {
  func samples(of block: MeasurementBlock) throws -> SampleTable
}
