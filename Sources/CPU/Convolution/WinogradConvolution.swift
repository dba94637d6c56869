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

  // What follows from these, once: it is asked for with every row of tiles.
  private let inputStep: Int
  private let outputStep: Int
  private let elements: Int
  private let products: [(element: Int, filter: Int)]
  private let tileRows: Int
  private let tileColumns: Int
  private let panels: Int
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
    (sourceChannels, height, width) = (from[1], from[2], from[3])
    (outputChannels, outputHeight, outputWidth) = (to[1], to[2], to[3])
    switch form {
    case .unit where isTranspose: (top, left) = (2 - geometry.top, 2 - geometry.left)
    case .spread: (top, left) = (0, 0)
    case .unit, .strided: (top, left) = (geometry.top, geometry.left)
    }
    (inputStep, outputStep, elements, products) = (form.inputStep, form.outputStep, form.elements, form.products)
    tileRows = (outputHeight + outputStep - 1) / outputStep
    tileColumns = (outputWidth + outputStep - 1) / outputStep
    panels = (outputChannels + 15) / 16
    sourceLanes = (sourceChannels + 15) / 16 * 16
    outputLanes = panels * 16
    blockRows = Self.blockRows(form, channels: max(sourceChannels, outputChannels), tileColumns: tileColumns)
    blockTiles = (blockRows * tileColumns + 5) / 6 * 6
    // Off the powers of two, on which all 36 elements would meet in the same lines of the cache.
    inputStride = blockTiles * sourceLanes + 16
    productStride = blockTiles * outputLanes + 16
    stageCount = max(
      (inputStep * min(blockRows, tileRows) + form.overlap) * width * sourceLanes,
      outputStep * outputWidth * (outputLanes + outputChannels))
  }

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

  // MARK: Sizes

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
    elements * (inputStride + productStride) + stageCount + width * sourceLanes
      + VectorKernels.winogradTemporaryCount
  }

  /// Transforms read vectors of channels.
  var layoutSupport: LayoutSupport { LayoutSupport(source: sourceChannels == sourceLanes ? 1 : nil, output: 1) }

  var work: Int {
    tileRows * tileColumns * elements * (sourceLanes * outputLanes + 16 * (sourceLanes + outputLanes))
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
    let memory = parts(of: scratch)
    memory.zeros.update(repeating: 0, count: width * sourceLanes)
    let lines = range.count * tileRows
    var line = 0
    while line < lines {
      let end = min(lines, line + blockRows)
      // Rows of tiles of one image after another.
      var next = line
      while next < end {
        let (image, row) = next.quotientAndRemainder(dividingBy: tileRows)
        let rows = min(end - next, tileRows - row)
        transform(
          source + (range.lowerBound + image) * sourceChannels * height * width, layout, tileRows: row..<row + rows,
          into: (next - line) * tileColumns * sourceLanes, memory)
        next += rows
      }
      let rows = ((end - line) * tileColumns + 5) / 6 * 6
      for (element, filter) in products {
        vectors.rowsTimesPanels(
          rows: rows, inner: sourceChannels, panels: panels, left: memory.inputs + element * inputStride,
          leftStride: sourceLanes, right: prepared + filter * panels * 16 * sourceChannels,
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
    /// Rows of pixels with channels last, of images that have them in planes.
    let stage: UnsafeMutablePointer<Float>
    /// A row of pixels above or below an image.
    let zeros: UnsafeMutablePointer<Float>
    /// For transforms.
    let temporary: UnsafeMutablePointer<Float>
  }

  private func parts(of scratch: UnsafeMutablePointer<Float>) -> Memory {
    let products = scratch + elements * inputStride
    let stage = products + elements * productStride
    let zeros = stage + stageCount
    return Memory(
      inputs: scratch, products: products, stage: stage, zeros: zeros, temporary: zeros + width * sourceLanes)
  }

  /// Transforms some rows of tiles of one image, for inputs from `place` on.
  private func transform(
    _ image: UnsafePointer<Float>, _ layout: ImageLayout, tileRows: Range<Int>, into place: Int, _ memory: Memory
  ) {
    // Of what they read, the rows that the image has.
    let first = inputStep * tileRows.lowerBound - top
    let end = max(0, min(height, first + inputStep * tileRows.count + form.overlap))
    let read = min(max(0, first), end)..<end
    var (pixels, start) = (image, 0)
    if layout != .channelsLast {
      fillStage(memory.stage, image, rows: read)
      (pixels, start) = (UnsafePointer(memory.stage), read.lowerBound)
    }
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: form.inputSide) { rows in
      for (index, tileRow) in tileRows.enumerated() {
        for row in 0..<form.inputSide {
          let y = inputStep * tileRow + row - top
          let pointer = read.contains(y) ? pixels + (y - start) * width * sourceLanes : UnsafePointer(memory.zeros)
          rows.initializeElement(at: row, to: pointer)
        }
        vectors.winogradInput(
          form, tiles: tileColumns, channels: sourceLanes, rows: rows.baseAddress!, firstColumn: -left, columns: width,
          output: memory.inputs + place + index * tileColumns * sourceLanes, elementStride: inputStride,
          temporary: memory.temporary)
      }
    }
  }

  /// Brings rows of an image into channels-last order, `[rows][width][sourceLanes]`.
  private func fillStage(_ stage: UnsafeMutablePointer<Float>, _ image: UnsafePointer<Float>, rows: Range<Int>) {
    for (index, y) in rows.enumerated() {
      let line = stage + index * width * sourceLanes
      vectors.transpose(
        rows: sourceChannels, columns: width, source: image + y * width, sourceStride: height * width, output: line,
        outputStride: sourceLanes)
      guard sourceChannels < sourceLanes else { continue }
      for column in 0..<width {
        (line + column * sourceLanes + sourceChannels).update(repeating: 0, count: sourceLanes - sourceChannels)
      }
    }
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
