import Tensor

/// The window of a pooling operator over `[N, C, H, W]`.
public struct PoolingWindow: Sendable, Hashable {
  public var height: Int
  public var width: Int
  public var geometry: ConvolutionGeometry
  /// Lets a last, partly filled window count (PyTorch's `ceil_mode`).
  public var ceil: Bool

  public init(height: Int, width: Int, geometry: ConvolutionGeometry, ceil: Bool = false) {
    self.height = height
    self.width = width
    self.geometry = geometry
    self.ceil = ceil
  }

  /// Nil where the window does not fit.
  func output(_ input: Shape) -> Shape? {
    guard input.rank == 4, geometry.isValid, height >= 1, width >= 1, height < 1 << 20, width < 1 << 20,
      let rows = extent(
        input[2], height, geometry.strideHeight, geometry.top, geometry.bottom, geometry.dilationHeight),
      let columns = extent(
        input[3], width, geometry.strideWidth, geometry.left, geometry.right, geometry.dilationWidth)
    else { return nil }
    return [input[0], input[1], rows, columns]
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

  /// Calls `body` with every output position of one plane and the input positions in its window.
  @inline(__always)
  func forEachWindow(
    _ input: Shape, _ output: Shape, _ body: (_ index: Int, _ window: WindowPositions) -> Void
  ) {
    for y in 0..<output[2] {
      for x in 0..<output[3] {
        body(
          y * output[3] + x,
          WindowPositions(
            top: y * geometry.strideHeight - geometry.top, left: x * geometry.strideWidth - geometry.left,
            window: self, height: input[2], width: input[3]))
      }
    }
  }
}

/// The positions of one window that lie inside the image.
struct WindowPositions {
  let top: Int
  let left: Int
  let window: PoolingWindow
  let height: Int
  let width: Int

  @inline(__always)
  func forEach(_ body: (_ offset: Int) -> Void) {
    for h in 0..<window.height {
      let row = top + h * window.geometry.dilationHeight
      guard row >= 0, row < height else { continue }
      for w in 0..<window.width {
        let column = left + w * window.geometry.dilationWidth
        guard column >= 0, column < width else { continue }
        body(row * width + column)
      }
    }
  }

  /// Positions inside the padded image: what an average that includes padding divides by.
  var paddedCount: Int {
    let geometry = window.geometry
    func count(_ start: Int, _ size: Int, _ dilation: Int, _ limit: Int) -> Int {
      (0..<size).count { start + $0 * dilation < limit }
    }
    return count(top, window.height, geometry.dilationHeight, height + geometry.bottom)
      * count(left, window.width, geometry.dilationWidth, width + geometry.right)
  }
}
