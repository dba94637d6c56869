import Graph

extension ConvolutionGeometry {
  /// The output columns, of `outputWidth`, whose windows have a column inside an image: those with
  /// 0 <= x * `strideWidth` + `offset` < `width`.
  /// - Parameter offset: of the window's column in the image for the output 0, padding taken off.
  func outputs(inside width: Int, offset: Int, outputWidth: Int) -> Range<Int> {
    let first = offset >= 0 ? 0 : (-offset + strideWidth - 1) / strideWidth
    let end = width <= offset ? 0 : min(outputWidth, (width - offset + strideWidth - 1) / strideWidth)
    let start = min(first, outputWidth)
    return start..<max(end, start)
  }
}
