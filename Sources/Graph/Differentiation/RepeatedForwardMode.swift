import Tensor

extension Graph {
  /// Forward mode along many directions per image: what a full Jacobian with few inputs and many outputs takes.
  ///
  /// Plain `jvp` wants a tangent of the shape of its value, so k directions would mean a batch in which every image, and
  /// every intermediate value, is computed k times. Here the network and the derivatives of its activations are computed
  /// once per image; only what depends on the tangents has the batch `images * directions`, in which row
  /// `image * directions + direction` belongs to one image and one direction.
  ///
  /// For this the network is built and differentiated twice, at both batch sizes. The two graphs have the same nodes in
  /// the same order. Of the large one the nodes that depend on the tangent are taken, of the small one all others;
  /// where a node of the first kind reads one of the second that is per image, it is repeated for each direction.
  /// - Parameters:
  ///   - item: shape of the network's input for one image.
  ///   - point: appends where to differentiate, `[images] + item`, to the graph that is returned: an input, or what other
  ///     layers make of one.
  ///   - tangent: appends the directions there, `[images * directions] + item`: an input, or a constant, of which as much
  ///     as possible is then computed in advance.
  ///   - network: appends the network to its input `[batch] + item` of any batch size: the same operators for each, none of
  ///     which mixes images.
  /// - Returns: the graph, and the derivative, `[images * directions, ...]`.
  /// - Throws: what the closures throw; `GraphError.notDifferentiable`, `GraphError.shape`.
  package static func repeatedForwardMode(
    images: Int, directions: Int, item: Shape, point: (inout Graph) throws -> Value,
    tangent: (inout Graph) throws -> Value, network: (inout Graph, Value) throws -> Value
  ) throws -> (graph: Graph, derivative: Value) {
    precondition(images >= 1 && directions >= 1, "at least one image and one direction")
    let small = try differentiated(item.prepending(images), network)
    let large = try differentiated(item.prepending(images * directions), network)
    guard small.graph.nodes.count == large.graph.nodes.count else {
      throw GraphError.shape(
        operation: name, inputs: [small.graph.shape(of: small.input), large.graph.shape(of: large.input)],
        reason: "the network has other operators for another batch size")
    }
    var result = Graph()
    // What stands in the result for a value of the small graph, for such a value repeated, and for one of the large graph.
    var once = [small.input: try result.given(point, shape: small.graph.shape(of: small.input))]
    var repeated: [Value: Value] = [:]
    var tangents = [large.tangent: try result.given(tangent, shape: large.graph.shape(of: large.tangent))]
    for value in small.graph.values where once[value] == nil {
      once[value] = result.copy(small.graph[value]) { once[$0] }
    }
    let active = large.graph.dependents(of: [large.tangent])
    for value in large.graph.values where active[value.index] && tangents[value] == nil {
      guard case .apply(let operation, let operands) = large.graph[value].source else { continue }
      var inputs: [Value] = []
      for operand in operands {
        if tangents[operand] == nil, repeated[operand] == nil, let single = once[operand] {
          repeated[operand] = try result.repeating(
            single, images: images, directions: directions, to: large.graph.shape(of: operand))
        }
        inputs += [tangents[operand] ?? repeated[operand]].compactMap { $0 }
      }
      tangents[value] = try result.apply(operation, inputs)
    }
    // An output that does not depend on the input has no derivative.
    let shape = large.graph.shape(of: large.derivative)
    let derivative = tangents[large.derivative] ?? result.constant(Tensor(shape: shape, repeating: 0))
    return (result, derivative)
  }

  private static let name = "repeated-forward-mode"

  private mutating func given(_ make: (inout Graph) throws -> Value, shape expected: Shape) throws -> Value {
    let value = try make(&self)
    guard shape(of: value) == expected else {
      throw GraphError.shape(operation: Self.name, inputs: [shape(of: value)], reason: "expected \(expected)")
    }
    return value
  }

  private static func differentiated(
    _ shape: Shape, _ network: (inout Graph, Value) throws -> Value
  ) throws -> (graph: Graph, input: Value, tangent: Value, derivative: Value) {
    var graph = Graph()
    let input = graph.input("input", shape)
    let output = try network(&graph, input)
    let tangent = graph.input("tangent", shape)
    let derivative = try graph.jvp(of: [output], tangents: [(input, tangent)])[0]
    return (graph, input, tangent, derivative)
  }

  /// `[images, ...]` as `[images * directions, ...]`, each image repeated; a value that is not per image stays as it is.
  private mutating func repeating(
    _ value: Value, images: Int, directions: Int, to target: Shape
  ) throws(GraphError) -> Value {
    let shape = shape(of: value)
    guard shape != target else { return value }
    guard let rows = shape.dimensions.first, rows == images,
      target == shape.droppingFirst.prepending(images * directions)
    else {
      throw .shape(
        operation: Self.name, inputs: [shape, target], reason: "only the first axis may follow the batch size")
    }
    let rest = shape.droppingFirst
    let split = try reshape(value, to: rest.prepending(1).prepending(images))
    return try reshape(broadcast(split, to: rest.prepending(directions).prepending(images)), to: target)
  }
}
