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
}

/// The controls that depend on the images alone.
struct AlignmentControls: Sendable {
  /// Each `[N, C, H, W]`, each image scaled to a largest absolute value of 1.
  let maps: [(control: AlignmentControl, map: Tensor)]

  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - range: their positions in the image set.
  init(images: Tensor, range: Range<Int>, seed: UInt64) {
    let random = Tensor.normals(
      RandomStream(seed: seed, name: "alignment-control"), range: range, itemShape: images.shape.droppingFirst)
    maps = [(.random, random), (.image, images), (.sobel, sobelMagnitude(images))].map {
      ($0, $1.scaledToUnitMaximum())
    }
  }
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
