import Kernels
import Tensor

/// A convolution of stride 1 or more, or the transpose of one of stride 1, as one matrix product per tap: the pixels that the
/// tap meets, with their channels side by side, times its weights. Positions are collected over images, so that maps of
/// few pixels fill the products, too; each position is computed by itself, and so each image.
struct GatheredConvolution: PreparedConvolution {
  /// Index in the window, and how far from an output's own pixel the tap reads.
  private struct Tap {
    let index: Int
    let row: Int
    let column: Int
  }

  private let taps: [Tap]
  private let windowCount: Int
  private let isTranspose: Bool
  private let stride: (row: Int, column: Int)
  private let sourceChannels: Int
  private let outputChannels: Int
  private let height: Int
  private let width: Int
  private let outputWidth: Int
  /// Of one image's output.
  private let positions: Int
  private let vectors: VectorKernels

  /// - Parameters: of the convolution, without groups: image `[N, C, H, W]`, weights `[K, C, h, w]`, output `[N, K, H', W']`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, isTranspose: Bool,
    vectors: VectorKernels
  ) {
    self.isTranspose = isTranspose
    self.vectors = vectors
    stride = (geometry.strideHeight, geometry.strideWidth)
    windowCount = weights[2] * weights[3]
    let (from, to) = isTranspose ? (output, image) : (image, output)
    (sourceChannels, height, width) = (from[1], from[2], from[3])
    (outputChannels, outputWidth, positions) = (to[1], to[3], to[2] * to[3])
    let (height, width) = (from[2], from[3])
    let sign = isTranspose ? -1 : 1
    taps = (0..<windowCount).compactMap { index in
      let (i, j) = index.quotientAndRemainder(dividingBy: weights[3])
      let row = sign * (i * geometry.dilationHeight - geometry.top)
      let column = sign * (j * geometry.dilationWidth - geometry.left)
      // What only ever meets padding, as most of a window does on a map of one pixel, adds nothing.
      let meetsRow = (0..<to[2]).contains { (0..<height).contains($0 * geometry.strideHeight + row) }
      let meetsColumn = (0..<to[3]).contains { (0..<width).contains($0 * geometry.strideWidth + column) }
      return meetsRow && meetsColumn ? Tap(index: index, row: row, column: column) : nil
    }
  }

  // MARK: Sizes

  private var panels: Int { (outputChannels + 15) / 16 }
  private var outputLanes: Int { panels * 16 }
  /// Off the powers of two, on which the rows of a product would meet in the same lines of the cache.
  private var sourceStride: Int { sourceChannels + 16 }

  /// Images that are computed together.
  var imagesPerBlock: Int { max(1, 96 / max(1, positions)) }

  /// Rows of the products, which go by six.
  private func rows(images: Int) -> Int { (images * positions + 5) / 6 * 6 }

  var scratchCount: Int {
    let rows = rows(images: imagesPerBlock)
    return imagesPerBlock * height * width * sourceChannels + rows * (sourceStride + outputLanes)
      + positions * outputChannels
  }

  var work: Int { positions * sourceChannels * outputLanes * taps.count }

  // MARK: Weights

  var preparedCount: Int { taps.count * panels * 16 * sourceChannels }

  /// From `[K, C, h, w]` to `[taps][panels][source channels][16]`.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    let outputStep = isTranspose ? windowCount : sourceChannels * windowCount
    let sourceStep = isTranspose ? outputChannels * windowCount : windowCount
    var target = prepared
    for tap in taps {
      for panel in 0..<panels {
        for channel in 0..<sourceChannels {
          let source = weights + channel * sourceStep + tap.index
          for lane in 0..<16 {
            let output = panel * 16 + lane
            target[lane] = output < outputChannels ? source[output * outputStep] : 0
          }
          target += 16
        }
      }
    }
  }

  // MARK: Images

  func run(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, prepared: UnsafePointer<Float>, _ epilogue: Epilogue,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let pixels = height * width
    let stage = scratch
    let gathered = stage + imagesPerBlock * pixels * sourceChannels
    let products = gathered + rows(images: imagesPerBlock) * sourceStride
    let planes = products + rows(images: imagesPerBlock) * outputLanes
    var first = range.lowerBound
    while first < range.upperBound {
      let images = min(imagesPerBlock, range.upperBound - first)
      for image in 0..<images {
        vectors.transpose(
          rows: sourceChannels, columns: pixels, source: source + (first + image) * sourceChannels * pixels,
          sourceStride: pixels, output: stage + image * pixels * sourceChannels, outputStride: sourceChannels)
      }
      let rows = rows(images: images)
      (gathered + images * positions * sourceStride)
        .update(repeating: 0, count: (rows - images * positions) * sourceStride)
      if taps.isEmpty { products.update(repeating: 0, count: rows * outputLanes) }
      for (number, tap) in taps.enumerated() {
        for image in 0..<images {
          gather(
            tap, stage + image * pixels * sourceChannels, into: gathered + image * positions * sourceStride)
        }
        vectors.rowsTimesPanels(
          rows: rows, inner: sourceChannels, panels: panels, left: gathered, leftStride: sourceStride,
          right: prepared + number * panels * 16 * sourceChannels, output: products, outputStride: outputLanes,
          adds: number > 0)
      }
      for image in 0..<images {
        vectors.transpose(
          rows: positions, columns: outputChannels, source: products + image * positions * outputLanes,
          sourceStride: outputLanes, output: planes, outputStride: positions)
        for channel in 0..<outputChannels {
          epilogue.apply(
            image: first + image, channel: channel, start: 0, count: positions, from: planes + channel * positions)
        }
      }
      first += images
    }
  }

  /// The pixels that a tap meets, one row for each position of the output; zero outside the image.
  private func gather(
    _ tap: Tap, _ image: UnsafePointer<Float>, into gathered: UnsafeMutablePointer<Float>
  ) {
    for position in 0..<positions {
      let (y, x) = position.quotientAndRemainder(dividingBy: outputWidth)
      let (row, column) = (y * stride.row + tap.row, x * stride.column + tap.column)
      let target = gathered + position * sourceStride
      if row >= 0, row < height, column >= 0, column < width {
        target.update(from: image + (row * width + column) * sourceChannels, count: sourceChannels)
      } else {
        target.update(repeating: 0, count: sourceChannels)
      }
    }
  }
}
