import Graph
import Kernels
import Tensor

/// A 3x3 convolution of stride 1 or 2, or its transpose, by `WinogradForm`.
///
/// Rows of tiles are collected over images, so that small maps fill the matrix products; each tile is computed by itself, and
/// so each image.
struct WinogradConvolution: PreparedConvolution {
  private let form: WinogradForm
  private let source: TileRows
  private let outputChannels: Int
  private let outputHeight: Int
  private let outputWidth: Int
  /// Padding left of the image; negative where it is cut off.
  private let left: Int
  private let isTranspose: Bool
  private let vectors: VectorKernels

  // What follows from these, once: it is asked for with every row of tiles.
  private let outputStep: Int
  private let elements: Int
  private let products: [(element: Int, filter: Int)]
  private let tileRows: Int
  private let tileColumns: Int
  private let panels: Int
  private let sourceChannels: Int
  /// Channels in whole vectors.
  private let sourceLanes: Int
  private let outputLanes: Int
  private let blockRows: Int
  private let blockTiles: Int
  private let inputStride: Int
  private let productStride: Int
  private let stageCount: Int

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
    let top: Int
    switch form {
    case .unit where isTranspose: (top, left) = (2 - geometry.top, 2 - geometry.left)
    case .spread: (top, left) = (0, 0)
    case .unit, .strided: (top, left) = (geometry.top, geometry.left)
    }
    source = TileRows(
      channels: from[1], height: from[2], width: from[3], top: top, step: form.inputStep, overlap: form.overlap,
      vectors: vectors)
    sourceChannels = source.channels
    (outputStep, elements, products) = (form.outputStep, form.elements, form.products)
    tileRows = (outputHeight + outputStep - 1) / outputStep
    tileColumns = (outputWidth + outputStep - 1) / outputStep
    panels = (outputChannels + 15) / 16
    sourceLanes = source.lanes
    outputLanes = panels * 16
    blockRows = Self.blockRows(form, channels: max(sourceChannels, outputChannels), tileColumns: tileColumns)
    blockTiles = (blockRows * tileColumns + 5) / 6 * 6
    // Off the powers of two, on which all 36 elements would meet in the same lines of the cache.
    inputStride = blockTiles * sourceLanes + 16
    productStride = blockTiles * outputLanes + 16
    stageCount = max(
      source.memoryCount(rows: min(blockRows, tileRows)),
      outputStep * outputWidth * (outputLanes + outputChannels))
  }

  // MARK: Sizes

  /// Rows of tiles in one block of matrix products, so that their number of tiles is a multiple of 6 where possible. Larger
  /// where the weights do not stay in the cache.
  private static func blockRows(_ form: WinogradForm, channels: Int, tileColumns: Int) -> Int {
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

  var scratchCount: Int {
    elements * (inputStride + productStride) + stageCount + VectorKernels.winogradTemporaryCount
  }

  /// Transforms read vectors of channels.
  var layoutSupport: LayoutSupport { LayoutSupport(source: sourceChannels == sourceLanes ? 1 : nil, output: 1) }

  var work: Int {
    tileRows * tileColumns * elements * (sourceLanes * outputLanes + 16 * (sourceLanes + outputLanes))
  }

  // MARK: Weights

  var preparedCount: Int { 36 * filterStride }

  /// From one element of the transformed filters to the next: as of inputs, off the powers of two. On them the transform, which writes all
  /// 36 of a filter, took four times as long.
  private var filterStride: Int { outputLanes * sourceChannels + 16 }

  /// 6 ns a filter, with 136 multiply-adds in a nanosecond (AVX-512).
  var preparationWork: Int { 800 * sourceChannels * outputLanes }

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
              output: prepared + (panel * sourceChannels + first) * 16, elementStride: filterStride,
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
    _ range: Range<Int>, _ images: UnsafePointer<Float>, _ layout: ImageLayout, prepared: UnsafePointer<Float>,
    _ epilogue: Epilogue, scratch: UnsafeMutablePointer<Float>
  ) {
    let memory = parts(of: scratch)
    let lines = range.count * tileRows
    var line = 0
    while line < lines {
      let end = min(lines, line + blockRows)
      // Rows of tiles of one image after another.
      var next = line
      while next < end {
        let (image, row) = next.quotientAndRemainder(dividingBy: tileRows)
        let rows = min(end - next, tileRows - row)
        source.forEach(
          row..<row + rows, of: images + (range.lowerBound + image) * source.count, layout, memory.stage
        ) { index, rows in
          vectors.winogradInput(
            form, tiles: tileColumns, channels: sourceLanes, rows: rows, firstColumn: -left, columns: source.width,
            output: memory.inputs + (next - line + index) * tileColumns * sourceLanes, tileStride: sourceLanes,
            elementStride: inputStride, temporary: memory.temporary)
        }
        next += rows
      }
      let rows = ((end - line) * tileColumns + 5) / 6 * 6
      for (element, filter) in products {
        vectors.rowsTimesPanels(
          rows: rows, inner: sourceChannels, panels: panels, left: memory.inputs + element * inputStride,
          leftStride: sourceLanes, right: prepared + filter * filterStride,
          output: memory.products + element * productStride, outputStride: outputLanes)
      }
      for index in line..<end {
        let (image, row) = index.quotientAndRemainder(dividingBy: tileRows)
        finish(
          memory.products + (index - line) * tileColumns * outputLanes, image: range.lowerBound + image, tileRow: row,
          memory, epilogue)
      }
      line = end
    }
  }

  /// Parts of the scratch memory.
  private struct Memory {
    /// `[elements][tiles][sourceLanes]`.
    let inputs: UnsafeMutablePointer<Float>
    /// `[elements][tiles][outputLanes]`.
    let products: UnsafeMutablePointer<Float>
    /// Rows of pixels with channels last, of images and outputs that have them in planes.
    let stage: UnsafeMutablePointer<Float>
    /// For transforms.
    let temporary: UnsafeMutablePointer<Float>
  }

  private func parts(of scratch: UnsafeMutablePointer<Float>) -> Memory {
    let products = scratch + elements * inputStride
    let stage = products + elements * productStride
    return Memory(inputs: scratch, products: products, stage: stage, temporary: stage + stageCount)
  }

  /// Writes one row of tiles to the output.
  private func finish(
    _ products: UnsafePointer<Float>, image: Int, tileRow: Int, _ memory: Memory, _ epilogue: Epilogue
  ) {
    let first = outputStep * tileRow
    let rows = min(outputStep, outputHeight - first)
    if epilogue.layout == .channelsLast {
      epilogue.winograd(
        form, image: image, row: first, rows: rows, columns: outputWidth, products: products,
        elementStride: productStride, temporary: memory.temporary)
      return
    }
    let pixels = rows * outputWidth
    let planes = memory.stage + outputStep * outputWidth * outputLanes
    vectors.winogradOutput(
      form, rows: rows, columns: outputWidth, channels: outputLanes, products: products, elementStride: productStride,
      temporary: memory.temporary, values: memory.stage, rowStride: outputWidth * outputLanes)
    vectors.transpose(
      rows: pixels, columns: outputChannels, source: memory.stage, sourceStride: outputLanes, output: planes,
      outputStride: pixels)
    for channel in 0..<outputChannels {
      epilogue.apply(
        image: image, channel: channel, start: first * outputWidth, count: pixels, from: planes + channel * pixels)
    }
  }
}
