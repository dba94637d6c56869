import Graph
import Kernels
import Tensor

/// The weight gradient of a 3x3 convolution of stride 1 or 2 by the adjoint of `WinogradForm`: with V the transformed inputs of a
/// tile, `B^T d B`, and W what its gradients are to the products, `A y A^T`, it is `G^T (sum over tiles of V W) G`, which for each of
/// the 36 filter elements is one matrix product, channels times tiles times channels.
///
/// Tiles go by chunks, whose V and W stay in the cache. Where the sums are small, groups of images have sums of their own, which
/// are added in their order; where they are large, all threads share one, and divide the elements among them. Neither depends on
/// the number of threads.
struct WinogradWeightGradient {
  private let form: WinogradForm
  private let image: TileRows
  private let gradient: TileRows
  /// Padding left of the image; negative where it is cut off.
  private let left: Int
  private let images: Int
  private let tileRows: Int
  private let tileColumns: Int
  /// G, `[6][3]`.
  private let coefficients: [Float]
  /// Of each filter element, those of the tiles that are multiplied and added.
  private let elements: [[Int]]
  private let vectors: VectorKernels

  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, C, 3, 3]`, output `[N, K, H', W']`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape,
    vectors: VectorKernels
  ) {
    form = geometry.strideHeight == 1 ? .unit : .strided
    self.vectors = vectors
    images = image[0]
    (tileRows, tileColumns) = ((output[2] + 3) / 4, (output[3] + 3) / 4)
    left = geometry.left
    self.image = TileRows(
      channels: image[1], height: image[2], width: image[3], top: geometry.top, step: form.inputStep,
      overlap: form.overlap, vectors: vectors)
    gradient = TileRows(
      channels: output[1], height: output[2], width: output[3], top: 0, step: 4, overlap: 0, vectors: vectors)
    coefficients = form.filterCoefficients.map { Float($0) }
    var elements = [[Int]](repeating: [], count: 36)
    for (element, filter) in form.products { elements[filter].append(element) }
    self.elements = elements
  }

  // MARK: Sizes

  private var rows: Int { images * tileRows }

  /// Rows of tiles of one chunk.
  private var chunkRows: Int {
    let tiles = max(image.lanes, gradient.lanes) <= 64 ? 64 : 128
    return max(1, min(rows, (form == .unit ? tiles : tiles / 2) / tileColumns))
  }

  private var chunkTiles: Int { chunkRows * tileColumns }

  // Off the powers of two, on which rows of a product, and elements, would meet in the same lines of the cache.
  private var inputStride: Int { image.lanes + 16 }
  private var gradientStride: Int { gradient.lanes + 16 }
  private var inputElement: Int { chunkTiles * inputStride + 16 }
  private var gradientElement: Int { chunkTiles * gradientStride + 16 }
  private var chunkCount: Int { form.elements * (inputElement + gradientElement) }

  /// Sums: `[36][channels][output channels]`.
  private var sumElement: Int { image.lanes * gradientStride }
  private var sumCount: Int { 36 * sumElement }

  /// Groups of images that have sums of their own.
  private var groupSize: Int {
    let groups = image.lanes * gradient.lanes > 1 << 14 ? 1 : 8
    return max(1, (images + groups - 1) / groups)
  }
  private var groups: Int { (images + groupSize - 1) / groupSize }

  private var temporaryCount: Int { VectorKernels.winogradTemporaryCount }
  private var stageCount: Int { max(image.memoryCount(rows: 1), gradient.memoryCount(rows: 1), 16 * 144) }

  var scratchCount: Int { temporaryCount + stageCount + (groups > 1 ? chunkCount : 0) }
  var sharedScratchCount: Int { groups * sumCount + (groups > 1 ? 0 : chunkCount) }

  /// Transforms read vectors of channels.
  var layoutSupport: LayoutSupport { LayoutSupport(source: image.channels == image.lanes ? 1 : 0, either: [1]) }

  // MARK: Images

  func evaluate(_ arguments: KernelArguments) {
    let sums = arguments.sharedScratch
    if groups > 1 {
      arguments.forEachBlock(of: images, blockSize: groupSize) { range, scratch in
        let chunk = scratch + temporaryCount + stageCount
        let own = sums + range.lowerBound / groupSize * sumCount
        forEachChunk(of: range) { part, isFirst in
          for row in part { transform(row, at: row - part.lowerBound, of: chunk, arguments, scratch) }
          for filter in 0..<36 { multiply(filter, tiles: part.count * tileColumns, chunk, into: own, adds: !isFirst) }
        }
      }
    } else {
      let chunk = sums + sumCount
      let rowWork = tileColumns * form.elements * (image.lanes + gradient.lanes)
      forEachChunk(of: 0..<images) { part, isFirst in
        arguments.forEachBlock(of: part.count, blockSize: KernelArguments.blockSize(work: rowWork)) { block, scratch in
          for row in block { transform(part.lowerBound + row, at: row, of: chunk, arguments, scratch) }
        }
        arguments.forEachBlock(of: 36, blockSize: 1) { filters, _ in
          for filter in filters {
            multiply(filter, tiles: part.count * tileColumns, chunk, into: sums, adds: !isFirst)
          }
        }
      }
    }
    let blockSize = KernelArguments.blockSize(work: image.channels * 36 * (groups + 4))
    arguments.forEachBlock(of: gradient.lanes / 16, blockSize: blockSize) { panels, scratch in
      for panel in panels { finish(panel, sums, into: arguments.output, scratch) }
    }
  }

  @inline(__always)
  private func forEachChunk(of range: Range<Int>, _ body: (_ rows: Range<Int>, _ isFirst: Bool) -> Void) {
    let (first, last) = (range.lowerBound * tileRows, range.upperBound * tileRows)
    for row in stride(from: first, to: last, by: chunkRows) {
      body(row..<min(last, row + chunkRows), row == first)
    }
  }

  /// Brings a row of tiles, counted over all images, to its place in a chunk.
  private func transform(
    _ row: Int, at place: Int, of chunk: UnsafeMutablePointer<Float>, _ arguments: KernelArguments,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let (number, tileRow) = row.quotientAndRemainder(dividingBy: tileRows)
    let stage = scratch + temporaryCount
    image.forEach(
      tileRow..<tileRow + 1, of: arguments.inputs[0] + number * image.count, arguments.layouts.source, stage
    ) { _, rows in
      vectors.winogradInput(
        form, tiles: tileColumns, channels: image.lanes, rows: rows, firstColumn: -left, columns: image.width,
        output: chunk + place * tileColumns * inputStride, tileStride: inputStride, elementStride: inputElement,
        temporary: scratch)
    }
    gradient.forEach(
      tileRow..<tileRow + 1, of: arguments.inputs[1] + number * gradient.count,
      arguments.layouts.layout(ofInput: 1), stage
    ) { _, rows in
      vectors.winogradGradient(
        form, tiles: tileColumns, channels: gradient.lanes, rows: rows, columns: gradient.width,
        output: chunk + form.elements * inputElement + place * tileColumns * gradientStride,
        tileStride: gradientStride, elementStride: gradientElement, temporary: scratch)
    }
  }

  private func multiply(
    _ filter: Int, tiles: Int, _ chunk: UnsafeMutablePointer<Float>, into sums: UnsafeMutablePointer<Float>, adds: Bool
  ) {
    let gradients = chunk + form.elements * inputElement
    for (number, element) in elements[filter].enumerated() {
      vectors.transposedProduct(
        rows: image.lanes, inner: tiles, columns: gradient.lanes, left: chunk + element * inputElement,
        leftStride: inputStride, right: gradients + element * gradientElement, rightStride: gradientStride,
        output: sums + filter * sumElement, outputStride: gradientStride, adds: adds || number > 0)
    }
  }

  /// Writes the weights of 16 output channels.
  private func finish(
    _ panel: Int, _ sums: UnsafePointer<Float>, into weights: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let lines = scratch + temporaryCount
    let filterCount = image.channels * 9
    for channel in stride(from: 0, to: image.channels, by: 16) {
      let count = min(16, image.channels - channel)
      vectors.winogradWeights(
        channels: count, copies: groups, copyStride: sumCount, sums: sums + channel * gradientStride + 16 * panel,
        channelStride: gradientStride, elementStride: sumElement, coefficients: coefficients, output: lines,
        temporary: scratch)
      vectors.transpose(
        rows: count * 9, columns: min(16, gradient.channels - 16 * panel), source: lines, sourceStride: 16,
        output: weights + 16 * panel * filterCount + channel * 9, outputStride: filterCount)
    }
  }
}
