import Tensor

/// An operator on each row along the last axis by itself, which keeps the shape.
package protocol RowOperator: Operator {}

extension RowOperator {
  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].rank > 0 else { throw mismatch(inputs, "needs at least one axis") }
    return inputs[0]
  }
}
