/// Exponential linear units: `scale` x above 0, `scale` alpha (e to the (rate x) - 1) from 0 down.
///
/// ELU (Clevert et al. 2016) has scale and rate 1; SELU (Klambauer et al. 2017) a scale; CELU (Barron 2017) has rate 1 / alpha.
package struct ELU: ElementwiseOperator {
  package static let name = "elu"

  package let alpha: Float
  package var scale: Float = 1
  package var rate: Float = 1

  package var expression: ScalarExpression {
    .select(
      .greater(.x, 0), .constant(scale) * .x,
      .constant(scale * alpha) * .unary(.exponentialMinusOne, .constant(rate) * .x))
  }

  package func derivative(
    _ graph: inout Graph, input x: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    // The exponential of min(x, 0), so that a large x does not make it infinite before it is selected away.
    let below = try graph.subtract(x, graph.relu(x))
    let slope = try graph.multiply(
      graph.constant(scale * alpha * rate), graph.exp(graph.multiply(graph.constant(rate), below)))
    let isAbove = try graph.apply(Greater(), [x, graph.constant(0)])
    return try graph.select(isAbove, graph.constant(scale), slope)
  }
}
