import Graph
import Kernels
import Tensor

/// The weight gradient of a convolution with one channel per group: 16 channels at a time are the lanes of vectors, whose rows are
/// brought into a strip that stays in the cache, with zeros around the image.
struct DepthwiseWeightGradient: SummedWeightGradient {
  private let geometry: ConvolutionGeometry
  private let groups: Int
  /// Of each group.
  private let outputs: Int
  private let height: Int
  private let width: Int
  private let outputHeight: Int
  private let outputWidth: Int
  private let taps: Int
  /// Rows of the output that a strip has.
  private let stripRows: Int
  /// Columns and rows of a strip's source.
  private let pitch: Int
  private let sourceRows: Int
  private let offsets: [Int]
  private let vectors: VectorKernels

  private static let lanes = 16

  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, 1, h, w]`, output `[N, K, H', W']`, with C groups.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape,
    vectors: VectorKernels
  ) {
    self.geometry = geometry
    self.vectors = vectors
    (groups, outputs) = (geometry.groups, output[1] / geometry.groups)
    (height, width) = (image[2], image[3])
    (outputHeight, outputWidth) = (output[2], output[3])
    taps = weights[2] * weights[3]
    // As many positions as one sum in single precision should have.
    stripRows = max(1, min(output[2], 128 / output[3]))
    let pitch = (output[3] - 1) * geometry.strideWidth + (weights[3] - 1) * geometry.dilationWidth + 1
    self.pitch = pitch
    sourceRows = (stripRows - 1) * geometry.strideHeight + (weights[2] - 1) * geometry.dilationHeight + 1
    offsets = (0..<weights[2]).flatMap { row in
      (0..<weights[3]).map { (row * geometry.dilationHeight * pitch + $0 * geometry.dilationWidth) * Self.lanes }
    }
  }

  private var gradientCount: Int { stripRows * outputWidth * Self.lanes }
  private var sumCount: Int { outputs * taps * Self.lanes }

  var scratchCount: Int { sumCount + gradientCount + sourceRows * pitch * Self.lanes }

  /// Rows are copied from either layout.
  var layoutSupport: LayoutSupport { LayoutSupport(source: 0, either: [1]) }

  func add(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>, _ layouts: OperandLayouts,
    to weights: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let gradient = scratch + sumCount
    let strip = gradient + gradientCount
    for first in stride(from: 0, to: groups, by: Self.lanes) {
      let channels = first..<min(first + Self.lanes, groups)
      // Lanes without a channel hold numbers, too.
      scratch.update(repeating: 0, count: scratchCount)
      for image in range {
        for row in stride(from: 0, to: outputHeight, by: stripRows) {
          let rows = row..<min(row + stripRows, outputHeight)
          copySource(
            rows, of: channels, source + image * groups * height * width, layouts.layout(ofInput: 0), into: strip)
          for output in 0..<outputs {
            copyGradient(
              rows, of: channels, output,
              gradients + image * groups * outputs * outputHeight * outputWidth, layouts.layout(ofInput: 1),
              into: gradient)
            vectors.depthwiseDots(
              rows: rows.count, columns: outputWidth, terms: taps, offsets: offsets, source: strip,
              rowStep: geometry.strideHeight * pitch * Self.lanes, columnStep: geometry.strideWidth * Self.lanes,
              gradient: gradient, sums: scratch + output * taps * Self.lanes)
          }
        }
      }
      for (lane, channel) in channels.enumerated() {
        for output in 0..<outputs {
          let filter = weights + (channel * outputs + output) * taps
          for tap in 0..<taps { filter[tap] += scratch[(output * taps + tap) * Self.lanes + lane] }
        }
      }
    }
  }

  /// Brings the rows that some rows of the output read into the strip.
  private func copySource(
    _ rows: Range<Int>, of channels: Range<Int>, _ image: UnsafePointer<Float>, _ layout: ImageLayout,
    into strip: UnsafeMutablePointer<Float>
  ) {
    let left = min(pitch, geometry.left)
    let columns = max(0, min(width, pitch - left))
    let first = rows.lowerBound * geometry.strideHeight - geometry.top
    for index in 0..<sourceRows {
      let line = strip + index * pitch * Self.lanes
      let row = first + index
      guard row >= 0, row < height else {
        line.update(repeating: 0, count: pitch * Self.lanes)
        continue
      }
      // Before and behind the image it stays zero.
      copy(
        channels, step: 1, of: groups, image, row * width, columns, plane: height * width, layout,
        into: line + left * Self.lanes)
    }
  }

  private func copyGradient(
    _ rows: Range<Int>, of channels: Range<Int>, _ output: Int, _ gradient: UnsafePointer<Float>,
    _ layout: ImageLayout, into target: UnsafeMutablePointer<Float>
  ) {
    let scaled = channels.lowerBound * outputs + output..<channels.upperBound * outputs + output
    copy(
      scaled, step: outputs, of: groups * outputs, gradient, rows.lowerBound * outputWidth, rows.count * outputWidth,
      plane: outputHeight * outputWidth, layout, into: target)
  }

  /// Brings pixels of every `step`-th of some channels, out of `all`, into lanes.
  private func copy(
    _ channels: Range<Int>, step: Int, of all: Int, _ image: UnsafePointer<Float>, _ start: Int, _ pixels: Int,
    plane: Int, _ layout: ImageLayout, into target: UnsafeMutablePointer<Float>
  ) {
    let count = channels.count / step
    guard layout == .channelsLast else {
      vectors.transpose(
        rows: count, columns: pixels, source: image + channels.lowerBound * plane + start, sourceStride: step * plane,
        output: target, outputStride: Self.lanes)
      return
    }
    for pixel in 0..<pixels {
      let (from, to) = (image + (start + pixel) * all + channels.lowerBound, target + pixel * Self.lanes)
      if step == 1, count == Self.lanes {
        let numbers = UnsafeRawPointer(from).loadUnaligned(as: SIMD16<Float>.self)
        UnsafeMutableRawPointer(to).storeBytes(of: numbers, as: SIMD16<Float>.self)
      } else {
        for lane in 0..<count { to[lane] = from[lane * step] }
      }
    }
  }
}
