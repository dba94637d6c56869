import Foundation
import Graph
import Tensor

extension ONNXOperators {
  /// Operators on numbers that integers know too.
  static let arithmetic: [ONNXOperator] = [
    binary("Add", { $0.addingReportingOverflow($1) }) { try $0.add($1, $2) },
    binary("Sub", { $0.subtractingReportingOverflow($1) }) { try $0.subtract($1, $2) },
    binary("Mul", { $0.multipliedReportingOverflow(by: $1) }) { try $0.multiply($1, $2) },
    // Integer division truncates.
    ONNXOperator("Div", integers: .computes { try $0.combine($1) { $0.dividedReportingOverflow(by: $1) } }) {
      node, graph in
      let quotient = try graph.divide(node.value(0, &graph), node.value(1, &graph))
      return try node.input(0).kind == .integer
        ? [.graph(graph.truncate(quotient), .integer)] : [.real(quotient)]
    },
    ONNXOperator("Mod", opsets: 10...opsets.upperBound, integers: .computes(remainder)) { node, graph in
      let rest = try graph.remainder(
        node.value(0, &graph), node.value(1, &graph), signOfDividend: node.flag("fmod"))
      return [.graph(rest, try node.input(0).kind)]
    },
    unary("Neg", { (0).subtractingReportingOverflow($0) }) { try $0.negate($1) },
    unary("Abs", { $0 == .min ? (0, true) : (abs($0), false) }) { try $0.absoluteValue($1) },
    unary("Sign", opsets: 9...opsets.upperBound, { ($0.signum(), false) }) { try $0.sign($1) },
    variadic("Sum", { $0.addingReportingOverflow($1) }) { try $0.add($1, $2) },
    variadic("Max", { (max($0, $1), false) }) { try $0.larger($1, $2) },
    variadic("Min", { (min($0, $1), false) }) { try $0.smaller($1, $2) },
    .real("Mean") { node, graph in
      var total = try node.value(0, &graph)
      for index in 1..<max(1, node.inputs.count) { total = try graph.add(total, node.value(index, &graph)) }
      return try graph.multiply(total, graph.constant(1 / Float(node.inputs.count)))
    },
    ONNXOperator("Pow", integers: .computes { try $0.combine($1) { integerPower($0, $1) } }) { node, graph in
      [.graph(try power(node, &graph), try node.input(0).kind)]
    },
  ]

  private static func binary(
    _ name: String, _ exact: @escaping @Sendable (Int, Int) -> (partialValue: Int, overflow: Bool),
    _ build: @escaping @Sendable (inout Graph, Graph.Value, Graph.Value) throws -> Graph.Value
  ) -> ONNXOperator {
    ONNXOperator(name, integers: .computes { try $0.combine($1, exact) }) { node, graph in
      let (a, b) = (try node.value(0, &graph), try node.value(1, &graph))
      return [.graph(try build(&graph, a, b), try node.input(0).kind)]
    }
  }

  private static func unary(
    _ name: String, opsets: ClosedRange<Int> = opsets,
    _ exact: @escaping @Sendable (Int) -> (partialValue: Int, overflow: Bool),
    _ build: @escaping @Sendable (inout Graph, Graph.Value) throws -> Graph.Value
  ) -> ONNXOperator {
    ONNXOperator(name, opsets: opsets, integers: .computes { try $0.combine($1 + $1) { a, _ in exact(a) } }) {
      node, graph in
      let x = try node.value(0, &graph)
      return [.graph(try build(&graph, x), try node.input(0).kind)]
    }
  }

  /// Any number of operands, combined from the left.
  private static func variadic(
    _ name: String, _ exact: @escaping @Sendable (Int, Int) -> (partialValue: Int, overflow: Bool),
    _ build: @escaping @Sendable (inout Graph, Graph.Value, Graph.Value) throws -> Graph.Value
  ) -> ONNXOperator {
    ONNXOperator(
      name,
      integers: .computes { node, inputs in
        try inputs.dropFirst().reduce(inputs[0]) { try node.combine([$0, $1], exact) }
      }
    ) { node, graph in
      var result = try node.value(0, &graph)
      for index in 1..<max(1, node.inputs.count) { result = try build(&graph, result, node.value(index, &graph)) }
      return [.graph(result, try node.input(0).kind)]
    }
  }

  @Sendable private static func remainder(_ node: NodeContext, _ inputs: [IntegerTensor]) throws -> IntegerTensor? {
    let keepsSign = try node.flag("fmod")
    return try node.combine(inputs) { a, b in
      // The smallest integer by -1 leaves nothing, although its quotient is no 64-bit integer.
      let (rest, overflow) = b == -1 ? (0, false) : a.remainderReportingOverflow(dividingBy: b)
      return (!keepsSign && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest, overflow)
    }
  }

  private static func integerPower(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
    if exponent == 0 { return (1, false) }
    // Their magnitudes: the smallest integer has no absolute value.
    if base.magnitude <= 1 { return (exponent % 2 == 0 ? base * base : base, base == 0 && exponent < 0) }
    guard exponent > 0 else { return (0, false) }
    // From 64 factors on, even those of 2 make too much.
    guard exponent < 64 else { return (0, true) }
    var result = 1
    for _ in 0..<exponent {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      if overflow { return (0, true) }
      result = product
    }
    return (result, false)
  }

  /// Constant exponents that need no logarithm, or less work, are written out.
  private static func power(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let (base, exponent) = (try node.value(0, &graph), try node.value(1, &graph))
    guard let constant = graph.constantTensor(exponent), constant.shape.count == 1,
      constant.shape.rank <= graph.shape(of: base).rank
    else { return try graph.power(base, exponent) }
    switch constant.scalars[0] {
    case 1: return base
    case 2: return try graph.multiply(base, base)
    case 3: return try graph.multiply(base, graph.multiply(base, base))
    case 0.5: return try squareRoot(base, &graph)
    case -1: return try graph.divide(graph.constant(1), base)
    default: return try graph.power(base, exponent)
    }
  }
}
