import Graph
import Tensor

extension ONNXOperators {
  /// Mathematical functions of real numbers.
  static let functions: [ONNXOperator] = [
    .real("Sqrt") { try squareRoot($0.value(0, &$1), &$1) },
    .real("Exp") { try $1.exp($0.value(0, &$1)) },
    .real("Log") { try $1.log($0.value(0, &$1)) },
    .real("Sin") { try $1.sin($0.value(0, &$1)) },
    .real("Cos") { try $1.cos($0.value(0, &$1)) },
    .real("Tan") { node, graph in
      let x = try node.value(0, &graph)
      return try graph.divide(graph.sin(x), graph.cos(x))
    },
    .real("Asin") { try $1.asin($0.value(0, &$1)) },
    .real("Acos") { try $1.acos($0.value(0, &$1)) },
    .real("Atan") { try $1.atan($0.value(0, &$1)) },
    .real("Sinh", opsets: 9...opsets.upperBound) { try $1.sinh($0.value(0, &$1)) },
    .real("Cosh", opsets: 9...opsets.upperBound) { try $1.cosh($0.value(0, &$1)) },
    .real("Asinh", opsets: 9...opsets.upperBound) { try $1.asinh($0.value(0, &$1)) },
    .real("Acosh", opsets: 9...opsets.upperBound) { try $1.acosh($0.value(0, &$1)) },
    .real("Atanh", opsets: 9...opsets.upperBound) { try $1.atanh($0.value(0, &$1)) },
    .real("Erf", opsets: 9...opsets.upperBound) { try $1.erf($0.value(0, &$1)) },
    .real("Reciprocal") { node, graph in
      let x = try node.value(0, &graph)
      return try graph.divide(graph.constant(1), x)
    },
    // Known integers have no fraction; they stay what they are.
    .movement("Floor") { try $1.floor($0.value(0, &$1)) },
    .movement("Ceil") { try $1.ceil($0.value(0, &$1)) },
    .movement("Round", opsets: 11...opsets.upperBound) { try $1.round($0.value(0, &$1)) },
    ONNXOperator("Clip") { node, graph in [.graph(try clip(node, &graph), try node.input(0).kind)] },
  ]

  /// That of a sum of squares is a norm, with a derivative at zero.
  static func squareRoot(_ x: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    graph.isSumOfSquares(x) ? try graph.root(ofPowers: x, order: 2) : try graph.squareRoot(x)
  }

  /// Bounds are attributes up to opset 10, inputs since 11. The derivative on a bound is 0: of PyTorch's relu6, hardtanh and,
  /// since version 2.15, clamp, which a file cannot tell from each other.
  private static func clip(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let x = try node.value(0, &graph)
    if node.opset < 11 {
      return try graph.clip(
        x, lower: node.float("min", -.greatestFiniteMagnitude), upper: node.float("max", .greatestFiniteMagnitude),
        includesBounds: false)
    }
    func isConstant(_ index: Int) -> Bool {
      guard case .graph(let value, _)? = node.optional(index) else { return true }
      return graph.constantTensor(value)?.shape.count == 1
    }
    if isConstant(1), isConstant(2) {
      let lower = try node.optionalFloat(1, graph) ?? -.infinity
      let upper = try node.optionalFloat(2, graph) ?? .infinity
      // Where they contradict each other the upper bound wins.
      return try graph.clip(x, lower: min(lower, upper), upper: upper, includesBounds: false)
    }
    var result = x
    if let lower = node.optionalValue(1, &graph) { result = try graph.larger(result, lower) }
    if let upper = node.optionalValue(2, &graph) { result = try graph.smaller(result, upper) }
    return result
  }
}
