import Graph
import Kernels
import Tensor

/// A convolution, or its transpose, as a sum of shifted images: each output channel is the weighted sum of every channel of
/// the padded image at every tap's shift. Nothing is copied but the image itself, once.
///
/// The transpose is of the same form: every phase of its output, as many as the strides' product, is a sum of the taps that
/// meet it, of the padded gradient.
struct ShiftedConvolution: PreparedConvolution {
  /// One phase of the output.
  private struct Phase {
    /// Index in the window, and offset in a channel of the padded image.
    let taps: [(index: Int, offset: Int)]
    /// Of every term: channels, then taps.
    let offsets: [Int32]
    let weightsStart: Int
  }

  private let image: PaddedImage
  private let isTranspose: Bool
  private let groups: Int
  /// Per group.
  private let sourceChannels: Int
  private let outputChannels: Int
  private let windowCount: Int
  private let outputHeight: Int
  private let outputWidth: Int
  /// The phases' element 0 is this far before the output's.
  private let outputTop: Int
  private let outputLeft: Int
  private let phaseRows: Int
  private let phaseColumns: Int
  private var phases: [Phase] = []
  private let vectors: VectorKernels

  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output `[N, K, H', W']`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, isTranspose: Bool,
    vectors: VectorKernels
  ) {
    self.isTranspose = isTranspose
    self.vectors = vectors
    groups = geometry.groups
    windowCount = weights[2] * weights[3]
    let (strideRows, strideColumns) = (geometry.strideHeight, geometry.strideWidth)
    let (dilationRows, dilationColumns) = (geometry.dilationHeight, geometry.dilationWidth)
    let reach = (rows: (weights[2] - 1) * dilationRows, columns: (weights[3] - 1) * dilationColumns)
    if isTranspose {
      sourceChannels = output[1] / groups
      outputChannels = weights[1]
      (outputHeight, outputWidth) = (image[2], image[3])
      (phaseRows, phaseColumns) = (strideRows, strideColumns)
      (outputTop, outputLeft) = (geometry.top % strideRows, geometry.left % strideColumns)
      let skipped = (rows: geometry.top / strideRows, columns: geometry.left / strideColumns)
      let lead = (rows: reach.rows / strideRows, columns: reach.columns / strideColumns)
      self.image = PaddedImage(
        height: output[2], width: output[3], top: lead.rows - skipped.rows, left: lead.columns - skipped.columns,
        rows: (outputTop + outputHeight - 1) / strideRows + 1 + lead.rows,
        pitch: (outputLeft + outputWidth - 1) / strideColumns + 1 + lead.columns, phaseRows: 1, phaseColumns: 1)
      for row in 0..<strideRows {
        for column in 0..<strideColumns {
          var taps: [(index: Int, offset: Int)] = []
          for i in 0..<weights[2] where i * dilationRows % strideRows == row {
            for j in 0..<weights[3] where j * dilationColumns % strideColumns == column {
              let offset = self.image.offset(
                row: lead.rows - i * dilationRows / strideRows,
                column: lead.columns - j * dilationColumns / strideColumns)
              taps.append((i * weights[3] + j, offset))
            }
          }
          addPhase(taps)
        }
      }
    } else {
      sourceChannels = weights[1]
      outputChannels = output[1] / groups
      (outputHeight, outputWidth) = (output[2], output[3])
      (phaseRows, phaseColumns) = (1, 1)
      (outputTop, outputLeft) = (0, 0)
      self.image = PaddedImage(geometry, image: image, weights: weights, output: output)
      addPhase(self.image.taps(geometry, weights: weights))
    }
  }

  private mutating func addPhase(_ taps: [(index: Int, offset: Int)]) {
    let start = phases.last.map { $0.weightsStart + groups * panels * $0.offsets.count * 4 } ?? 0
    let offsets = (0..<sourceChannels).flatMap { channel in
      taps.map { Int32(channel * image.channelCount + $0.offset) }
    }
    phases.append(Phase(taps: taps, offsets: offsets, weightsStart: start))
  }

  /// Rows of the output in steps of four channels.
  private var panels: Int { (outputChannels + 3) / 4 }

  // MARK: Weights

  var preparedCount: Int { groups * panels * 4 * phases.reduce(0) { $0 + $1.offsets.count } }

  /// From `[K, C / groups, h, w]` to `[phases][groups][panels][terms][4]`.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    // In the weights, steps from one output channel to the next and from one source channel to the next.
    let outputStep = isTranspose ? windowCount : sourceChannels * windowCount
    let sourceStep = isTranspose ? outputChannels * windowCount : windowCount
    for phase in phases {
      var target = prepared + phase.weightsStart
      for group in 0..<groups {
        let filters = weights + group * sourceChannels * outputChannels * windowCount
        for panel in 0..<panels {
          for channel in 0..<sourceChannels {
            for tap in phase.taps {
              let source = filters + channel * sourceStep + tap.index
              for lane in 0..<4 {
                let output = panel * 4 + lane
                target[lane] = output < outputChannels ? source[output * outputStep] : 0
              }
              target += 4
            }
          }
        }
      }
    }
  }

  // MARK: Images

  /// Rows of a phase that are computed before they are written out, so that they stay in the cache.
  private var stripRows: Int {
    let perRow = phases.count * panels * 4 * image.pitch
    return min(phaseHeight, max(1, Self.stripCount / max(1, perRow)))
  }
  private static let stripCount = 1 << 15
  private var phaseHeight: Int { (outputTop + outputHeight - 1) / phaseRows + 1 }
  private var phaseWidth: Int { (outputLeft + outputWidth - 1) / phaseColumns + 1 }
  /// Numbers of one channel of a strip.
  private var stripPitch: Int { (stripRows * image.pitch + 15) / 16 * 16 }
  private func positions(rows: Int) -> Int { ((rows - 1) * image.pitch + phaseWidth + 15) / 16 * 16 }
  /// A channel and a vector may be read past the image's end.
  private var imageCount: Int { groups * sourceChannels * image.channelCount + stripPitch + 64 }

  var scratchCount: Int {
    guard outputHeight > 0, outputWidth > 0 else { return 0 }
    return imageCount + phases.count * panels * 4 * stripPitch + max(outputWidth * panels * 4, outputWidth)
  }

  /// Images are brought into planes and back.
  var layoutSupport: LayoutSupport {
    LayoutSupport(
      source: groups == 1 && image.phaseRows * image.phaseColumns == 1 ? -1 : nil,
      output: groups == 1 ? -1 : nil)
  }

  var work: Int {
    groups * panels * 4 * positions(rows: max(1, phaseHeight)) * phases.reduce(0) { $0 + $1.offsets.count }
  }

  func run(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ layout: ImageLayout, prepared: UnsafePointer<Float>,
    _ epilogue: Epilogue, scratch: UnsafeMutablePointer<Float>
  ) {
    let padded = scratch
    let strip = scratch + imageCount
    let line = strip + phases.count * panels * 4 * stripPitch
    padded.update(repeating: 0, count: imageCount)
    let plane = image.height * image.width
    for index in range {
      let channels = groups * sourceChannels
      if layout == .channelsLast {
        copyPixels(source + index * channels * plane, into: padded)
      } else {
        for channel in 0..<channels {
          image.copy(source + (index * channels + channel) * plane, into: padded + channel * image.channelCount)
        }
      }
      for group in 0..<groups {
        var row = 0
        while row < phaseHeight {
          let rows = min(stripRows, phaseHeight - row)
          for (number, phase) in phases.enumerated() {
            let terms = phase.offsets.count
            phase.offsets.withUnsafeBufferPointer { offsets in
              guard let offsets = offsets.baseAddress else {
                (strip + number * panels * 4 * stripPitch).update(repeating: 0, count: panels * 4 * stripPitch)
                return
              }
              vectors.shiftedProduct(
                panels: panels, terms: terms,
                weights: prepared + phase.weightsStart + group * panels * terms * 4, offsets: offsets,
                source: padded + group * sourceChannels * image.channelCount + row * image.pitch,
                positions: positions(rows: rows), output: strip + number * panels * 4 * stripPitch, pitch: stripPitch)
            }
          }
          if epilogue.layout == .channelsLast {
            finishPixels(image: index, rows: row..<row + rows, strip, line, epilogue)
          } else {
            for channel in 0..<outputChannels {
              finish(
                image: index, channel: group * outputChannels + channel, rows: row..<row + rows,
                strip + channel * stripPitch, line, epilogue)
            }
          }
          row += rows
        }
      }
    }
  }

  /// Writes the inside of every channel from pixels whose channels lie side by side; there is one phase.
  private func copyPixels(_ pixels: UnsafePointer<Float>, into padded: UnsafeMutablePointer<Float>) {
    let (firstRow, lastRow) = (max(0, image.top), min(image.rows, image.top + image.height))
    let (first, last) = (max(0, image.left), min(image.pitch, image.left + image.width))
    guard first < last else { return }
    for row in firstRow..<max(firstRow, lastRow) {
      vectors.transpose(
        rows: last - first, columns: sourceChannels,
        source: pixels + ((row - image.top) * image.width + first - image.left) * sourceChannels,
        sourceStride: sourceChannels, output: padded + row * image.pitch + first, outputStride: image.channelCount)
    }
  }

  /// The output's rows that are whole with these of the phases.
  private func outputRows(_ rows: Range<Int>) -> Range<Int> {
    let first = max(0, rows.lowerBound * phaseRows - outputTop)
    return first..<max(first, min(outputHeight, rows.upperBound * phaseRows - outputTop))
  }

  /// Writes rows of all channels to an output with channels last.
  private func finishPixels(
    image index: Int, rows: Range<Int>, _ strip: UnsafePointer<Float>, _ line: UnsafeMutablePointer<Float>,
    _ epilogue: Epilogue
  ) {
    let phasePitch = panels * 4 * stripPitch
    for y in outputRows(rows) {
      let (row, phaseRow) = (y + outputTop).quotientAndRemainder(dividingBy: phaseRows)
      let source = strip + phaseRow * phaseColumns * phasePitch + (row - rows.lowerBound) * image.pitch
      for phaseColumn in 0..<phaseColumns {
        let column = firstColumn(phaseColumn)
        let x = column * phaseColumns + phaseColumn - outputLeft
        guard x < outputWidth else { continue }
        vectors.transpose(
          rows: outputChannels, columns: (outputWidth - x + phaseColumns - 1) / phaseColumns,
          source: source + phaseColumn * phasePitch + column, sourceStride: stripPitch,
          output: line + x * outputChannels, outputStride: phaseColumns * outputChannels)
      }
      epilogue.apply(image: index, start: y * outputWidth, count: outputWidth, fromPixels: line)
    }
  }

  /// Of a phase, the first that is inside the output.
  private func firstColumn(_ phaseColumn: Int) -> Int { phaseColumn < outputLeft ? 1 : 0 }

  /// Writes one channel's rows of the phases to the output.
  @inline(__always)
  private func finish(
    image index: Int, channel: Int, rows: Range<Int>, _ strip: UnsafePointer<Float>,
    _ line: UnsafeMutablePointer<Float>, _ epilogue: Epilogue
  ) {
    if phases.count == 1 && image.pitch == outputWidth {
      epilogue.apply(
        image: index, channel: channel, start: rows.lowerBound * outputWidth, count: rows.count * outputWidth,
        from: strip)
      return
    }
    let phasePitch = panels * 4 * stripPitch
    for y in outputRows(rows) {
      let (row, phaseRow) = (y + outputTop).quotientAndRemainder(dividingBy: phaseRows)
      let source = strip + phaseRow * phaseColumns * phasePitch + (row - rows.lowerBound) * image.pitch
      if phaseColumns == 1 {
        epilogue.apply(image: index, channel: channel, start: y * outputWidth, count: outputWidth, from: source)
        continue
      }
      for phaseColumn in 0..<phaseColumns {
        let phase = source + phaseColumn * phasePitch
        var column = firstColumn(phaseColumn)
        var x = column * phaseColumns + phaseColumn - outputLeft
        while x < outputWidth {
          line[x] = phase[column]
          column += 1
          x += phaseColumns
        }
      }
      epilogue.apply(image: index, channel: channel, start: y * outputWidth, count: outputWidth, from: line)
    }
  }
}

extension PaddedImage {
  /// For a convolution that reads every tap at a shift; strides make phases.
  init(_ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape) {
    let reach = (
      rows: (output[2] - 1) * geometry.strideHeight + (weights[2] - 1) * geometry.dilationHeight,
      columns: (output[3] - 1) * geometry.strideWidth + (weights[3] - 1) * geometry.dilationWidth
    )
    self.init(
      height: image[2], width: image[3], top: geometry.top, left: geometry.left,
      rows: reach.rows / geometry.strideHeight + 1, pitch: reach.columns / geometry.strideWidth + 1,
      phaseRows: geometry.strideHeight, phaseColumns: geometry.strideWidth)
    if geometry.strideHeight * geometry.strideWidth > 1 {
      readRows = Set((0..<weights[2]).map { $0 * geometry.dilationHeight % geometry.strideHeight })
      readColumns = Set((0..<weights[3]).map { $0 * geometry.dilationWidth % geometry.strideWidth })
    }
  }

  /// Every tap of the window: its index there, and its offset in a channel.
  func taps(_ geometry: ConvolutionGeometry, weights: Shape) -> [(index: Int, offset: Int)] {
    (0..<weights[2] * weights[3]).map {
      let (i, j) = $0.quotientAndRemainder(dividingBy: weights[3])
      return ($0, offset(row: i * geometry.dilationHeight, column: j * geometry.dilationWidth))
    }
  }
}
