import Graph
import Kernels
import Tensor

/// A 3x3 convolution of stride 1 or 2, or its transpose, by `WinogradForm`.
///
/// Rows of tiles are collected over images, so that small maps fill the matrix products; each tile is computed by itself, and
/// so each image.
struct WinogradConvolution: PreparedConvolution {
  private let form: WinogradForm
  private let sourceChannels: Int
  private let outputChannels: Int
  private let height: Int
  private let width: Int
  private let outputHeight: Int
  private let outputWidth: Int
  /// Padding above and left of the image; negative where it is cut off.
  private let top: Int
  private let left: Int
  private let isTranspose: Bool
  private let vectors: VectorKernels

  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, C, 3, 3]`, output `[N, K, H', W']`. A transpose of
  ///   stride 2 needs padding of 1 above and left.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, isTranspose: Bool,
    vectors: VectorKernels
  ) {
    self.isTranspose = isTranspose
    self.vectors = vectors
    form = geometry.strideHeight == 1 ? .unit : isTranspose ? .spread : .strided
    let (from, to) = isTranspose ? (output, image) : (image, output)
    (sourceChannels, height, width) = (from[1], from[2], from[3])
    (outputChannels, outputHeight, outputWidth) = (to[1], to[2], to[3])
    switch form {
    case .unit where isTranspose: (top, left) = (2 - geometry.top, 2 - geometry.left)
    case .spread: (top, left) = (0, 0)
    case .unit, .strided: (top, left) = (geometry.top, geometry.left)
    }
  }

  // MARK: Sizes

  private var tileRows: Int { (outputHeight + form.outputStep - 1) / form.outputStep }
  private var tileColumns: Int { (outputWidth + form.outputStep - 1) / form.outputStep }
  private var panels: Int { (outputChannels + 15) / 16 }
  /// Channels in whole vectors.
  private var sourceLanes: Int { (sourceChannels + 15) / 16 * 16 }
  private var outputLanes: Int { panels * 16 }

  /// Rows of tiles in one block of matrix products, so that their number of tiles is a multiple of 6 where possible. Larger
  /// where the weights do not stay in the cache.
  private var blockRows: Int {
    let channels = max(sourceChannels, outputChannels)
    let target =
      switch form {
      case .unit: channels <= 128 ? 24 : channels <= 256 ? 120 : 66
      case .strided, .spread: channels <= 128 ? 12 : channels <= 256 ? 24 : 66
      }
    let least = (target + tileColumns - 1) / tileColumns
    return (least..<least + 6).first { $0 * tileColumns % 6 == 0 } ?? least
  }

  /// Images that fill blocks, so that as few tiles as possible are computed for nothing.
  var imagesPerBlock: Int {
    let least = max(1, blockRows / max(1, tileRows))
    func padding(_ images: Int) -> Double {
      let (blocks, rest) = (images * tileRows).quotientAndRemainder(dividingBy: blockRows)
      let tiles = blocks * blockTiles + (rest * tileColumns + 5) / 6 * 6
      return Double(tiles) / Double(images)
    }
    return (least..<least + 6).min { padding($0) < padding($1) } ?? least
  }

  private var blockTiles: Int { (blockRows * tileColumns + 5) / 6 * 6 }
  // Off the powers of two, on which all 36 elements would meet in the same lines of the cache.
  private var inputStride: Int { blockTiles * sourceLanes + 16 }
  private var productStride: Int { blockTiles * outputLanes + 16 }
  /// Pixels that a row of tiles reads.
  private var stageWidth: Int { form.inputStep * tileColumns + form.overlap }
  /// Rows of tiles of one image that are brought into channels-last order together.
  private var stageRows: Int { min(blockRows, tileRows) }
  private var stageCount: Int {
    max(
      (form.inputStep * stageRows + form.overlap) * stageWidth * sourceLanes,
      form.outputStep * form.outputStep * tileColumns * (outputLanes + outputChannels))
  }

  var scratchCount: Int { form.elements * (inputStride + productStride) + stageCount + form.elements * 16 }

  /// Transforms read vectors of channels.
  var layoutSupport: LayoutSupport { LayoutSupport(source: sourceChannels == sourceLanes ? 1 : nil, output: 1) }

  var work: Int {
    tileRows * tileColumns * form.elements * (sourceLanes * outputLanes + 16 * (sourceLanes + outputLanes))
  }

  // MARK: Weights

  var preparedCount: Int { 36 * panels * 16 * sourceChannels }

  /// `G g G^T` of every filter g, from `[K, C, 3, 3]` to `[36][panels][source channels][16]`, in double precision. In training
  /// it is done in every step: the 16 filters of a panel at a time, so that whole lines of the cache are written.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    typealias Lanes = SIMD16<Double>
    let elementStride = panels * 16 * sourceChannels
    let columns = form.filterColumns
    let coefficients = (0..<6).map { (columns.0[$0], columns.1[$0], columns.2[$0]) }
    // Nine taps, then g G^T: three rows of six.
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 9 + 18) { lanes in
      lanes.initialize(repeating: .zero)
      for panel in 0..<panels {
        let outputs = min(16, outputChannels - 16 * panel)
        // The last panel may have lanes of an earlier one's filters left.
        for tap in 0..<9 { lanes[tap] = .zero }
        for source in 0..<sourceChannels {
          for lane in 0..<outputs {
            let output = 16 * panel + lane
            let filter =
              weights + (isTranspose ? source * outputChannels + output : output * sourceChannels + source) * 9
            // The transpose flips the taps.
            for tap in 0..<9 { lanes[isTranspose ? 8 - tap : tap][lane] = Double(filter[tap]) }
          }
          for row in 0..<3 {
            for (j, factors) in coefficients.enumerated() {
              lanes[9 + 6 * row + j] =
                factors.0 * lanes[3 * row] + factors.1 * lanes[3 * row + 1] + factors.2 * lanes[3 * row + 2]
            }
          }
          let target = UnsafeMutableRawPointer(prepared + (panel * sourceChannels + source) * 16)
          for (i, factors) in coefficients.enumerated() {
            for j in 0..<6 {
              let line = factors.0 * lanes[9 + j] + factors.1 * lanes[15 + j] + factors.2 * lanes[21 + j]
              target.storeBytes(
                of: SIMD16<Float>(line), toByteOffset: (i * 6 + j) * elementStride * MemoryLayout<Float>.stride,
                as: SIMD16<Float>.self)
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
    let inputs = scratch
    let products = inputs + form.elements * inputStride
    let stage = products + form.elements * productStride
    let temporary = stage + stageCount
    let lines = range.count * tileRows
    var line = 0
    while line < lines {
      let end = min(lines, line + blockRows)
      // Rows of tiles of one image after another.
      var next = line
      while next < end {
        let (image, row) = next.quotientAndRemainder(dividingBy: tileRows)
        let rows = min(end - next, tileRows - row)
        fillStage(
          stage, source + (range.lowerBound + image) * sourceChannels * height * width, layout, tileRow: row, rows: rows
        )
        for index in 0..<rows {
          transform(
            stage + form.inputStep * index * stageWidth * sourceLanes,
            into: inputs + (next - line + index) * tileColumns * sourceLanes, temporary)
        }
        next += rows
      }
      let rows = ((end - line) * tileColumns + 5) / 6 * 6
      for (element, filter) in form.products {
        vectors.rowsTimesPanels(
          rows: rows, inner: sourceChannels, panels: panels, left: inputs + element * inputStride,
          leftStride: sourceLanes, right: prepared + filter * panels * 16 * sourceChannels,
          output: products + element * productStride, outputStride: outputLanes)
      }
      for index in line..<end {
        let (image, row) = index.quotientAndRemainder(dividingBy: tileRows)
        finish(
          products + (index - line) * tileColumns * outputLanes, image: range.lowerBound + image, tileRow: row, stage,
          temporary, epilogue)
      }
      line = end
    }
  }

  private func transform(
    _ source: UnsafePointer<Float>, into inputs: UnsafeMutablePointer<Float>,
    _ temporary: UnsafeMutablePointer<Float>
  ) {
    let rowStride = stageWidth * sourceLanes
    switch form {
    case .unit:
      vectors.winogradInput(
        tiles: tileColumns, channels: sourceLanes, source: source, rowStride: rowStride, output: inputs,
        elementStride: inputStride, temporary: temporary)
    case .strided:
      vectors.winogradStridedInput(
        tiles: tileColumns, channels: sourceLanes, source: source, rowStride: rowStride, output: inputs,
        elementStride: inputStride, temporary: temporary)
    case .spread:
      vectors.winogradSpreadInput(
        tiles: tileColumns, channels: sourceLanes, source: source, rowStride: rowStride, output: inputs,
        elementStride: inputStride, temporary: temporary)
    }
  }

  private func transformBack(
    _ products: UnsafePointer<Float>, into pixels: UnsafeMutablePointer<Float>,
    _ temporary: UnsafeMutablePointer<Float>
  ) {
    let rowStride = form.outputStep * tileColumns * outputLanes
    switch form {
    case .unit:
      vectors.winogradOutput(
        tiles: tileColumns, channels: outputLanes, products: products, elementStride: productStride, output: pixels,
        rowStride: rowStride, temporary: temporary)
    case .strided:
      vectors.winogradStridedOutput(
        tiles: tileColumns, channels: outputLanes, products: products, elementStride: productStride, output: pixels,
        rowStride: rowStride, temporary: temporary)
    case .spread:
      vectors.winogradSpreadOutput(
        tiles: tileColumns, channels: outputLanes, products: products, elementStride: productStride, output: pixels,
        rowStride: rowStride, temporary: temporary)
    }
  }

  /// Brings what `rows` rows of tiles read into channels-last order, `[pixel rows][stageWidth][sourceLanes]`.
  private func fillStage(
    _ stage: UnsafeMutablePointer<Float>, _ image: UnsafePointer<Float>, _ layout: ImageLayout, tileRow: Int, rows: Int
  ) {
    let lineCount = stageWidth * sourceLanes
    let firstColumn = min(stageWidth, max(0, left))
    let lastColumn = max(firstColumn, min(stageWidth, left + width))
    for index in 0..<form.inputStep * rows + form.overlap {
      let y = form.inputStep * tileRow + index - top
      let line = stage + index * lineCount
      guard y >= 0, y < height else {
        line.update(repeating: 0, count: lineCount)
        continue
      }
      line.update(repeating: 0, count: firstColumn * sourceLanes)
      (line + lastColumn * sourceLanes).update(repeating: 0, count: (stageWidth - lastColumn) * sourceLanes)
      if layout == .channelsLast {
        (line + firstColumn * sourceLanes).update(
          from: image + (y * width + firstColumn - left) * sourceLanes, count: (lastColumn - firstColumn) * sourceLanes)
        continue
      }
      vectors.transpose(
        rows: sourceChannels, columns: lastColumn - firstColumn, source: image + y * width + firstColumn - left,
        sourceStride: height * width, output: line + firstColumn * sourceLanes, outputStride: sourceLanes)
      if sourceChannels < sourceLanes {
        for column in firstColumn..<lastColumn {
          (line + column * sourceLanes + sourceChannels).update(repeating: 0, count: sourceLanes - sourceChannels)
        }
      }
    }
  }

  /// Writes one row of tiles to the output.
  private func finish(
    _ products: UnsafePointer<Float>, image: Int, tileRow: Int, _ stage: UnsafeMutablePointer<Float>,
    _ temporary: UnsafeMutablePointer<Float>, _ epilogue: Epilogue
  ) {
    let step = form.outputStep
    let columns = step * tileColumns
    let pixels = step * columns
    let planes = stage + pixels * outputLanes
    let rows = min(step, outputHeight - step * tileRow)
    transformBack(products, into: stage, temporary)
    if epilogue.layout == .channelsLast {
      for row in 0..<rows {
        epilogue.apply(
          image: image, start: (step * tileRow + row) * outputWidth, count: outputWidth,
          fromPixels: stage + row * columns * outputLanes, sourceStride: outputLanes)
      }
      return
    }
    vectors.transpose(
      rows: pixels, columns: outputChannels, source: stage, sourceStride: outputLanes, output: planes,
      outputStride: pixels)
    for channel in 0..<outputChannels {
      let plane = planes + channel * pixels
      let start = step * tileRow * outputWidth
      if columns == outputWidth {
        epilogue.apply(image: image, channel: channel, start: start, count: rows * outputWidth, from: plane)
      } else {
        for row in 0..<rows {
          epilogue.apply(
            image: image, channel: channel, start: start + row * outputWidth, count: outputWidth,
            from: plane + row * columns)
        }
      }
    }
  }
}
