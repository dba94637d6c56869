import Tensor

/// One kind of computation, as mathematics. Each conforming type stands in a file of its own that states its shape rule, its two
/// derivative rules and, where it works element by element, its formula (`ScalarOperator`). The rules are written as graph
/// operators, so derivatives of derivatives need nothing new. How it is computed is a backend's matter (`Backend`).
///
/// Attributes (strides, axes, ...) are stored properties; `Hashable` lets equal computations be shared.
package protocol Operator: Sendable, Hashable {
  /// Name in errors and listings, such as `"conv2d"`.
  static var name: String { get }

  /// Shape inference.
  func shape(of inputs: [Shape]) throws(GraphError) -> Shape

  /// True where output element i depends on element i of the inputs of the output's shape only, so that the output may
  /// overwrite such an input.
  var isElementwise: Bool { get }

  /// True where the output has the input's elements in the same order: it shares the input's memory.
  var isView: Bool { get }

  /// Reverse mode: given the derivative of a scalar with respect to this output, its derivatives with respect to each
  /// input; nil means zero.
  /// - Throws: `GraphError.notDifferentiable`.
  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?]

  /// Forward mode: given the tangents of the inputs (nil means zero, not all are), the tangent of the output.
  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value?
}

extension Operator {
  package var isElementwise: Bool { false }
  package var isView: Bool { false }

  func mismatch(_ inputs: [Shape], _ reason: String) -> GraphError {
    .shape(operation: Self.name, inputs: inputs, reason: reason)
  }

  /// The output's shape where its extents come from attributes, which may be anything.
  func checkedShape(_ extents: [Int], _ inputs: [Shape]) throws(GraphError) -> Shape {
    guard let shape = Shape(checking: extents) else {
      throw mismatch(inputs, "\(extents) are not the extents of a tensor")
    }
    return shape
  }

  func requireArity(_ count: Int, _ inputs: [Shape]) throws(GraphError) {
    guard inputs.count == count else { throw mismatch(inputs, "takes \(count) inputs, got \(inputs.count)") }
  }
}
