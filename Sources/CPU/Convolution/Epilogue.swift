import Graph
import Kernels
import Tensor

/// activation(value + bias + residual), applied to parts of a layer's output while they are still in the cache.
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
  private let vectors = VectorKernels()

  /// Of a layer without one: the values are copied.
  init(_ arguments: KernelArguments) {
    output = arguments.output
    channels = arguments.outputShape[1]
    positions = arguments.outputShape.dimensions.dropFirst(2).reduce(1, *)
    layout = arguments.layouts.output
  }

  init(_ layer: FusedLayer, _ arguments: KernelArguments) {
    self.init(arguments)
    var extras = arguments.inputs.dropFirst(2)
    if layer.bias { bias = extras.popFirst() }
    if layer.residual { residual = extras.popFirst() }
    switch layer.activation {
    case .none: break
    case .relu(let relu): (rectifies, slope) = (true, relu.slope)
    case .clip(let clip): (rectifies, lower, upper) = (true, clip.lower, clip.upper)
    case .gate(let gate):
      (reference, slope, lower, upper) = (extras.popFirst(), gate.slope, gate.lower, gate.upper ?? .nan)
    }
  }

  /// Whether nothing changes where the values are already in the output.
  private var isIdentity: Bool { bias == nil && residual == nil && reference == nil && !rectifies }

  /// Finishes `count` values of one channel of one image, from the position `start` on, and writes them to the output.
  @inline(__always)
  func apply(image: Int, channel: Int, start: Int, count: Int, from source: UnsafePointer<Float>) {
    let place = (image * channels + channel) * positions + start
    vectors.finish(
      count: count, source: source, values: output + place, bias: bias?[channel] ?? 0,
      residual: residual.map { $0 + place }, reference: reference.map { $0 + place }, rectifies: rectifies,
      slope: slope, lower: lower, upper: upper)
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
      return
    }
    for channel in 0..<channels {
      apply(image: image, channel: channel, start: 0, count: positions, from: values + channel * positions)
    }
  }
}
