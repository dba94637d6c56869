import Tensor

/// The product of the last two axes: `[..., M, K]` with `[..., K, N]` of equal leading axes, or with one shared `[K, N]`.
///
/// With one right matrix the product is made row by row (`RowProduct` for short sums of two matrices, else `PanelProduct`),
/// because rows are images, or parts of them, and an image's numbers may not depend on how many others there are. Otherwise
/// each pair of matrices is one BLAS call of its own.
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

  private func panels(_ inputs: [Shape]) -> PanelProduct? {
    let (a, b) = (inputs[0], inputs[1])
    guard b.rank == 2, a.rank > 2 || b[0] > RowProduct.longestDoubleSum else { return nil }
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
    let (m, k, n) = (a[a.rank - 2], a[a.rank - 1], b[b.rank - 1])
    let matrices = a.dimensions.dropLast(2).reduce(1, *)
    let (left, right, output) = (kernel.inputs[0], kernel.inputs[1], kernel.output)
    if let panels = panels(kernel.inputShapes) {
      let rows = matrices * m
      kernel.forEachBlock(of: rows, blockSize: panels.blockRows(of: rows, threads: kernel.threads)) { rows, scratch in
        panels.multiply(
          rows: rows.count, left + rows.lowerBound * k, kernel.prepared, into: output + rows.lowerBound * n,
          scratch: scratch)
      }
    } else if b.rank == 2 {
      kernel.forEachBlock(of: m, blockSize: KernelArguments.blockSize(work: k * n / 2)) { rows, _ in
        RowProduct.multiply(
          rows: rows.count, inner: k, columns: n, left + rows.lowerBound * k, right, into: output + rows.lowerBound * n)
      }
    } else {
      kernel.forEachBlock(of: matrices, blockSize: KernelArguments.blockSize(work: m * k * n / 4)) { range, _ in
        for matrix in range {
          BLAS.multiply(
            m: m, n: n, k: k, left + matrix * m * k, right + matrix * k * n, into: output + matrix * m * n)
        }
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
