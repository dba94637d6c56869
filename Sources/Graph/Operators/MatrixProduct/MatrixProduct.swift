import Tensor

/// The product of the last two axes: `[..., M, K]` with `[..., K, N]` of equal leading axes, or with one shared `[K, N]`.
///
/// Two matrices are multiplied row by row (`RowProduct` for short sums, else `PanelProduct`), because rows are images and an
/// image's numbers may not depend on how many others there are; with leading axes each matrix is one BLAS call of its own.
struct MatrixProduct: BilinearOperator {
  static let name = "matmul"

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    let (a, b) = (inputs[0], inputs[1])
    guard a.rank >= 2, b.rank >= 2, a[a.rank - 1] == b[b.rank - 2],
      b.rank == 2 || a.dimensions.dropLast(2) == b.dimensions.dropLast(2)
    else { throw mismatch(inputs, "expected [..., M, K] and [..., K, N] with the same leading axes, or [K, N]") }
    return Shape(a.dimensions.dropLast() + [b[b.rank - 1]])
  }

  /// Nil where sums are short, or there are leading axes.
  private func panels(_ inputs: [Shape]) -> PanelProduct? {
    let (a, b) = (inputs[0], inputs[1])
    guard a.rank == 2, b[0] > RowProduct.longestDoubleSum else { return nil }
    return PanelProduct(inner: b[0], columns: b[1])
  }

  func scratchCount(inputs: [Shape], output: Shape) -> Int { panels(inputs)?.scratchCount ?? 0 }

  func preparedCount(inputs: [Shape], output: Shape) -> Int { panels(inputs)?.preparedCount ?? 0 }

  func prepare(
    _ weights: UnsafePointer<Float>, inputs: [Shape], output: Shape, into prepared: UnsafeMutablePointer<Float>
  ) {
    panels(inputs)?.prepare(weights, into: prepared)
  }

  func evaluate(_ kernel: KernelArguments) {
    let (a, b) = (kernel.inputShapes[0], kernel.inputShapes[1])
    let m = a[a.rank - 2]
    let k = a[a.rank - 1]
    let n = b[b.rank - 1]
    let (left, right, output) = (kernel.inputs[0], kernel.inputs[1], kernel.output)
    if let panels = panels(kernel.inputShapes) {
      kernel.forEachBlock(of: m, blockSize: panels.blockRows) { rows, scratch in
        panels.multiply(
          rows: rows.count, left + rows.lowerBound * k, kernel.prepared, into: output + rows.lowerBound * n,
          scratch: scratch)
      }
      return
    }
    if a.rank == 2 {
      kernel.forEachBlock(of: m, blockSize: KernelArguments.blockSize(work: k * n / 2)) { rows, _ in
        RowProduct.multiply(
          rows: rows.count, inner: k, columns: n, left + rows.lowerBound * k, right, into: output + rows.lowerBound * n)
      }
      return
    }
    let matrices = a.dimensions.dropLast(2).reduce(1, *)
    kernel.forEachBlock(of: matrices, blockSize: KernelArguments.blockSize(work: m * k * n / 4)) { range, _ in
      for matrix in range {
        BLAS.multiply(
          m: m, n: n, k: k, left + matrix * m * k, right + (b.rank == 2 ? 0 : matrix * k * n),
          into: output + matrix * m * n)
      }
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let (a, b) = (inputs[0], inputs[1])
    let left = try graph.matmul(gradient, graph.swapLastAxes(b))
    let aShape = graph.shape(of: a)
    let bShape = graph.shape(of: b)
    guard bShape.rank == 2, aShape.rank > 2 else {
      return [left, try graph.matmul(graph.swapLastAxes(a), gradient)]
    }
    // One shared right operand: its derivative sums over all leading axes, as for one tall matrix.
    let rows = aShape.dimensions.dropLast().reduce(1, *)
    let tall = try graph.reshape(a, to: [rows, bShape[0]])
    let tallGradient = try graph.reshape(gradient, to: [rows, bShape[1]])
    return [left, try graph.matmul(graph.swapLastAxes(tall), tallGradient)]
  }
}
