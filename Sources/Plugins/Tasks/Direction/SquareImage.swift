import Foundation
import Tensor

/// The images of the tasks `square` and `square32` (Bigolin Lanfredi et al. 2023): a bright square in the middle of a dark image, large or small,
/// under smooth noise. In the paper's unit, [-1, 1], the square is 0.5 and what is around it -0.5; here both are (x + 1) / 2.
struct SquareImage: Sendable {
  /// Height and width.
  let side: Int
  /// Of the Gaussian that the noise is smoothed with, in pixels.
  let smoothing: Double
  /// To which the noise of each image is scaled, in [-1, 1].
  let deviation: Double
  /// Whether the noise is clipped to [-0.5, 0.5], so that images stay in [-1, 1].
  let clips: Bool

  /// In the order of the labels.
  static let classNames = ["large", "small"]
  /// Half a square's side over that of an image: 0.8 of a half, and of that 0.8 or 0.5.
  private static let extents = [0.8, 0.5]

  var shape: Shape { [1, side, side] }

  private func half(_ label: Int) -> Int { Int(Double(side / 2) * 0.8 * Self.extents[label]) }

  /// Where the square of a class is bright.
  func square(_ label: Int) -> [Bool] {
    let (middle, half) = (side / 2, half(label))
    let bright = middle - half..<middle + half
    return (0..<side * side).map { bright.contains($0 / side) && bright.contains($0 % side) }
  }

  /// Between the two squares: the label can be read there, and nowhere else.
  var ring: [Bool] { zip(square(0), square(1)).map { $0 && !$1 } }

  /// - Parameters:
  ///   - normals: as many independent standard normal numbers as there are pixels.
  ///   - output: as many pixels.
  func write(_ label: Int, normals: [Double], to output: UnsafeMutableBufferPointer<Float>) {
    let noise = noise(normals)
    let (middle, half) = (side / 2, half(label))
    let bright = middle - half..<middle + half
    for y in 0..<side {
      for x in 0..<side {
        let clean = bright.contains(y) && bright.contains(x) ? 0.5 : -0.5
        output[y * side + x] = Float((clean + noise[y * side + x] + 1) / 2)
      }
    }
  }

  /// Smoothed, and scaled to the image's own standard deviation; its mean is left as it is. In [-1, 1].
  func noise(_ normals: [Double]) -> [Double] {
    var noise = smoothed(alongRowsOf: transposed(smoothed(alongRowsOf: transposed(normals))))
    let count = Double(noise.count)
    let mean = noise.reduce(0, +) / count
    let variance = noise.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let factor = deviation / variance.squareRoot()
    for index in noise.indices {
      noise[index] *= factor
      if clips { noise[index] = min(0.5, max(-0.5, noise[index])) }
    }
    return noise
  }

  private func transposed(_ values: [Double]) -> [Double] {
    (0..<values.count).map { values[$0 % side * side + $0 / side] }
  }

  /// Edges go on as their last pixel; the kernel ends at four deviations.
  private func smoothed(alongRowsOf values: [Double]) -> [Double] {
    let radius = Int(4 * smoothing + 0.5)
    let raw = (-radius...radius).map { exp(-Double($0 * $0) / (2 * smoothing * smoothing)) }
    let total = raw.reduce(0, +)
    let kernel = raw.map { $0 / total }
    var result = [Double](repeating: 0, count: values.count)
    for y in 0..<side {
      let row = y * side
      for x in 0..<side {
        var sum = 0.0
        for (tap, weight) in kernel.enumerated() {
          sum += weight * values[row + min(side - 1, max(0, x + tap - radius))]
        }
        result[row + x] = sum
      }
    }
    return result
  }
}
