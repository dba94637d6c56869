import Tensor

/// The window of a pooling operator over `[N, C, H, W]`.
package struct PoolingWindow: Sendable, Hashable {
  package var height: Int
  package var width: Int
  package var geometry: ConvolutionGeometry
  /// Lets a last, partly filled window count (PyTorch's `ceil_mode`).
  package var ceil: Bool

  package init(height: Int, width: Int, geometry: ConvolutionGeometry, ceil: Bool = false) {
    self.height = height
    self.width = width
    self.geometry = geometry
    self.ceil = ceil
  }

  /// Whether the windows are pairs of rows and columns that do not overlap.
  package var isPairs: Bool { height == 2 && width == 2 && geometry == ConvolutionGeometry(stride: 2) && !ceil }

  /// Nil where the window does not fit.
  package func output(_ input: Shape) -> Shape? {
    guard input.rank == 4, geometry.isValid, height >= 1, width >= 1, height < 1 << 20, width < 1 << 20,
      let rows = extent(
        input[2], height, geometry.strideHeight, geometry.top, geometry.bottom, geometry.dilationHeight),
      let columns = extent(
        input[3], width, geometry.strideWidth, geometry.left, geometry.right, geometry.dilationWidth)
    else { return nil }
    return Shape(checking: [input[0], input[1], rows, columns])
  }

  private func extent(_ input: Int, _ window: Int, _ stride: Int, _ low: Int, _ high: Int, _ dilation: Int) -> Int? {
    let reach = (window - 1) * dilation + 1
    let room = input + low + high - reach
    guard room >= 0 else { return nil }
    guard ceil else { return room / stride + 1 }
    var count = (room + stride - 1) / stride + 1
    // A window that would start in the high padding is dropped.
    if (count - 1) * stride >= input + low { count -= 1 }
    return count
  }
}
