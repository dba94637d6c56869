import Graph
import Kernels

/// How the pixels that rows of tiles read are brought side by side for the transforms of Winograd's algorithm: channels last and
/// in whole vectors, with zeros where a tile goes beyond the image.
struct TileStage {
  let channels: Int
  let height: Int
  let width: Int
  /// Padding above and left of the image; negative where it is cut off.
  let top: Int
  let left: Int
  /// Pixels from one tile to the next, and what a tile reads beyond them.
  let step: Int
  let overlap: Int
  let tileColumns: Int
  let vectors: VectorKernels

  /// Channels in whole vectors.
  var lanes: Int { (channels + 15) / 16 * 16 }

  /// Floats of one image.
  var count: Int { channels * height * width }

  /// Pixels that a row of tiles reads.
  private var pitch: Int { step * tileColumns + overlap }

  /// Floats from one row of pixels to the next.
  var rowStride: Int { pitch * lanes }

  /// Floats of so many rows of tiles.
  func count(rows: Int) -> Int { (step * rows + overlap) * rowStride }

  /// Where the image itself is what a row of tiles would be staged as; nil where it is not.
  func place(ofRow tileRow: Int, in image: UnsafePointer<Float>, _ layout: ImageLayout) -> UnsafePointer<Float>? {
    let first = step * tileRow - top
    guard layout == .channelsLast, channels == lanes, left == 0, pitch == width, first >= 0,
      first + step + overlap <= height
    else { return nil }
    return image + first * rowStride
  }

  /// Brings what `rows` rows of tiles read into `stage`.
  func fill(
    _ stage: UnsafeMutablePointer<Float>, _ image: UnsafePointer<Float>, _ layout: ImageLayout, tileRow: Int, rows: Int
  ) {
    let firstColumn = min(pitch, max(0, left))
    let lastColumn = max(firstColumn, min(pitch, left + width))
    for index in 0..<step * rows + overlap {
      let y = step * tileRow + index - top
      let line = stage + index * rowStride
      guard y >= 0, y < height else {
        line.update(repeating: 0, count: rowStride)
        continue
      }
      line.update(repeating: 0, count: firstColumn * lanes)
      (line + lastColumn * lanes).update(repeating: 0, count: (pitch - lastColumn) * lanes)
      let target = line + firstColumn * lanes
      let column = firstColumn - left
      if layout == .channelsLast, channels == lanes {
        target.update(from: image + (y * width + column) * lanes, count: (lastColumn - firstColumn) * lanes)
        continue
      }
      if layout == .channelsLast {
        for pixel in 0..<lastColumn - firstColumn {
          (target + pixel * lanes).update(from: image + (y * width + column + pixel) * channels, count: channels)
        }
      } else {
        vectors.transpose(
          rows: channels, columns: lastColumn - firstColumn, source: image + y * width + column,
          sourceStride: height * width, output: target, outputStride: lanes)
      }
      if channels < lanes {
        for pixel in 0..<lastColumn - firstColumn {
          (target + pixel * lanes + channels).update(repeating: 0, count: lanes - channels)
        }
      }
    }
  }
}
