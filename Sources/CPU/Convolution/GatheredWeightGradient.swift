import Graph
import Kernels
import Tensor

/// The weight gradient of a convolution without groups as one matrix product per tap: the pixels that the tap meets, with their
/// channels side by side and transposed, times the gradients of the outputs that it meets them for.
struct GatheredWeightGradient: SummedWeightGradient {
  private let geometry: ConvolutionGeometry
  private let channels: Int
  private let outputChannels: Int
  private let height: Int
  private let width: Int
  private let outputHeight: Int
  private let outputWidth: Int
  private let windowHeight: Int
  private let windowWidth: Int
  private let vectors: VectorKernels

  /// - Parameters: of the convolution, without groups: image `[N, C, H, W]`, weights `[K, C, h, w]`, output `[N, K, H', W']`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape,
    vectors: VectorKernels
  ) {
    self.geometry = geometry
    self.vectors = vectors
    (channels, height, width) = (image[1], image[2], image[3])
    (outputChannels, outputHeight, outputWidth) = (output[1], output[2], output[3])
    (windowHeight, windowWidth) = (weights[2], weights[3])
  }

  // MARK: Sizes

  private var lanes: Int { (channels + 15) / 16 * 16 }
  private var outputLanes: Int { (outputChannels + 15) / 16 * 16 }
  private var taps: Int { windowHeight * windowWidth }

  // Off the powers of two, on which rows would meet in the same lines of the cache.
  private var sourceStride: Int { lanes + 16 }
  private var gradientStride: Int { outputLanes + 16 }

  /// Sums: `[taps][channels][output channels]`.
  private var tapCount: Int { lanes * gradientStride }

  /// Positions that are best multiplied together: whole images, or rows of one.
  private static let chunk = 128
  private var imagesPerChunk: Int { max(1, Self.chunk / (outputHeight * outputWidth)) }
  private var rowsPerChunk: Int { max(1, min(outputHeight, Self.chunk / outputWidth)) }
  private var chunkPositions: Int { imagesPerChunk * rowsPerChunk * outputWidth }
  /// Of a planar image.
  private var stageCount: Int { height * width * channels }

  var scratchCount: Int {
    taps * tapCount + chunkPositions * (sourceStride + gradientStride) + imagesPerChunk * stageCount
  }

  var layoutSupport: LayoutSupport { LayoutSupport(source: 1, either: [1]) }

  // MARK: Images

  func add(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>, _ layouts: OperandLayouts,
    to weights: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let sums = scratch
    let pixels = sums + taps * tapCount
    let gradient = pixels + chunkPositions * sourceStride
    let stage = gradient + chunkPositions * gradientStride
    // Sums begin with zero, and lanes without a channel stay so.
    scratch.update(repeating: 0, count: scratchCount - imagesPerChunk * stageCount)
    for first in stride(from: range.lowerBound, to: range.upperBound, by: imagesPerChunk) {
      let images = first..<min(first + imagesPerChunk, range.upperBound)
      var channelsLast = source + first * stageCount
      if layouts.layout(ofInput: 0) == .planar {
        for image in 0..<images.count {
          vectors.transpose(
            rows: channels, columns: height * width, source: channelsLast + image * stageCount,
            sourceStride: height * width, output: stage + image * stageCount, outputStride: channels)
        }
        channelsLast = UnsafePointer(stage)
      }
      for row in stride(from: 0, to: outputHeight, by: rowsPerChunk) {
        let rows = row..<min(row + rowsPerChunk, outputHeight)
        let positions = rows.count * outputWidth
        for (number, image) in images.enumerated() {
          copyGradient(
            rows, of: gradients + image * outputChannels * outputHeight * outputWidth, layouts.layout(ofInput: 1),
            into: gradient + number * positions * gradientStride)
        }
        for tap in 0..<taps {
          for number in 0..<images.count {
            gather(
              tap, rows, of: channelsLast + number * stageCount, into: pixels + number * positions * sourceStride)
          }
          vectors.transposedProduct(
            rows: lanes, inner: images.count * positions, columns: outputLanes, left: pixels, leftStride: sourceStride,
            right: gradient, rightStride: gradientStride, output: sums + tap * tapCount, outputStride: gradientStride,
            adds: true)
        }
      }
    }
    for tap in 0..<taps {
      for output in 0..<outputChannels {
        let (filter, sum) = (weights + output * channels * taps + tap, sums + tap * tapCount + output)
        for channel in 0..<channels { filter[channel * taps] += sum[channel * gradientStride] }
      }
    }
  }

  private func copyGradient(
    _ rows: Range<Int>, of image: UnsafePointer<Float>, _ layout: ImageLayout, into target: UnsafeMutablePointer<Float>
  ) {
    let (start, count) = (rows.lowerBound * outputWidth, rows.count * outputWidth)
    if layout == .planar {
      vectors.transpose(
        rows: outputChannels, columns: count, source: image + start, sourceStride: outputHeight * outputWidth,
        output: target, outputStride: gradientStride)
      return
    }
    for position in 0..<count {
      (target + position * gradientStride).update(
        from: image + (start + position) * outputChannels, count: outputChannels)
    }
  }

  /// The pixels that a tap meets, zero outside the image.
  private func gather(
    _ tap: Int, _ rows: Range<Int>, of image: UnsafePointer<Float>, into pixels: UnsafeMutablePointer<Float>
  ) {
    let (i, j) = tap.quotientAndRemainder(dividingBy: windowWidth)
    var target = pixels
    for y in rows {
      let row = y * geometry.strideHeight + i * geometry.dilationHeight - geometry.top
      for x in 0..<outputWidth {
        let column = x * geometry.strideWidth + j * geometry.dilationWidth - geometry.left
        if row >= 0, row < height, column >= 0, column < width {
          target.update(from: image + (row * width + column) * channels, count: channels)
        } else {
          target.update(repeating: 0, count: channels)
        }
        target += sourceStride
      }
    }
  }
}
