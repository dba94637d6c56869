import Graph
import Kernels
import Tensor

/// A 3x3 convolution of stride 1 or 2, or its transpose, by `WinogradForm`.
///
/// Rows of tiles are collected over images, so that small maps fill the matrix products; each tile is computed by itself, and
/// so each image.
struct WinogradConvolution: PreparedConvolution {
  private let form: WinogradForm
  private let staging: TileStage
  private let outputChannels: Int
  private let outputHeight: Int
  private let outputWidth: Int
  private let tileColumns: Int
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
    (outputChannels, outputHeight, outputWidth) = (to[1], to[2], to[3])
    tileColumns = (to[3] + form.outputStep - 1) / form.outputStep
    let (top, left) =
      switch form {
      case .unit where isTranspose: (2 - geometry.top, 2 - geometry.left)
      case .spread: (0, 0)
      case .unit, .strided: (geometry.top, geometry.left)
      }
    staging = TileStage(
      channels: from[1], height: from[2], width: from[3], top: top, left: left, step: form.inputStep,
      overlap: form.overlap, tileColumns: tileColumns, vectors: vectors)
  }

  // MARK: Sizes

  private var tileRows: Int { (outputHeight + form.outputStep - 1) / form.outputStep }
  private var panels: Int { (outputChannels + 15) / 16 }
  private var sourceChannels: Int { staging.channels }
  private var sourceLanes: Int { staging.lanes }
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
  /// Rows of tiles of one image that are brought into channels-last order together.
  private var stageRows: Int { min(blockRows, tileRows) }
  private var stageCount: Int {
    max(
      staging.count(rows: stageRows),
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
    let coefficients = form.filterCoefficients
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 18 * 16) { temporary in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * 144) { filters in
        guard let temporary = temporary.baseAddress, let filters = filters.baseAddress else { return }
        // The last panel may have lanes of an earlier one's filters left, or none.
        for panel in 0..<panels {
          if 16 * panel + 16 > outputChannels { filters.initialize(repeating: 0, count: 16 * 144) }
          for first in stride(from: 0, to: sourceChannels, by: 16) {
            let sources = first..<min(first + 16, sourceChannels)
            bringSideBySide(sources, panel, of: weights, into: filters)
            vectors.winogradFilters(
              channels: sources.count, filters: filters, flips: isTranspose, coefficients: coefficients,
              output: prepared + (panel * sourceChannels + first) * 16, elementStride: panels * 16 * sourceChannels,
              temporary: temporary)
          }
        }
      }
    }
  }

  /// Brings the filters of some source channels and a panel of 16 outputs into `[source channels][9][16]`.
  private func bringSideBySide(
    _ sources: Range<Int>, _ panel: Int, of weights: UnsafePointer<Float>, into filters: UnsafeMutablePointer<Float>
  ) {
    let first = 16 * panel
    let outputs = min(16, outputChannels - first)
    guard isTranspose else {
      vectors.transpose(
        rows: outputs, columns: sources.count * 9, source: weights + (first * sourceChannels + sources.lowerBound) * 9,
        sourceStride: sourceChannels * 9, output: filters, outputStride: 16)
      return
    }
    for (number, source) in sources.enumerated() {
      vectors.transpose(
        rows: outputs, columns: 9, source: weights + (source * outputChannels + first) * 9, sourceStride: 9,
        output: filters + number * 144, outputStride: 16)
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
        staging.fill(
          stage, source + (range.lowerBound + image) * staging.count, layout, tileRow: row, rows: rows)
        for index in 0..<rows {
          transform(
            stage + form.inputStep * index * staging.rowStride,
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
    let rowStride = staging.rowStride
    switch form {
    case .unit:
      vectors.winogradInput(
        tiles: tileColumns, channels: sourceLanes, source: source, rowStride: rowStride, output: inputs,
        tileStride: sourceLanes, elementStride: inputStride, temporary: temporary)
    case .strided:
      vectors.winogradStridedInput(
        tiles: tileColumns, channels: sourceLanes, source: source, rowStride: rowStride, output: inputs,
        tileStride: sourceLanes, elementStride: inputStride, temporary: temporary)
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
