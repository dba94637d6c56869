import Graph
import Tensor

/// Kernel, strides, dilations and padding that convolutions and poolings share, one number per spatial axis.
struct WindowAttributes {
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  var low: [Int]
  var high: [Int]
  let autoPad: String

  /// - Parameter kernel: where the weights tell it; else the attribute `kernel_shape` does.
  init(_ node: NodeContext, spatial: Int, kernel known: [Int]?) throws {
    guard (1...3).contains(spatial) else {
      throw node.failure("has \(spatial) spatial axes, expected 1 to 3")
    }
    let kernel = try known ?? node.ints("kernel_shape") ?? []
    let ones = [Int](repeating: 1, count: spatial)
    strides = try node.ints("strides") ?? ones
    dilations = try node.ints("dilations") ?? ones
    let pads = try node.ints("pads") ?? ones.flatMap { _ in [0, 0] }
    autoPad = try node.string("auto_pad", "NOTSET")
    let given = try node.ints("kernel_shape") ?? kernel
    guard kernel.count == spatial, given == kernel, strides.count == spatial, dilations.count == spatial,
      pads.count == 2 * spatial
    else {
      throw node.failure(
        "kernel \(given), strides \(strides), dilations \(dilations), pads \(pads) do not fit \(spatial) spatial axes"
          + (known.map { " and weights of \($0)" } ?? ""))
    }
    guard (kernel + strides + dilations).allSatisfy({ (1...1 << 20).contains($0) }),
      kernel.reduce(1, *) <= 1 << 20, pads.allSatisfy({ (0...1 << 20).contains($0) })
    else {
      throw node.failure(
        "kernel \(kernel), strides \(strides), dilations \(dilations) must be in 1...\(1 << 20), pads \(pads) not negative"
      )
    }
    guard ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(autoPad) else {
      throw node.failure("auto_pad `\(autoPad)` is unknown")
    }
    self.kernel = kernel
    low = Array(pads[..<spatial])
    high = Array(pads[spatial...])
  }

  /// Pixels that one window spans along an axis.
  func reach(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// Replaces `auto_pad` by the padding it stands for on images of these extents.
  func padded(for extents: [Int]) -> WindowAttributes {
    var result = self
    switch autoPad {
    case "VALID":
      result.low = kernel.map { _ in 0 }
      result.high = result.low
    case "SAME_UPPER", "SAME_LOWER":
      for axis in extents.indices {
        let windows = (extents[axis] + strides[axis] - 1) / strides[axis]
        let total = max(0, (windows - 1) * strides[axis] + reach(axis) - extents[axis])
        let (less, more) = (total / 2, total - total / 2)
        (result.low[axis], result.high[axis]) = autoPad == "SAME_UPPER" ? (less, more) : (more, less)
      }
    default: break
    }
    return result
  }

  /// Geometry over the two axes `axes`; nil stands for an axis of extent 1 that is not there.
  func geometry(_ axes: (Int?, Int?), groups: Int = 1) -> ConvolutionGeometry {
    func number(_ list: [Int], _ axis: Int?, _ absent: Int) -> Int { axis.map { list[$0] } ?? absent }
    return ConvolutionGeometry(
      stride: (number(strides, axes.0, 1), number(strides, axes.1, 1)),
      padding: (
        top: number(low, axes.0, 0), left: number(low, axes.1, 0), bottom: number(high, axes.0, 0),
        right: number(high, axes.1, 0)
      ),
      dilation: (number(dilations, axes.0, 1), number(dilations, axes.1, 1)), groups: groups)
  }
}
