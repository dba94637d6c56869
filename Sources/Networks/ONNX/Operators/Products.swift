import Graph
import Tensor

extension ONNXOperators {
  static let products: [ONNXOperator] = [
    .real("MatMul") { node, graph in
      try matrixProduct(node.value(0, &graph), node.value(1, &graph), node, &graph)
    },
    .real("Gemm") { node, graph in
      // alpha A' B' + beta C
      var a = try node.value(0, &graph)
      var b = try node.value(1, &graph)
      if try node.flag("transA") { a = try graph.swapLastAxes(a) }
      if try node.flag("transB") { b = try graph.swapLastAxes(b) }
      let alpha = try node.float("alpha", 1)
      if alpha != 1 { b = try graph.multiply(b, graph.constant(alpha)) }
      let product = try graph.matmul(a, b)
      guard var c = node.optionalValue(2, &graph) else { return product }
      let beta = try node.float("beta", 1)
      if beta != 1 { c = try graph.multiply(c, graph.constant(beta)) }
      return try graph.add(product, c)
    },
    .real("Einsum", opsets: 12...opsets.upperBound) { node, graph in
      var operands: [Graph.Value] = []
      for index in node.inputs.indices { operands.append(try node.value(index, &graph)) }
      return try EinsteinSum(node).apply(operands, &graph)
    },
  ]

  /// NumPy's matmul: leading axes broadcast, a vector is a row on the left and a column on the right.
  static func matrixProduct(
    _ left: Graph.Value, _ right: Graph.Value, _ node: NodeContext, _ graph: inout Graph
  ) throws -> Graph.Value {
    var (a, b) = (left, right)
    let (isRow, isColumn) = (graph.shape(of: a).rank == 1, graph.shape(of: b).rank == 1)
    if isRow { a = try graph.reshape(a, to: [1, graph.shape(of: a)[0]]) }
    if isColumn { b = try graph.reshape(b, to: [graph.shape(of: b)[0], 1]) }
    let (p, q) = (graph.shape(of: a), graph.shape(of: b))
    guard p.rank >= 2, q.rank >= 2 else { throw node.failure("a factor is a single number") }
    if q.rank > 2 {
      let leading = try node.broadcastShape(
        Shape(Array(p.dimensions.dropLast(2))), Shape(Array(q.dimensions.dropLast(2)))
      ).dimensions
      a = try graph.broadcast(a, to: node.checkedShape(leading + p.dimensions.suffix(2)))
      b = try graph.broadcast(b, to: node.checkedShape(leading + q.dimensions.suffix(2)))
    }
    let product = try graph.matmul(a, b)
    guard isRow || isColumn else { return product }
    var extents = graph.shape(of: product).dimensions
    if isColumn { extents.removeLast() }
    if isRow { extents.remove(at: extents.count - (isColumn ? 1 : 2)) }
    return try graph.reshape(product, to: Shape(extents))
  }
}
