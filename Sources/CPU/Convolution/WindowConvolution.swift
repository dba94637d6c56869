import Graph
import Kernels
import Tensor

/// A convolution, or its transpose, as products of windows with the weights, read where they lie: in the image, whose pixels have
/// their channels side by side, or in a copy of some rows of it with padding around. A window's row is contiguous then, and the
/// products' rows are any pixels, of several images where maps are small; each is computed by itself.
///
/// The transpose is of the same form: every phase of its output is a product of the taps that meet it (`WindowAxis`).
struct WindowConvolution: PreparedConvolution {
  /// Outputs that meet the same taps.
  private struct Phase {
    let sums: WindowSums
    /// Index in the window, in the order of the terms.
    let taps: [Int]
    let rowCount: Int
    let columnCount: Int
    /// Of one block's weights.
    let weightsStart: Int
  }

  private let isTranspose: Bool
  private let rows: WindowAxis
  private let columns: WindowAxis
  private let windowCount: Int
  private let sourceChannels: Int
  private let outputChannels: Int
  /// Per group.
  private let sourcesOfGroup: Int
  private let outputsOfGroup: Int
  private let form: WindowSums.Form
  private let outputHeight: Int
  private let outputWidth: Int
  /// What is copied of the source, and its padding, for one row of each phase and for all columns.
  private let sourceRows: Range<Int>
  private let sourceColumns: Range<Int>
  private let isUnpadded: Bool
  /// Rows of each phase that are computed together.
  private let stripRows: Int
  private let stripCount: Int
  let imagesPerBlock: Int
  private var phases: [Phase] = []
  private var blockWeights = 0
  private let vectors: VectorKernels

  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output `[N, K, H', W']`; one that
  ///   `fits`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, isTranspose: Bool,
    vectors: VectorKernels
  ) {
    self.isTranspose = isTranspose
    self.vectors = vectors
    let rows = WindowAxis(
      image: image[2], output: output[2], window: weights[2], stride: geometry.strideHeight,
      dilation: geometry.dilationHeight, padding: geometry.top, isTranspose: isTranspose)
    let columns = WindowAxis(
      image: image[3], output: output[3], window: weights[3], stride: geometry.strideWidth,
      dilation: geometry.dilationWidth, padding: geometry.left, isTranspose: isTranspose)
    (self.rows, self.columns) = (rows, columns)
    let (from, to) = isTranspose ? (output, image) : (image, output)
    windowCount = weights[2] * weights[3]
    (sourceChannels, outputChannels, outputHeight, outputWidth) = (from[1], to[1], to[2], to[3])
    (sourcesOfGroup, outputsOfGroup) = (from[1] / geometry.groups, to[1] / geometry.groups)
    let isGrouped = Self.isGrouped(sourcesOfGroup, outputsOfGroup, geometry.groups)
    form = isGrouped ? .groups : .pieces
    // A pixel's floats in a copy, of which there is one for each block of channels.
    let lanes = isGrouped ? (sourcesOfGroup == 8 ? 32 : 16) : sourcesOfGroup

    let (usedRows, usedColumns) = (rows.usedElements, columns.usedElements)
    isUnpadded = (0..<rows.extent).contains(usedRows) && (0..<columns.extent).contains(usedColumns)
    sourceColumns = isUnpadded ? 0..<columns.extent : usedColumns
    let firstRows = rows.usedElements(of: 1)
    sourceRows = isUnpadded ? 0..<max(1, firstRows.upperBound) : firstRows
    let pitch = sourceColumns.count * lanes
    let phaseRows = rows.phases.map(\.count).max() ?? 0
    // So many that both copies and products stay in the cache.
    let budget = isGrouped ? Self.groupedStripCount : Self.stripCount
    let fitting = (budget / max(1, pitch) - sourceRows.count) / rows.sourceStep + 1
    let products = Self.stripCount / max(1, rows.outputStep * outputWidth * outputChannels)
    stripRows = max(1, min(fitting, products, phaseRows))
    let isWhole = stripRows >= phaseRows
    imagesPerBlock = isWhole ? max(1, 96 / max(1, outputHeight * outputWidth)) : 1
    let copied = isUnpadded && isWhole ? rows.extent : (stripRows - 1) * rows.sourceStep + sourceRows.count
    stripCount = copied * pitch

    for rowPhase in rows.phases {
      for columnPhase in columns.phases {
        let columnTaps = columns.usedTaps(columnPhase).sorted { $0.element < $1.element }
        var taps: [Int] = []
        var runs: [(offset: Int, count: Int)] = []
        for row in rows.usedTaps(rowPhase) {
          for column in columnTaps {
            let offset =
              (row.element - sourceRows.lowerBound) * pitch + (column.element - sourceColumns.lowerBound) * lanes
            taps.append(row.index * weights[3] + column.index)
            if isGrouped {
              for part in stride(from: 0, to: lanes, by: 16) { runs.append((offset + part, 4)) }
            } else if let last = runs.last, last.offset + last.count == offset {
              runs[runs.count - 1].count += lanes
            } else {
              runs.append((offset, lanes))
            }
          }
        }
        var pixels: [(source: Int, place: Int)] = []
        for image in 0..<imagesPerBlock {
          for row in 0..<min(stripRows, rowPhase.count) {
            let y = image * outputHeight + row * rows.outputStep + rowPhase.first
            let line = image * stripCount + row * rows.sourceStep * pitch
            for column in 0..<columnPhase.count {
              pixels.append(
                (
                  line + column * columns.sourceStep * lanes,
                  y * outputWidth + column * columns.outputStep + columnPhase.first
                ))
            }
          }
        }
        let sums = WindowSums(form, runs: runs, pixels: pixels)
        phases.append(
          Phase(
            sums: sums, taps: taps, rowCount: rowPhase.count, columnCount: columnPhase.count,
            weightsStart: blockWeights))
        blockWeights += panels * sums.terms * 16
      }
    }
  }

  /// Floats of copies, and of products, that stay in the second cache, and in the first one.
  private static let stripCount = 1 << 16
  private static let groupedStripCount = 1 << 14

  private static func isGrouped(_ sources: Int, _ outputs: Int, _ groups: Int) -> Bool {
    groups > 1 && sources == outputs && (sources == 4 || sources == 8)
  }

  /// Whether the algorithm is for a convolution: where its outputs fill vectors of channels.
  static func fits(_ geometry: ConvolutionGeometry, weights: Shape, isTranspose: Bool) -> Bool {
    let (filters, channels) = (weights[0] / geometry.groups, weights[1])
    let (sources, outputs) = isTranspose ? (filters, channels) : (channels, filters)
    if isGrouped(sources, outputs, geometry.groups) {
      return sources * weights[2] * weights[3] <= WindowSums.longestSum
    }
    return outputs * 4 >= (outputs + 15) / 16 * 16 * 3
  }

  // MARK: Sizes

  private var isGrouped: Bool { form == .groups }
  /// Channels in and out of a block: of 16 lanes, or of a group.
  private var blockSources: Int { isGrouped ? 16 : sourcesOfGroup }
  private var blockOutputs: Int { isGrouped ? 16 : outputsOfGroup }
  private var blocks: Int { (outputChannels + blockOutputs - 1) / blockOutputs }
  private var panels: Int { (blockOutputs + 15) / 16 }
  private var lanes: Int { isGrouped ? (sourcesOfGroup == 8 ? 32 : 16) : sourcesOfGroup }
  private var sourcePixels: Int { rows.extent * columns.extent }
  private var positions: Int { outputHeight * outputWidth }
  private var stripPixels: Int { imagesPerBlock * min(outputHeight, stripRows * rows.outputStep) * outputWidth }
  /// Off the powers of two, on which channels would meet in the same lines of the cache.
  private var planeStride: Int { stripPixels + 16 }

  var scratchCount: Int {
    VectorKernels.windowTileCount + imagesPerBlock * stripCount + columns.extent * 16 + stripPixels * outputChannels
      + outputChannels * planeStride
  }

  var work: Int {
    blocks * panels * 16 * phases.reduce(0) { $0 + $1.rowCount * $1.columnCount * $1.sums.terms }
  }

  var layoutSupport: LayoutSupport { LayoutSupport(source: 1, output: 1) }

  // MARK: Weights

  var preparedCount: Int { blocks * blockWeights }

  /// From `[K, C / groups, h, w]` to `[blocks][phases][panels][terms][16]`.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    // In the weights of a group, steps from one output channel to the next and from one source channel to the next.
    let outputStep = isTranspose ? windowCount : sourcesOfGroup * windowCount
    let sourceStep = isTranspose ? outputsOfGroup * windowCount : windowCount
    let groupStep = sourcesOfGroup * outputsOfGroup * windowCount
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * windowCount) { taps in
      guard let taps = taps.baseAddress else { return }
      for block in 0..<blocks {
        for panel in 0..<panels {
          let first = block * blockOutputs + panel * 16
          let count = min(16, min(outputChannels, (block + 1) * blockOutputs) - first)
          taps.initialize(repeating: 0, count: 16 * windowCount)
          for source in 0..<sourcesOfGroup {
            // The windows of 16 outputs side by side, those of a group at a time.
            for lane in stride(from: 0, to: count, by: outputsOfGroup) {
              let (group, output) = (first + lane).quotientAndRemainder(dividingBy: outputsOfGroup)
              vectors.transpose(
                rows: min(outputsOfGroup, count - lane), columns: windowCount,
                source: weights + group * groupStep + output * outputStep + source * sourceStep,
                sourceStride: outputStep, output: taps + lane, outputStride: 16)
            }
            for phase in phases {
              let lines = prepared + block * blockWeights + phase.weightsStart + panel * phase.sums.terms * 16
              for (number, tap) in phase.taps.enumerated() {
                (lines + (number * sourcesOfGroup + source) * 16).update(from: taps + tap * 16, count: 16)
              }
            }
          }
        }
      }
    }
  }

  // MARK: Images

  func run(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ layout: ImageLayout, prepared: UnsafePointer<Float>,
    _ epilogue: Epilogue, scratch: UnsafeMutablePointer<Float>
  ) {
    let (tile, strip) = (scratch, scratch + VectorKernels.windowTileCount)
    let line = strip + imagesPerBlock * stripCount
    let products = line + columns.extent * 16
    let planes = products + stripPixels * outputChannels
    line.update(repeating: 0, count: columns.extent * 16)
    let size = sourcePixels * sourceChannels
    let isInPlace = isUnpadded && layout == .channelsLast && !isGrouped && blocks == 1
    let endsInRegisters = epilogue.layout == .channelsLast && !epilogue.readsValues
    let phaseRows = rows.phases.map(\.count).max() ?? 0
    for first in stride(from: range.lowerBound, to: range.upperBound, by: imagesPerBlock) {
      let images = first..<min(range.upperBound, first + imagesPerBlock)
      for row in stride(from: 0, to: phaseRows, by: stripRows) {
        let start = row * rows.outputStep * outputWidth
        for block in 0..<blocks {
          var pixels = source + first * size + row * rows.sourceStep * columns.extent * sourceChannels
          if !isInPlace {
            let needed = min(stripRows, phaseRows - row)
            for image in images {
              copy(
                source + image * size, layout, block: block, row: row, count: needed, line,
                into: strip + (image - first) * stripCount)
            }
            pixels = UnsafePointer(strip)
          }
          let channels = block * blockOutputs..<min(outputChannels, (block + 1) * blockOutputs)
          for phase in phases {
            let count = images.count * min(stripRows, max(0, phase.rowCount - row)) * phase.columnCount
            guard count > 0 else { continue }
            let panels = prepared + block * blockWeights + phase.weightsStart
            if endsInRegisters {
              epilogue.window(
                phase.sums, image: first, start: start, channels: channels, pixels: count, pixels, panels: panels,
                tile: tile)
            } else {
              phase.sums.multiply(
                pixels: count, columns: channels.count, pixels, panels: panels, tile: tile,
                values: products + channels.lowerBound, stride: outputChannels, vectors)
            }
          }
        }
        let count = min(positions - start, stripRows * rows.outputStep * outputWidth)
        for image in images {
          if endsInRegisters {
            epilogue.finishPixels(image: image, start: start, count: count)
            continue
          }
          finish(
            products + (image - first) * positions * outputChannels, image: image, start: start, count: count, planes,
            epilogue)
        }
      }
    }
  }

  /// Copies what `count` rows of each phase, from the row `row` on, read of one block's channels.
  private func copy(
    _ image: UnsafePointer<Float>, _ layout: ImageLayout, block: Int, row: Int, count: Int,
    _ line: UnsafeMutablePointer<Float>, into strip: UnsafeMutablePointer<Float>
  ) {
    let firstRow = sourceRows.lowerBound + row * rows.sourceStep
    let (first, end) = (max(0, sourceColumns.lowerBound), min(columns.extent, sourceColumns.upperBound))
    let pitch = sourceColumns.count * lanes
    let rowCount = min(stripCount / max(1, pitch), (count - 1) * rows.sourceStep + sourceRows.count)
    let channel = block * blockSources
    let channels = min(blockSources, sourceChannels - channel)
    for index in 0..<rowCount {
      let (y, target) = (firstRow + index, strip + index * pitch)
      guard first < end, (0..<rows.extent).contains(y) else {
        target.update(repeating: 0, count: pitch)
        continue
      }
      let inside = target + (first - sourceColumns.lowerBound) * lanes
      target.update(repeating: 0, count: (first - sourceColumns.lowerBound) * lanes)
      (inside + (end - first) * lanes).update(repeating: 0, count: (sourceColumns.upperBound - end) * lanes)
      if layout == .planar {
        let planes = image + channel * sourcePixels + y * columns.extent + first
        vectors.transpose(
          rows: channels, columns: end - first, source: planes, sourceStride: sourcePixels,
          output: isGrouped ? line : inside, outputStride: isGrouped ? 16 : lanes)
        guard isGrouped else { continue }
        vectors.gatherLanes(
          pixels: end - first, channels: 16, source: line, sourceStride: 16, spreads: lanes == 32, output: inside,
          outputStride: lanes)
        continue
      }
      let pixels = image + (y * columns.extent + first) * sourceChannels + channel
      if isGrouped {
        vectors.gatherLanes(
          pixels: end - first, channels: channels, source: pixels, sourceStride: sourceChannels, spreads: lanes == 32,
          output: inside, outputStride: lanes)
      } else if blocks == 1 {
        inside.update(from: pixels, count: (end - first) * sourceChannels)
      } else if lanes % 16 == 0 {
        for lane in stride(from: 0, to: lanes, by: 16) {
          vectors.gatherLanes(
            pixels: end - first, channels: 16, source: pixels + lane, sourceStride: sourceChannels, spreads: false,
            output: inside + lane, outputStride: lanes)
        }
      } else {
        for column in 0..<end - first {
          (inside + column * lanes).update(from: pixels + column * sourceChannels, count: lanes)
        }
      }
    }
  }

  /// Writes pixels of one image to the output.
  private func finish(
    _ products: UnsafePointer<Float>, image: Int, start: Int, count: Int, _ planes: UnsafeMutablePointer<Float>,
    _ epilogue: Epilogue
  ) {
    if epilogue.layout == .channelsLast {
      epilogue.apply(image: image, start: start, count: count, fromPixels: products)
      return
    }
    vectors.transpose(
      rows: count, columns: outputChannels, source: products, sourceStride: outputChannels, output: planes,
      outputStride: planeStride)
    for channel in 0..<outputChannels {
      epilogue.apply(image: image, channel: channel, start: start, count: count, from: planes + channel * planeStride)
    }
  }
}

extension WindowAxis {
  /// The taps of a phase that meet the source at all: what only ever meets padding, as most of a window does on a map of one pixel,
  /// adds nothing.
  func usedTaps(_ phase: Phase) -> [(index: Int, element: Int)] {
    phase.taps.filter { tap in
      // The first output for which it does not lie before the source.
      let first = tap.element < 0 ? (sourceStep - 1 - tap.element) / sourceStep : 0
      return first < phase.count && tap.element + first * sourceStep < extent
    }
  }

  /// The elements of the source, and of its padding, that these taps read for the first `count` outputs of every phase; nil: for all.
  func usedElements(of count: Int? = nil) -> Range<Int> {
    let read = phases.flatMap { phase -> [Int] in
      let last = (min(phase.count, count ?? phase.count) - 1) * sourceStep
      return last < 0 ? [] : usedTaps(phase).flatMap { [$0.element, $0.element + last] }
    }
    return (read.min() ?? 0)..<(read.max() ?? -1) + 1
  }

  var usedElements: Range<Int> { usedElements() }
}
