import Graph
import Tensor

extension ONNXOperators {
  /// Comparison, logic and selection; truth values are 0 and 1.
  static let comparisons: [ONNXOperator] = [
    relation("Equal", ==) { try $0.equal($1, $2) },
    relation("Greater", >) { try $0.greater($1, $2) },
    relation("Less", <) { try $0.greater($2, $1) },
    relation("GreaterOrEqual", opsets: 12...opsets.upperBound, >=) {
      try $0.larger($0.greater($1, $2), $0.equal($1, $2))
    },
    relation("LessOrEqual", opsets: 12...opsets.upperBound, <=) {
      try $0.larger($0.greater($2, $1), $0.equal($1, $2))
    },
    relation("And", { $0 != 0 && $1 != 0 }) { try $0.multiply($1, $2) },
    relation("Or", { $0 != 0 || $1 != 0 }) { try $0.larger($1, $2) },
    relation("Xor", { ($0 != 0) != ($1 != 0) }) { try $0.absoluteValue($0.subtract($1, $2)) },
    ONNXOperator(
      "Not", integers: .computes { try $0.combine($1 + $1, kind: .boolean) { a, _ in (a == 0 ? 1 : 0, false) } }
    ) { node, graph in
      let x = try node.value(0, &graph)
      return [.graph(try graph.subtract(graph.constant(1), x), .boolean)]
    },
    // What exporters of masked attention ask of rows without a key. Only NaN differs from itself.
    ONNXOperator("IsNaN", opsets: 9...opsets.upperBound) { node, graph in
      let x = try node.value(0, &graph)
      return [.graph(try graph.subtract(graph.constant(1), graph.equal(x, x)), .boolean)]
    },
    ONNXOperator("IsInf", opsets: 10...opsets.upperBound) { node, graph in
      let x = try node.value(0, &graph)
      let size =
        switch (try node.flag("detect_positive", true), try node.flag("detect_negative", true)) {
        case (true, true): try graph.absoluteValue(x)
        case (true, false): x
        case (false, true): try graph.negate(x)
        case (false, false): try graph.negate(graph.absoluteValue(x))
        }
      let found = try graph.greater(size, graph.constant(.greatestFiniteMagnitude))
      return [.graph(found, .boolean)]
    },
    ONNXOperator("Where", opsets: 9...opsets.upperBound, integers: .computes(choose)) { node, graph in
      let condition = try node.value(0, &graph)
      let (a, b) = (try node.value(1, &graph), try node.value(2, &graph))
      return [.graph(try graph.select(condition, a, b), try node.input(1).kind)]
    },
  ]

  private static func relation(
    _ name: String, opsets: ClosedRange<Int> = opsets, _ exact: @escaping @Sendable (Int, Int) -> Bool,
    _ build: @escaping @Sendable (inout Graph, Graph.Value, Graph.Value) throws -> Graph.Value
  ) -> ONNXOperator {
    ONNXOperator(
      name, opsets: opsets,
      integers: .computes { try $0.combine($1, kind: .boolean) { (exact($0, $1) ? 1 : 0, false) } }
    ) { node, graph in
      let (a, b) = (try node.value(0, &graph), try node.value(1, &graph))
      return [.graph(try build(&graph, a, b), .boolean)]
    }
  }

  @Sendable private static func choose(_ node: NodeContext, _ inputs: [IntegerTensor]) throws -> IntegerTensor? {
    guard inputs.count == 3 else { throw node.failure("takes 3 inputs, got \(inputs.count)") }
    let shape = try node.broadcastShape(inputs[0].shape, node.broadcastShape(inputs[1].shape, inputs[2].shape))
    let places = inputs.map { node.indices(of: $0.shape, over: shape) }
    let values = (0..<shape.count).map { index in
      inputs[0].values[places[0][index]] != 0 ? inputs[1].values[places[1][index]] : inputs[2].values[places[2][index]]
    }
    return IntegerTensor(shape: shape, values: values, kind: inputs[1].kind)
  }
}
