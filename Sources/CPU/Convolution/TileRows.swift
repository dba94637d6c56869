import Graph
import Kernels

/// The rows of pixels that a row of Winograd's tiles reads, channels side by side and in whole vectors: those of the image itself, where it has
/// them so, or copies; rows above and below the image are zero. What lies left and right of it is left to the transforms.
struct TileRows {
  let channels: Int
  let height: Int
  let width: Int
  /// Padding above the image; negative where it is cut off.
  let top: Int
  /// Rows from one row of tiles to the next, and what a tile reads beyond them.
  let step: Int
  let overlap: Int
  let vectors: VectorKernels

  /// Channels in whole vectors.
  var lanes: Int { (channels + 15) / 16 * 16 }

  /// Floats of one image.
  var count: Int { channels * height * width }

  private var rowCount: Int { width * lanes }

  /// Floats of memory for so many rows of tiles.
  func memoryCount(rows: Int) -> Int { (step * rows + overlap + 1) * rowCount }

  /// Calls `body` for some rows of tiles, one after the other, with the addresses of its rows of pixels.
  @inline(__always)
  func forEach(
    _ tileRows: Range<Int>, of image: UnsafePointer<Float>, _ layout: ImageLayout,
    _ memory: UnsafeMutablePointer<Float>,
    _ body: (_ index: Int, _ rows: UnsafePointer<UnsafePointer<Float>>) -> Void
  ) {
    // Of what they read, the rows that the image has.
    let first = step * tileRows.lowerBound - top
    let last = first + step * tileRows.count + overlap
    let end = max(0, min(height, last))
    let present = min(max(0, first), end)..<end
    let (zeros, stage) = (memory, memory + rowCount)
    if present.count < last - first { zeros.update(repeating: 0, count: rowCount) }
    var (pixels, start) = (image, 0)
    if layout != .channelsLast || channels < lanes {
      fill(stage, image, layout, rows: present)
      (pixels, start) = (UnsafePointer(stage), present.lowerBound)
    }
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: step + overlap) { rows in
      guard let base = rows.baseAddress else { return }
      for index in 0..<tileRows.count {
        for row in 0..<step + overlap {
          let y = first + step * index + row
          rows.initializeElement(
            at: row, to: present.contains(y) ? pixels + (y - start) * rowCount : UnsafePointer(zeros))
        }
        body(index, base)
      }
    }
  }

  /// Brings rows of an image into `[rows][width][lanes]`.
  private func fill(
    _ stage: UnsafeMutablePointer<Float>, _ image: UnsafePointer<Float>, _ layout: ImageLayout, rows: Range<Int>
  ) {
    for (index, y) in rows.enumerated() {
      let line = stage + index * rowCount
      if layout != .channelsLast {
        vectors.transpose(
          rows: channels, columns: width, source: image + y * width, sourceStride: height * width, output: line,
          outputStride: lanes)
      }
      guard channels < lanes else { continue }
      for column in 0..<width {
        let pixel = line + column * lanes
        if layout == .channelsLast { pixel.update(from: image + (y * width + column) * channels, count: channels) }
        (pixel + channels).update(repeating: 0, count: lanes - channels)
      }
    }
  }
}
