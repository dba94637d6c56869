import Tensor

/// What stands in for a gradient to show what a metric is worth: a metric on which one of these beats the models says
/// nothing of them.
public enum AlignmentControl: String, Sendable, Codable, CaseIterable {
  /// A vector of independent normal numbers.
  case random
  /// The image itself.
  case image
  /// The magnitude of the image's Sobel gradient, channel by channel.
  case sobel
  /// What the gradient is compared with, taken at another image.
  case otherImage
  /// What the gradient is compared with, with the other sign: what a model would be if every step that helps it hurt.
  case minusReference
  /// The image, blurred.
  case blurredImage

  /// Those of a metric, in the order of the file. The cosine with minus the reference is -1 for every model, and with the
  /// blurred image it stands in `imageAlignment`; a metric that is not known to tell a sign from the other has to show it.
  static func of(metric: String) -> [AlignmentControl] {
    let always: [AlignmentControl] = [.random, .image, .sobel, .otherImage]
    return metric == EvaluationConfiguration.decisiveMetric ? always : always + [.minusReference, .blurredImage]
  }

  /// What it is, in a sentence.
  package var words: String {
    switch self {
    case .random: "white noise"
    case .image: "the image itself"
    case .sobel: "the image's edges"
    case .otherImage: "the reference at another image"
    case .minusReference: "minus the reference"
    case .blurredImage: "the blurred image"
    }
  }
}

/// The controls that depend on the images alone.
struct AlignmentControls: Sendable {
  /// Each `[N, C, H, W]`, each image scaled to a largest absolute value of 1.
  let maps: [(control: AlignmentControl, map: Tensor)]

  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - range: their positions in the image set.
  ///   - metrics: the ids of those that are measured.
  init(images: Tensor, range: Range<Int>, seed: UInt64, metrics: [String]) {
    let random = Tensor.normals(
      RandomStream(seed: seed, name: "alignment-control"), range: range, itemShape: images.shape.droppingFirst)
    var maps: [(AlignmentControl, Tensor)] = [(.random, random), (.image, images), (.sobel, sobelMagnitude(images))]
    if metrics.contains(where: { AlignmentControl.of(metric: $0).contains(.blurredImage) }) {
      maps.append((.blurredImage, blurred(images)))
    }
    self.maps = maps.map { ($0, $1.scaledToUnitMaximum()) }
  }

  /// The map of a control; nil for one that depends on the reference.
  subscript(control: AlignmentControl) -> Tensor? { maps.first { $0.control == control }?.map }
}

/// sqrt(gx^2 + gy^2) with the 3 x 3 Sobel kernels, each channel by itself; beyond the border the nearest pixel is repeated.
/// - Parameter images: `[N, C, H, W]`.
func sobelMagnitude(_ images: Tensor) -> Tensor {
  precondition(images.shape.rank == 4, "images are [N, C, H, W], not \(images.shape)")
  let (height, width) = (images.shape[2], images.shape[3])
  let planes = images.shape[0] * images.shape[1]
  return Tensor(shape: images.shape) { output in
    images.scalars.withUnsafeBufferPointer { pixels in
      for plane in 0..<planes {
        let base = plane * height * width
        for row in 0..<height {
          let above = base + max(0, row - 1) * width
          let here = base + row * width
          let below = base + min(height - 1, row + 1) * width
          for column in 0..<width {
            let left = max(0, column - 1)
            let right = min(width - 1, column + 1)
            let horizontal =
              pixels[above + right] - pixels[above + left] + 2 * (pixels[here + right] - pixels[here + left])
              + pixels[below + right] - pixels[below + left]
            let vertical =
              pixels[below + left] - pixels[above + left] + 2 * (pixels[below + column] - pixels[above + column])
              + pixels[below + right] - pixels[above + right]
            output[here + column] = (horizontal * horizontal + vertical * vertical).squareRoot()
          }
        }
      }
    }
  }
}
