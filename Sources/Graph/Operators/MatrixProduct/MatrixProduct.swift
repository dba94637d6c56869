import Tensor

/// The product of the last two axes: `[..., M, K]` with `[..., K, N]` of equal leading axes, or with one shared `[K, N]`.
///
/// With one right matrix the product is made row by row (`RowProduct` for short sums of two matrices, else `PanelProduct`),
/// because rows are images, or parts of them, and an image's numbers may not depend on how many others there are. Otherwise
/// each pair of matrices is one BLAS call of its own.
package struct MatrixProduct: BilinearOperator {
  package static let name = "matmul"

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    let (a, b) = (inputs[0], inputs[1])
    guard a.rank >= 2, b.rank >= 2, a[a.rank - 1] == b[b.rank - 2],
      b.rank == 2 || a.dimensions.dropLast(2) == b.dimensions.dropLast(2)
    else { throw mismatch(inputs, "expected [..., M, K] and [..., K, N] with the same leading axes, or [K, N]") }
    return Shape(a.dimensions.dropLast() + [b[b.rank - 1]])
  }

  package func reverse(
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
