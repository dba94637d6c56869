import Graph
import Kernels
import Tensor

/// A convolution with a window of one pixel, or the transpose of one of stride 1: one matrix product, pixels times weights. Where
/// the channels of a pixel lie side by side, the pixels of all images are the rows of one matrix that is read in place.
struct PointwiseConvolution: PreparedConvolution {
  private let isTranspose: Bool
  private let strides: (row: Int, column: Int)
  private let sourceChannels: Int
  private let outputChannels: Int
  private let sourceWidth: Int
  /// Of one image, in source and output.
  private let sourcePixels: Int
  private let outputWidth: Int
  private let pixels: Int
  private let vectors: VectorKernels

  /// - Parameters: of the convolution, without groups and padding: image `[N, C, H, W]`, weights `[K, C, 1, 1]`, output
  ///   `[N, K, H', W']`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, isTranspose: Bool,
    vectors: VectorKernels
  ) {
    self.isTranspose = isTranspose
    self.vectors = vectors
    strides = (geometry.strideHeight, geometry.strideWidth)
    let (from, to) = isTranspose ? (output, image) : (image, output)
    (sourceChannels, sourcePixels, sourceWidth) = (from[1], from[2] * from[3], from[3])
    (outputChannels, pixels, outputWidth) = (to[1], to[2] * to[3], to[3])
  }

  // MARK: Sizes

  /// Rows that the kernel computes together.
  private static let group = 6

  private var panels: Int { (outputChannels + 15) / 16 }
  private var outputLanes: Int { panels * 16 }
  private var isDense: Bool { strides == (1, 1) }

  /// Pixels that are computed together: their rows and products stay in the cache beside the weights of a panel.
  private var blockRows: Int {
    let fitting = (1 << 16) / (sourceChannels + outputLanes)
    return min(16, max(4, fitting / Self.group)) * Self.group
  }

  /// Off the powers of two, on which the rows of a product would meet in the same lines of the cache.
  private var stagedStride: Int { sourceChannels + 16 }
  /// The same of channels as planes, for the transposition.
  private var planeStride: Int { blockRows + 16 }

  var imagesPerBlock: Int { max(1, blockRows / max(1, pixels)) }

  var scratchCount: Int {
    Epilogue.tileCount + blockRows * (stagedStride + outputLanes) + outputChannels * planeStride
  }

  var work: Int { pixels * sourceChannels * outputLanes }

  var layoutSupport: LayoutSupport { LayoutSupport(source: 1, output: 1) }

  // MARK: Weights

  var preparedCount: Int { outputLanes * sourceChannels }

  /// From `[K, C]` to `[panels][source channels][16]`.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    let (outputStep, sourceStep) = isTranspose ? (1, outputChannels) : (sourceChannels, 1)
    PanelProduct.pack(
      weights, inner: sourceChannels, innerStep: sourceStep, columns: outputChannels, columnStep: outputStep,
      into: prepared)
  }

  // MARK: Images

  func run(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ layout: ImageLayout, prepared: UnsafePointer<Float>,
    _ epilogue: Epilogue, scratch: UnsafeMutablePointer<Float>
  ) {
    let (tile, staged) = (scratch, scratch + Epilogue.tileCount)
    let products = staged + blockRows * stagedStride
    let planes = products + blockRows * outputLanes
    // Pixels of images that lie one after the other are those of one large image.
    let joins = layout == .channelsLast && epilogue.layout == .channelsLast && isDense
    let images = joins ? range.lowerBound..<range.lowerBound + 1 : range
    let count = joins ? range.count * pixels : pixels
    for image in images {
      let from = source + image * sourcePixels * sourceChannels
      for start in stride(from: 0, to: count, by: blockRows) {
        let rows = min(blockRows, count - start)
        if epilogue.layout == .channelsLast, !epilogue.readsValues {
          forEachPart(rows, of: from, at: start, layout, staged) { part, left, stride in
            epilogue.multiply(
              image: image, start: start + part.lowerBound, rows: part.count, inner: sourceChannels, left,
              leftStride: stride, panels: prepared, tile: tile)
          }
          continue
        }
        forEachPart(rows, of: from, at: start, layout, staged) { part, left, stride in
          vectors.rowsTimesPanels(
            rows: (part.count + Self.group - 1) / Self.group * Self.group, inner: sourceChannels, panels: panels,
            left: left, leftStride: stride, right: prepared, output: products + part.lowerBound * outputLanes,
            outputStride: outputLanes)
        }
        if epilogue.layout == .channelsLast {
          epilogue.apply(image: image, start: start, count: rows, fromPixels: products, sourceStride: outputLanes)
        } else {
          vectors.transpose(
            rows: rows, columns: outputChannels, source: products, sourceStride: outputLanes, output: planes,
            outputStride: planeStride)
          for channel in 0..<outputChannels {
            epilogue.apply(
              image: image, channel: channel, start: start, count: rows, from: planes + channel * planeStride)
          }
        }
      }
    }
  }

  /// Calls `body` with rows of a block and where the pixels that they read lie side by side, in whole groups: in the image, or
  /// staged.
  @inline(__always)
  private func forEachPart(
    _ rows: Int, of image: UnsafePointer<Float>, at start: Int, _ layout: ImageLayout,
    _ staged: UnsafeMutablePointer<Float>,
    _ body: (_ part: Range<Int>, _ left: UnsafePointer<Float>, _ stride: Int) -> Void
  ) {
    let whole = layout == .channelsLast && isDense ? rows / Self.group * Self.group : 0
    if whole > 0 { body(0..<whole, image + start * sourceChannels, sourceChannels) }
    guard whole < rows else { return }
    stage(whole..<rows, of: image, at: start, layout, into: staged)
    // The rows that fill the last group may hold anything but numbers that take long.
    let (count, filled) = (rows - whole, (rows - whole + Self.group - 1) / Self.group * Self.group)
    (staged + count * stagedStride).update(repeating: 0, count: (filled - count) * stagedStride)
    body(whole..<rows, staged, stagedStride)
  }

  /// Brings the pixels that outputs of a block read side by side, channels last.
  private func stage(
    _ rows: Range<Int>, of image: UnsafePointer<Float>, at start: Int, _ layout: ImageLayout,
    into staged: UnsafeMutablePointer<Float>
  ) {
    if layout == .planar, isDense {
      vectors.transpose(
        rows: sourceChannels, columns: rows.count, source: image + start + rows.lowerBound,
        sourceStride: sourcePixels, output: staged, outputStride: stagedStride)
      return
    }
    for (number, row) in rows.enumerated() {
      let (y, x) = (start + row).quotientAndRemainder(dividingBy: outputWidth)
      let pixel = y * strides.row * sourceWidth + x * strides.column
      let target = staged + number * stagedStride
      if layout == .channelsLast {
        target.update(from: image + pixel * sourceChannels, count: sourceChannels)
      } else {
        for channel in 0..<sourceChannels { target[channel] = image[channel * sourcePixels + pixel] }
      }
    }
  }
}
