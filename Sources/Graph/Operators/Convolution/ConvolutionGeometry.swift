import Tensor

/// Strides, padding, dilation and groups of a two-dimensional convolution or pooling window; each pair is
/// (vertical, horizontal).
package struct ConvolutionGeometry: Sendable, Hashable {
  package var strideHeight: Int
  package var strideWidth: Int
  package var top: Int
  package var left: Int
  package var bottom: Int
  package var right: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  package var groups: Int

  /// The symmetric case.
  package init(stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1) {
    self.init(
      stride: (stride, stride), padding: (padding, padding, padding, padding), dilation: (dilation, dilation),
      groups: groups)
  }

  package init(
    stride: (Int, Int), padding: (top: Int, left: Int, bottom: Int, right: Int), dilation: (Int, Int) = (1, 1),
    groups: Int = 1
  ) {
    strideHeight = stride.0
    strideWidth = stride.1
    top = padding.top
    left = padding.left
    bottom = padding.bottom
    right = padding.right
    dilationHeight = dilation.0
    dilationWidth = dilation.1
    self.groups = groups
  }

  /// Extents from a file may be anything; no arithmetic is done on them before this holds.
  package var isValid: Bool {
    let limit = 1 << 20
    return [strideHeight, strideWidth, dilationHeight, dilationWidth, groups].allSatisfy { $0 >= 1 && $0 <= limit }
      && [top, left, bottom, right].allSatisfy { $0 >= 0 && $0 <= limit }
  }

  package var isUnpadded: Bool { top == 0 && left == 0 && bottom == 0 && right == 0 }

  /// Extents of an image of so many rows and columns with its padding.
  package func padded(height: Int, width: Int) -> (height: Int, width: Int) {
    (height + top + bottom, width + left + right)
  }

  /// Output extent for an input and window extent, nil where the window does not fit once.
  package func output(height: Int, window: Int) -> Int? {
    Self.output(padded(height: height, width: 0).height, window, strideHeight, dilationHeight)
  }

  package func output(width: Int, window: Int) -> Int? {
    Self.output(padded(height: 0, width: width).width, window, strideWidth, dilationWidth)
  }

  private static func output(_ padded: Int, _ window: Int, _ stride: Int, _ dilation: Int) -> Int? {
    let reach = (window - 1) * dilation + 1
    return window >= 1 && padded >= reach ? (padded - reach) / stride + 1 : nil
  }
}
