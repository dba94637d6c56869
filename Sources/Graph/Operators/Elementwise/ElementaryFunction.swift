/// Trigonometric and hyperbolic functions and their inverses that few networks use, by the C library; angles in radians.
package struct ElementaryFunction: ElementwiseOperator {
  package static let name = "elementary-function"

  package enum Function: Hashable, CaseIterable {
    case arcSine, arcCosine, arcTangent
    case hyperbolicSine, hyperbolicCosine
    case areaSine, areaCosine, areaTangent
  }

  package let function: Function

  package var expression: ScalarExpression {
    switch function {
    case .arcSine: .unary(.arcSine, .x)
    case .arcCosine: .unary(.arcCosine, .x)
    case .arcTangent: .unary(.arcTangent, .x)
    case .hyperbolicSine: .unary(.hyperbolicSine, .x)
    case .hyperbolicCosine: .unary(.hyperbolicCosine, .x)
    case .areaSine: .unary(.areaSine, .x)
    case .areaCosine: .unary(.areaCosine, .x)
    case .areaTangent: .unary(.areaTangent, .x)
    }
  }

  package func derivative(
    _ graph: inout Graph, input x: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    let one = graph.constant(1)
    /// 1 / v
    func inverse(_ graph: inout Graph, _ value: Graph.Value) throws(GraphError) -> Graph.Value {
      try graph.divide(one, value)
    }
    switch function {
    case .hyperbolicSine: return try graph.apply(Self(function: .hyperbolicCosine), [x])
    case .hyperbolicCosine: return try graph.apply(Self(function: .hyperbolicSine), [x])
    default: break
    }
    let square = try graph.multiply(x, x)
    switch function {
    case .arcSine: return try inverse(&graph, graph.squareRoot(graph.subtract(one, square)))
    case .arcCosine: return try graph.negate(inverse(&graph, graph.squareRoot(graph.subtract(one, square))))
    case .arcTangent: return try inverse(&graph, graph.add(one, square))
    case .areaSine: return try inverse(&graph, graph.squareRoot(graph.add(square, one)))
    case .areaCosine: return try inverse(&graph, graph.squareRoot(graph.subtract(square, one)))
    default: return try inverse(&graph, graph.subtract(one, square))
    }
  }
}
