import Graph
import Kernels
import Tensor

/// A convolution, or the transpose of one of stride 1 or with a window of one pixel, as one matrix product per tap: the pixels
/// that the tap meets, with their channels side by side, times its weights. Positions are collected over images, so that maps
/// of few pixels fill the products, too; each position is computed by itself, and so each image.
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
  /// An output's own pixel is at its position times `stride`, divided by `spread`, which is above 1 in the transpose of a stride.
  private let stride: (row: Int, column: Int)
  private let spread: (row: Int, column: Int)
  /// Rows and columns of the output that are products; the transpose of a stride leaves zeros between them.
  private let outputRows: [Int]
  private let outputColumns: [Int]
  private let sourceChannels: Int
  private let outputChannels: Int
  private let height: Int
  private let width: Int
  private let outputWidth: Int
  /// Of one image's output.
  private let pixels: Int
  private let vectors: VectorKernels

  /// - Parameters: of the convolution, without groups: image `[N, C, H, W]`, weights `[K, C, h, w]`, output `[N, K, H', W']`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, isTranspose: Bool,
    vectors: VectorKernels
  ) {
    self.isTranspose = isTranspose
    self.vectors = vectors
    let steps = (row: geometry.strideHeight, column: geometry.strideWidth)
    let one = (row: 1, column: 1)
    let stride = isTranspose ? one : steps
    let spread = isTranspose ? steps : one
    (self.stride, self.spread) = (stride, spread)
    windowCount = weights[2] * weights[3]
    let (from, to) = isTranspose ? (output, image) : (image, output)
    (sourceChannels, height, width) = (from[1], from[2], from[3])
    (outputChannels, outputWidth, pixels) = (to[1], to[3], to[2] * to[3])
    let (height, width) = (from[2], from[3])
    let sign = isTranspose ? -1 : 1
    outputRows = (0..<to[2]).filter { ($0 + geometry.top) % spread.row == 0 }
    outputColumns = (0..<to[3]).filter { ($0 + geometry.left) % spread.column == 0 }
    taps = (0..<windowCount).compactMap { index in
      let (i, j) = index.quotientAndRemainder(dividingBy: weights[3])
      let row = sign * (i * geometry.dilationHeight - geometry.top)
      let column = sign * (j * geometry.dilationWidth - geometry.left)
      // What only ever meets padding, as most of a window does on a map of one pixel, adds nothing.
      let meetsRow = (0..<to[2]).contains { (0..<height * spread.row).contains($0 * stride.row + row) }
      let meetsColumn = (0..<to[3]).contains { (0..<width * spread.column).contains($0 * stride.column + column) }
      return meetsRow && meetsColumn ? Tap(index: index, row: row, column: column) : nil
    }
  }

  // MARK: Sizes

  private var panels: Int { (outputChannels + 15) / 16 }
  private var outputLanes: Int { panels * 16 }
  /// Off the powers of two, on which the rows of a product would meet in the same lines of the cache.
  private var sourceStride: Int { sourceChannels + 16 }

  /// Products of one image.
  private var positions: Int { outputRows.count * outputColumns.count }

  /// Images that are computed together.
  var imagesPerBlock: Int { max(1, 96 / max(1, positions)) }

  /// Rows of the products, which go by six.
  private func rows(images: Int) -> Int { (images * positions + 5) / 6 * 6 }

  var scratchCount: Int {
    let rows = rows(images: imagesPerBlock)
    return imagesPerBlock * height * width * sourceChannels + rows * (sourceStride + outputLanes)
      + pixels * (outputLanes + outputChannels)
  }

  var layoutSupport: LayoutSupport { LayoutSupport(source: 1, output: 1) }

  var work: Int { positions * sourceChannels * outputLanes * taps.count }

  // MARK: Weights

  var preparedCount: Int { taps.count * panels * 16 * sourceChannels }

  /// From `[K, C, h, w]` to `[taps][panels][source channels][16]`.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    let outputStep = isTranspose ? windowCount : sourceChannels * windowCount
    let sourceStep = isTranspose ? outputChannels * windowCount : windowCount
    for (number, tap) in taps.enumerated() {
      PanelProduct.pack(
        weights + tap.index, inner: sourceChannels, innerStep: sourceStep, columns: outputChannels,
        columnStep: outputStep, into: prepared + number * panels * 16 * sourceChannels)
    }
  }

  // MARK: Images

  func run(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ layout: ImageLayout, prepared: UnsafePointer<Float>,
    _ epilogue: Epilogue, scratch: UnsafeMutablePointer<Float>
  ) {
    let size = height * width * sourceChannels
    let stage = scratch
    let gathered = stage + imagesPerBlock * size
    let products = gathered + rows(images: imagesPerBlock) * sourceStride
    let spreadOut = products + rows(images: imagesPerBlock) * outputLanes
    let planes = spreadOut + pixels * outputLanes
    if positions < pixels { spreadOut.update(repeating: 0, count: pixels * outputLanes) }
    var first = range.lowerBound
    while first < range.upperBound {
      let count = min(imagesPerBlock, range.upperBound - first)
      var images = source + first * size
      if layout == .planar {
        for image in 0..<count {
          vectors.transpose(
            rows: sourceChannels, columns: height * width, source: images + image * size,
            sourceStride: height * width, output: stage + image * size, outputStride: sourceChannels)
        }
        images = UnsafePointer(stage)
      }
      let rows = rows(images: count)
      (gathered + count * positions * sourceStride)
        .update(repeating: 0, count: (rows - count * positions) * sourceStride)
      if taps.isEmpty { products.update(repeating: 0, count: rows * outputLanes) }
      for (number, tap) in taps.enumerated() {
        for image in 0..<count {
          gather(tap, images + image * size, into: gathered + image * positions * sourceStride)
        }
        vectors.rowsTimesPanels(
          rows: rows, inner: sourceChannels, panels: panels, left: gathered, leftStride: sourceStride,
          right: prepared + number * panels * 16 * sourceChannels, output: products, outputStride: outputLanes,
          adds: number > 0)
      }
      for image in 0..<count {
        var result = products + image * positions * outputLanes
        if positions < pixels {
          spreadOutput(result, into: spreadOut)
          result = spreadOut
        }
        finish(result, image: first + image, planes, epilogue)
      }
      first += count
    }
  }

  /// The pixels that a tap meets, one row for each product; zero outside the image.
  private func gather(
    _ tap: Tap, _ image: UnsafePointer<Float>, into gathered: UnsafeMutablePointer<Float>
  ) {
    var target = gathered
    for y in outputRows {
      let row = (y * stride.row + tap.row) / spread.row
      for x in outputColumns {
        let column = (x * stride.column + tap.column) / spread.column
        if row >= 0, row < height, column >= 0, column < width {
          target.update(from: image + (row * width + column) * sourceChannels, count: sourceChannels)
        } else {
          target.update(repeating: 0, count: sourceChannels)
        }
        target += sourceStride
      }
    }
  }

  /// Brings products to their pixels; those between stay zero.
  private func spreadOutput(_ products: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
    var product = products
    for y in outputRows {
      for x in outputColumns {
        (output + (y * outputWidth + x) * outputLanes).update(from: product, count: outputLanes)
        product += outputLanes
      }
    }
  }

  /// Writes one image's pixels to the output.
  private func finish(
    _ result: UnsafePointer<Float>, image: Int, _ planes: UnsafeMutablePointer<Float>, _ epilogue: Epilogue
  ) {
    if epilogue.layout == .channelsLast {
      epilogue.apply(image: image, start: 0, count: pixels, fromPixels: result, sourceStride: outputLanes)
      return
    }
    vectors.transpose(
      rows: pixels, columns: outputChannels, source: result, sourceStride: outputLanes, output: planes,
      outputStride: pixels)
    for channel in 0..<outputChannels {
      epilogue.apply(image: image, channel: channel, start: 0, count: pixels, from: planes + channel * pixels)
    }
  }
}
