import Graph
import Kernels
import Tensor

/// A convolution with one channel per group, or its transpose, for 16 channels at a time, which lie side by side as the lanes of
/// vectors. Where images have their channels last, they are read and written in place (`DepthwiseInPlace`). Otherwise rows are brought
/// into a strip that stays in the cache, with zeros left and right; taps above and below the image are left out.
struct DepthwiseConvolution: PreparedConvolution {
  /// The outputs of one phase of rows and one of columns.
  private struct Part {
    /// Of its terms in those of all parts.
    let start: Int
    /// Terms of one row of the window.
    let rowTerms: Int
  }

  /// One product of the sums of a part, which go by rows of the window, then source channels, then columns.
  private struct Term {
    /// Index in the window.
    let tap: Int
    /// Of the source channels that an output is the sum of.
    let channel: Int
  }

  /// Rows of the output, and those of the source that they need.
  private struct Strip {
    let rows: Range<Int>
    let source: Range<Int>
  }

  private let groups: Int
  private let windowCount: Int
  /// Channels per group.
  private let sourceChannels: Int
  private let outputChannels: Int
  private let outputHeight: Int
  private let outputWidth: Int
  private let rowAxis: WindowAxis
  private let columnAxis: WindowAxis
  /// Columns of zeros before the image, and columns in all.
  private let left: Int
  private let pitch: Int
  private let strips: [Strip]
  /// Floats of one source channel of every group in a strip.
  private let channelCount: Int
  private let rows: [WindowAxis.Output]
  /// Of every phase of rows with every phase of columns.
  private var parts: [Part] = []
  private var terms: [Term] = []
  private var offsets: [Int] = []
  /// Nil where a group has several channels.
  private let inPlace: DepthwiseInPlace?
  private let vectors: VectorKernels

  private static let lanes = 16
  /// Floats of a strip of the source that stay in the cache together with the output's.
  private static let stripCount = 1 << 15

  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, 1, h, w]`, output `[N, K, H', W']`, with C groups.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, isTranspose: Bool,
    vectors: VectorKernels
  ) {
    self.vectors = vectors
    groups = geometry.groups
    windowCount = weights[2] * weights[3]
    let multiplier = output[1] / groups
    (sourceChannels, outputChannels) = isTranspose ? (multiplier, 1) : (1, multiplier)
    (outputHeight, outputWidth) = isTranspose ? (image[2], image[3]) : (output[2], output[3])
    let rowAxis = WindowAxis(
      image: image[2], output: output[2], window: weights[2], stride: geometry.strideHeight,
      dilation: geometry.dilationHeight, padding: geometry.top, isTranspose: isTranspose)
    let columnAxis = WindowAxis(
      image: image[3], output: output[3], window: weights[3], stride: geometry.strideWidth,
      dilation: geometry.dilationWidth, padding: geometry.left, isTranspose: isTranspose)
    (self.rowAxis, self.columnAxis) = (rowAxis, columnAxis)
    inPlace =
      multiplier == 1 && groups >= Self.lanes
      ? DepthwiseInPlace(channels: groups, rows: rowAxis, columns: columnAxis, window: (weights[2], weights[3])) : nil

    let left = max(0, -columnAxis.elements.lowerBound)
    pitch = left + max(columnAxis.extent, columnAxis.elements.upperBound)
    self.left = left
    rows = rowAxis.outputs
    let window = (weights[2] - 1) * geometry.dilationHeight / rowAxis.outputStep
    let fitting = Self.stripCount / (pitch * Self.lanes * sourceChannels)
    let stripRows = max(4, max(window, fitting - window) * rowAxis.outputStep / rowAxis.sourceStep)
    strips = stride(from: 0, to: outputHeight, by: stripRows).map { [rows, outputHeight] start in
      let range = start..<min(start + stripRows, outputHeight)
      let read = rows[range].flatMap { row in
        row.taps.map { rowAxis.phases[row.phase].taps[$0].element + row.base }
      }
      return Strip(rows: range, source: (read.min() ?? 0)..<(read.max() ?? -1) + 1)
    }
    channelCount = (strips.map(\.source.count).max() ?? 0) * pitch * Self.lanes
    for rowPhase in rowAxis.phases {
      for columnPhase in columnAxis.phases {
        parts.append(Part(start: terms.count, rowTerms: sourceChannels * columnPhase.taps.count))
        for row in rowPhase.taps {
          for channel in 0..<sourceChannels {
            for column in columnPhase.taps {
              terms.append(Term(tap: row.index * weights[3] + column.index, channel: channel))
              offsets.append(
                channel * channelCount + (row.element * pitch + left + column.element) * Self.lanes)
            }
          }
        }
      }
    }
  }

  /// Blocks of channels are full, the last one by channels of the one before it.
  private var blocks: Int { (groups + Self.lanes - 1) / Self.lanes }
  private func groups(block: Int) -> Range<Int> {
    let first = max(0, min(block * Self.lanes, groups - Self.lanes))
    return first..<min(first + Self.lanes, groups)
  }

  // MARK: Weights

  private var stripWeightCount: Int { blocks * outputChannels * terms.count * Self.lanes }

  var preparedCount: Int { stripWeightCount + (inPlace?.preparedCount ?? 0) }

  /// From `[K, 1, h, w]` to `[blocks][output channels][terms][16]`, and behind it those of `inPlace`.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    inPlace?.prepare(weights, into: prepared + stripWeightCount)
    var target = prepared
    for block in 0..<blocks {
      let groups = groups(block: block)
      for output in 0..<outputChannels {
        for term in terms {
          for lane in 0..<Self.lanes {
            let filter = (groups.lowerBound + lane) * sourceChannels * outputChannels + output + term.channel
            target[lane] = lane < groups.count ? weights[filter * windowCount + term.tap] : 0
          }
          target += Self.lanes
        }
      }
    }
  }

  // MARK: Images

  private var stripPositions: Int { (strips.first?.rows.count ?? 0) * outputWidth }
  /// Pixels are computed by fours; what is past a row's end is overwritten by the next.
  private var resultCount: Int { (stripPositions + 3 * columnAxis.outputStep) * Self.lanes }
  /// Odd in cache lines, so that channels do not meet in the same ones.
  private var planePitch: Int { (stripPositions + 31) / 32 * 32 + 16 }

  var scratchCount: Int {
    max(Epilogue.tileCount, sourceChannels * channelCount + resultCount + Self.lanes * planePitch)
  }

  /// Every tap belongs to one part.
  var work: Int {
    blocks * Self.lanes * outputChannels * outputHeight * outputWidth * max(1, terms.count / parts.count)
  }

  var layoutSupport: LayoutSupport {
    guard groups >= Self.lanes else { return LayoutSupport() }
    return LayoutSupport(source: sourceChannels == 1 ? 1 : nil, output: outputChannels == 1 ? 1 : nil)
  }

  func run(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ layout: ImageLayout, prepared: UnsafePointer<Float>,
    _ epilogue: Epilogue, scratch: UnsafeMutablePointer<Float>
  ) {
    if let inPlace, layout == .channelsLast, epilogue.layout == .channelsLast {
      inPlace.run(range, source, prepared: prepared + stripWeightCount, epilogue, tile: scratch)
      return
    }
    let result = scratch + sourceChannels * channelCount
    let planes = result + resultCount
    // Between the images' columns it stays so.
    scratch.update(repeating: 0, count: sourceChannels * channelCount)
    let imageCount = groups * sourceChannels * rowAxis.extent * columnAxis.extent
    for index in range {
      for block in 0..<blocks {
        let groups = groups(block: block)
        for strip in strips {
          copy(strip.source, of: groups, source + index * imageCount, layout, into: scratch)
          for output in 0..<outputChannels {
            compute(
              strip, prepared + (block * outputChannels + output) * terms.count * Self.lanes, scratch, into: result)
            finish(image: index, strip.rows, of: groups, output: output, result, planes, epilogue)
          }
        }
      }
    }
  }

  /// Brings rows of some groups into the strip, between the columns of zeros.
  private func copy(
    _ rows: Range<Int>, of groups: Range<Int>, _ image: UnsafePointer<Float>, _ layout: ImageLayout,
    into strip: UnsafeMutablePointer<Float>
  ) {
    let width = columnAxis.extent
    let plane = rowAxis.extent * width
    for channel in 0..<sourceChannels {
      var target = strip + channel * channelCount + left * Self.lanes
      for row in rows {
        if layout == .channelsLast {
          var pixel = image + row * width * self.groups + groups.lowerBound
          for column in 0..<width {
            (target + column * Self.lanes).update(from: pixel, count: Self.lanes)
            pixel += self.groups
          }
        } else {
          vectors.transpose(
            rows: groups.count, columns: width,
            source: image + (groups.lowerBound * sourceChannels + channel) * plane + row * width,
            sourceStride: sourceChannels * plane, output: target, outputStride: Self.lanes)
        }
        target += pitch * Self.lanes
      }
    }
  }

  /// Computes rows of one output channel of each group: `[rows][W'][16]`.
  private func compute(
    _ strip: Strip, _ weights: UnsafePointer<Float>, _ source: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) {
    offsets.withUnsafeBufferPointer { offsets in
      guard let offsets = offsets.baseAddress else { return }
      for y in strip.rows {
        let row = rows[y]
        for (number, phase) in columnAxis.phases.enumerated() {
          let part = parts[row.phase * columnAxis.phases.count + number]
          let first = part.start + row.taps.lowerBound * part.rowTerms
          vectors.depthwiseProduct(
            pixels: (phase.count + 3) / 4 * 4, terms: row.taps.count * part.rowTerms,
            weights: weights + first * Self.lanes, offsets: offsets + first,
            source: source + (row.base - strip.source.lowerBound) * pitch * Self.lanes,
            sourceStride: columnAxis.sourceStep * Self.lanes,
            output: result + ((y - strip.rows.lowerBound) * outputWidth + phase.first) * Self.lanes,
            outputStride: columnAxis.outputStep * Self.lanes)
        }
      }
    }
  }

  /// Writes rows of one output channel of each group to the output.
  private func finish(
    image index: Int, _ rows: Range<Int>, of groups: Range<Int>, output: Int, _ result: UnsafePointer<Float>,
    _ planes: UnsafeMutablePointer<Float>, _ epilogue: Epilogue
  ) {
    let (start, count) = (rows.lowerBound * outputWidth, rows.count * outputWidth)
    if epilogue.layout == .channelsLast {
      epilogue.apply(image: index, start: start, count: count, fromPixels: result, channels: groups)
      return
    }
    vectors.transpose(
      rows: count, columns: groups.count, source: result, sourceStride: Self.lanes, output: planes,
      outputStride: planePitch)
    for (lane, group) in groups.enumerated() {
      epilogue.apply(
        image: index, channel: group * outputChannels + output, start: start, count: count,
        from: planes + lane * planePitch)
    }
  }
}
