import Foundation
import Tensor

/// Each image convolved with a Gaussian whose standard deviation is a sixteenth of the shorter side, channel by channel;
/// beyond the border the image is mirrored.
/// - Parameter images: `[N, C, H, W]`.
package func blurred(_ images: Tensor) -> Tensor {
  let (height, width) = (images.shape[2], images.shape[3])
  let deviation = Double(min(height, width)) / 16
  let radius = max(1, Int((3 * deviation).rounded(.up)))
  var weights = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (deviation * deviation)) }
  let total = weights.reduce(0, +)
  for index in weights.indices { weights[index] /= total }
  func mirrored(_ position: Int, _ count: Int) -> Int {
    let period = 2 * count
    let inside = ((position % period) + period) % period
    return inside < count ? inside : period - 1 - inside
  }
  /// Where each position's window lies, one window after the other.
  func windows(_ count: Int) -> [Int] {
    (0..<count).flatMap { position in (-radius...radius).map { mirrored(position + $0, count) } }
  }
  let (windowsOfRows, windowsOfColumns, size) = (windows(height), windows(width), weights.count)
  return Tensor(shape: images.shape) { output in
    images.scalars.withUnsafeBufferPointer { pixels in
      var rows = [Double](repeating: 0, count: height * width)
      for plane in 0..<images.shape[0] * images.shape[1] {
        let base = plane * height * width
        for row in 0..<height {
          for column in 0..<width {
            var sum = 0.0
            for index in 0..<size {
              sum += weights[index] * Double(pixels[base + row * width + windowsOfColumns[column * size + index]])
            }
            rows[row * width + column] = sum
          }
        }
        for row in 0..<height {
          for column in 0..<width {
            var sum = 0.0
            for index in 0..<size {
              sum += weights[index] * rows[windowsOfRows[row * size + index] * width + column]
            }
            output[base + row * width + column] = Float(sum)
          }
        }
      }
    }
  }
}
