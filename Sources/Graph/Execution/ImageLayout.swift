import Tensor

/// How a value of shape `[N, C, H, W]` lies in memory. Shapes are always written in that order.
enum ImageLayout: Sendable {
  /// Row-major: every channel is a plane.
  case planar
  /// As `[N, H, W, C]`: the channels of a pixel lie side by side, which is what matrix products over channels read and write.
  case channelsLast

  /// The axes of a shape in the order of memory, the outermost first.
  func axes(rank: Int) -> [Int] { self == .channelsLast ? [0, 2, 3, 1] : Array(0..<rank) }

  /// Floats from one element to the next along each axis.
  func strides(of shape: Shape) -> [Int] {
    let order = axes(rank: shape.rank)
    let ordered = Shape(order.map { shape[$0] }).strides
    var strides = ordered
    for (place, axis) in order.enumerated() { strides[axis] = ordered[place] }
    return strides
  }

  /// Where the plane `index` of N * C begins, and the floats from one of its positions to the next.
  @inline(__always)
  func plane(_ index: Int, of shape: Shape) -> (start: Int, step: Int) {
    let (channels, positions) = (shape[1], shape[2] * shape[3])
    if self == .planar { return (index * positions, 1) }
    let (image, channel) = index.quotientAndRemainder(dividingBy: channels)
    return (image * channels * positions + channel, channels)
  }
}

/// What an operator says of the layouts it can work in; for its first input and its output, and for all inputs that must lie
/// as the output does. Every other value that it reads is planar. Operators of other modules have what
/// `Operator.layoutSupport` gives without being implemented.
public struct LayoutSupport: Sendable {
  /// How many floats fewer are moved if the first input is channels last, less than 0 for more; nil where it must be planar.
  var source: Int?
  /// The same of the output.
  var output: Int?
  /// Inputs that lie as the output does.
  var likeOutput: [Int] = []
}
