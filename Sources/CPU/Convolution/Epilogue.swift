import Graph
import Kernels
import Tensor

/// activation(value + bias + residual), applied to parts of a layer's output while they are still in registers or in the cache.
struct Epilogue {
  private let output: UnsafeMutablePointer<Float>
  private let channels: Int
  private let positions: Int
  let layout: ImageLayout
  private var bias: UnsafePointer<Float>?
  private var residual: UnsafePointer<Float>?
  private var reference: UnsafePointer<Float>?
  private var rectifies = false
  private var slope: Float = 0
  private var lower: Float = 0
  /// NaN: none.
  private var upper = Float.nan
  /// Applied to sums with bias and residual that have just been written: it has no room in registers beside them, and a loop of its own
  /// over a few thousand numbers in the cache takes less time than over those of a tile.
  private var function: ElementwiseFunction?
  private let vectors: VectorKernels

  /// - Parameters:
  ///   - layer: nil for a layer without an epilogue: the values are copied.
  ///   - columns: of a matrix product, whose rows are images of one position.
  init(
    _ layer: FusedLayer?, columns: Int? = nil, _ arguments: KernelArguments, vectors: VectorKernels = VectorKernels()
  ) {
    self.vectors = vectors
    output = arguments.output
    channels = columns ?? arguments.outputShape[1]
    positions = columns == nil ? arguments.outputShape.dimensions.dropFirst(2).reduce(1, *) : 1
    layout = arguments.layouts.output
    guard let layer else { return }
    var extras = arguments.inputs.dropFirst(2)
    if layer.bias { bias = extras.popFirst() }
    if layer.residual { residual = extras.popFirst() }
    switch layer.activation {
    case .none: break
    case .relu(let relu): (rectifies, slope) = (true, relu.slope)
    case .clip(let clip): (rectifies, lower, upper) = (true, clip.lower, clip.upper)
    case .silu: function = .silu
    case .gelu: function = .gelu
    case .gate(let gate):
      (reference, slope, lower, upper) = (extras.popFirst(), gate.slope, gate.lower, gate.upper ?? .nan)
    }
  }

  /// Whether it reads other values of the output's size. They come in order, and so from far away in time, only where rows are
  /// finished whole; a product ends in registers by parts of rows.
  var readsValues: Bool { residual != nil || reference != nil }

  /// Whether nothing changes where the values are already in the output.
  private var isIdentity: Bool { bias == nil && residual == nil && reference == nil && !rectifies && function == nil }

  /// Finishes `count` values of one channel of one image, from the position `start` on, and writes them to the output.
  @inline(__always)
  func apply(image: Int, channel: Int, start: Int, count: Int, from source: UnsafePointer<Float>) {
    let place = (image * channels + channel) * positions + start
    vectors.finish(
      count: count, source: source, values: output + place, bias: bias?[channel] ?? 0,
      residual: residual.map { $0 + place }, reference: reference.map { $0 + place }, rectifies: rectifies,
      slope: slope, lower: lower, upper: upper)
    activate(place, count)
  }

  @inline(__always)
  private func activate(_ place: Int, _ count: Int) {
    if let function { vectors.apply(function, count: count, source: output + place, output: output + place) }
  }

  /// Pixels, or parts of them, that are `stride` apart.
  @inline(__always)
  private func activate(_ place: Int, pixels: Int, count: Int, stride: Int) {
    if function == nil { return }
    if count == stride { return activate(place, pixels * count) }
    for pixel in 0..<pixels { activate(place + pixel * stride, count) }
  }

  /// Of an output with channels last: finishes `count` pixels of one image, from the position `start` on, whose channels lie
  /// side by side.
  /// - Parameters:
  ///   - part: the channels that the source has; nil: all.
  ///   - sourceStride: from one of its pixels to the next; nil: as many as it has channels.
  @inline(__always)
  func apply(
    image: Int, start: Int, count: Int, fromPixels source: UnsafePointer<Float>, channels part: Range<Int>? = nil,
    sourceStride: Int? = nil
  ) {
    let part = part ?? 0..<channels
    let place = (image * positions + start) * channels + part.lowerBound
    vectors.finishPixels(
      count: count, channels: part.count, sourceStride: sourceStride ?? part.count, stride: channels, source: source,
      values: output + place, bias: bias.map { $0 + part.lowerBound }, residual: residual.map { $0 + place },
      reference: reference.map { $0 + place }, rectifies: rectifies, slope: slope, lower: lower, upper: upper)
    activate(place, pixels: count, count: part.count, stride: channels)
  }

  /// Floats of memory of their own that finished products and finished pixels of depthwise convolutions want.
  static let tileCount = VectorKernels.finishedTileCount

  /// Of rows that are pixels with channels last, or those of a matrix: finished products of `left`, whose rows are read in
  /// sixes, with the panels, from the position `start` of an image on.
  @inline(__always)
  func multiply(
    image: Int, start: Int, rows: Int, inner: Int, _ left: UnsafePointer<Float>, leftStride: Int,
    panels: UnsafePointer<Float>, tile: UnsafeMutablePointer<Float>
  ) {
    let place = (image * positions + start) * channels
    vectors.finishedRowsTimesPanels(
      rows: rows, inner: inner, columns: channels, left: left, leftStride: leftStride, right: panels, tile: tile,
      values: output + place, stride: channels, bias: bias, residual: residual.map { $0 + place },
      reference: reference.map { $0 + place }, rectifies: rectifies, slope: slope, lower: lower, upper: upper)
    activate(place, rows * channels)
  }

  /// Of an output with channels last: pixels of a depthwise convolution, from the position `start` of an image on, `step` apart, finished
  /// but for what `finishPixels` does when all pixels of a row are there.
  @inline(__always)
  func depthwise(
    image: Int, start: Int, step: Int, pixels: Int, terms: Int, weights: UnsafePointer<Float>,
    weightOffsets: UnsafePointer<Int>, source: UnsafePointer<Float>, offsets: UnsafePointer<Int>, sourceStride: Int,
    tile: UnsafeMutablePointer<Float>
  ) {
    let place = (image * positions + start) * channels
    vectors.depthwisePixels(
      pixels: pixels, channels: channels, terms: terms, weights: weights, weightOffsets: weightOffsets, source: source,
      offsets: offsets, sourceStride: sourceStride, tile: tile, values: output + place, stride: step * channels,
      bias: bias, residual: residual.map { $0 + place }, reference: reference.map { $0 + place }, rectifies: rectifies,
      slope: slope, lower: lower, upper: upper)
  }

  /// Of an output with channels last: sums of windows, for some channels, finished but for what `finishPixels` does when all channels are
  /// there; places are counted from the position `start` of an image.
  @inline(__always)
  func window(
    _ sums: WindowSums, image: Int, start: Int, channels part: Range<Int>, pixels: Int, _ source: UnsafePointer<Float>,
    panels: UnsafePointer<Float>, tile: UnsafeMutablePointer<Float>
  ) {
    let place = (image * positions + start) * channels + part.lowerBound
    sums.multiply(
      pixels: pixels, columns: part.count, source, panels: panels, tile: tile, values: output + place, stride: channels,
      bias: bias.map { $0 + part.lowerBound }, residual: residual.map { $0 + place },
      reference: reference.map { $0 + place }, rectifies: rectifies, slope: slope, lower: lower, upper: upper, vectors)
  }

  @inline(__always)
  func finishPixels(image: Int, start: Int, count: Int) {
    activate((image * positions + start) * channels, count * channels)
  }

  /// Of an output with channels last: finished outputs of a row of Winograd's tiles, from the row `row` of an image on.
  @inline(__always)
  func winograd(
    _ form: WinogradForm, image: Int, row: Int, rows: Int, columns: Int, products: UnsafePointer<Float>,
    elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    let place = (image * positions + row * columns) * channels
    vectors.winogradOutput(
      form, rows: rows, columns: columns, channels: channels, products: products, elementStride: elementStride,
      temporary: temporary, values: output + place, rowStride: columns * channels, bias: bias,
      residual: residual.map { $0 + place }, reference: reference.map { $0 + place }, rectifies: rectifies,
      slope: slope, lower: lower, upper: upper)
    activate(place, rows * columns * channels)
  }

  /// Finishes an image that lies in the output.
  func apply(image: Int) {
    if isIdentity { return }
    let place = image * channels * positions
    let values = output + place
    if positions == 1 {
      // A row of a matrix: the channels are the contiguous axis.
      if let bias { for index in 0..<channels { values[index] += bias[index] } }
      vectors.finish(
        count: channels, source: values, values: values, bias: 0, residual: residual.map { $0 + place },
        reference: reference.map { $0 + place }, rectifies: rectifies, slope: slope, lower: lower, upper: upper)
      activate(place, channels)
      return
    }
    for channel in 0..<channels {
      apply(image: image, channel: channel, start: 0, count: positions, from: values + channel * positions)
    }
  }
}
