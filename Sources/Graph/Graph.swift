import Tensor

/// A computation in static single assignment form: nodes in execution order, each with one output of static shape.
///
/// Importers and layer lists only build graphs; derivatives append nodes (`gradient`, `jvp`), optimiser passes rewrite,
/// and `Program` executes. The batch size is part of the shapes: a network is built once per batch size.
package struct Graph: Sendable {
  /// Handle of a node's output.
  package struct Value: Sendable, Hashable, Comparable {
    package let index: Int

    package static func < (left: Value, right: Value) -> Bool { left.index < right.index }
  }

  package enum Source: Sendable {
    /// Given at execution: images, cotangents, parameters in training.
    case input(name: String)
    /// Known when the graph is built: weights in inference.
    case constant(Tensor)
    case apply(any Operator, inputs: [Value])
  }

  package struct Node: Sendable {
    package let source: Source
    package let shape: Shape

    package var inputs: [Value] {
      if case .apply(_, let inputs) = source { inputs } else { [] }
    }
  }

  package private(set) var nodes: [Node] = []

  package init() {}

  package subscript(value: Value) -> Node { nodes[value.index] }

  package func shape(of value: Value) -> Shape { nodes[value.index].shape }

  package var values: [Value] { nodes.indices.map(Value.init) }

  package mutating func input(_ name: String, _ shape: Shape) -> Value {
    append(Node(source: .input(name: name), shape: shape))
  }

  package mutating func constant(_ tensor: Tensor) -> Value {
    append(Node(source: .constant(tensor), shape: tensor.shape))
  }

  package mutating func constant(_ scalar: Float) -> Value {
    constant(Tensor(shape: [], scalars: [scalar]))
  }

  /// Appends one operator.
  /// - Throws: `GraphError.shape` where the operator does not accept the shapes of `inputs`.
  package mutating func apply(_ operation: any Operator, _ inputs: [Value]) throws(GraphError) -> Value {
    let inputShapes = inputs.map { self.shape(of: $0) }
    guard inputShapes.allSatisfy(\.isExecutable) else {
      throw operation.mismatch(inputShapes, "an operand has more than \(Shape.largestCount) elements")
    }
    let shape = try operation.shape(of: inputShapes)
    guard shape.isExecutable else {
      throw operation.mismatch(inputShapes, "the output \(shape) has more than \(Shape.largestCount) elements")
    }
    return append(Node(source: .apply(operation, inputs: inputs), shape: shape))
  }

  /// The tensor behind a constant node, nil for any other.
  package func constantTensor(_ value: Value) -> Tensor? {
    if case .constant(let tensor) = nodes[value.index].source { tensor } else { nil }
  }

  mutating func append(_ node: Node) -> Value {
    nodes.append(node)
    return Value(index: nodes.count - 1)
  }
}

extension Shape {
  /// BLAS counts with 32 bits. With every value below this, no sum or product of two extents overflows.
  static let largestCount = Int(Int32.max)

  /// Whether a graph can hold a value of this shape. Empty axes count as 1, as in `init(checking:)`.
  package var isExecutable: Bool { dimensions.reduce(1) { $0 * max(1, $1) } <= Self.largestCount }
}
