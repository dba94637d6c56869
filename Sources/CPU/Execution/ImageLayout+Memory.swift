import Graph
import Tensor

/// How the operands of a kernel lie.
struct OperandLayouts: Sendable {
  /// None where all are planar.
  var inputs: [ImageLayout] = []
  var output = ImageLayout.planar

  /// Of the first input.
  var source: ImageLayout { layout(ofInput: 0) }

  func layout(ofInput number: Int) -> ImageLayout { inputs.isEmpty ? .planar : inputs[number] }
}

extension ImageLayout {
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
