import Tensor

/// The same elements in another shape.
package struct Reshape: LinearOperator {
  package static let name = "reshape"

  package let shape: Shape

  package var isView: Bool { true }

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].count == shape.count else {
      throw mismatch(inputs, "\(inputs[0].count) elements do not fill \(shape)")
    }
    return shape
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.reshape(gradient, to: graph.shape(of: inputs[0]))]
  }
}
