/// Functions that few networks use; see `ElementaryFunction`.
extension Graph {
  package mutating func asin(_ x: Value) throws(GraphError) -> Value { try elementary(.arcSine, x) }
  package mutating func acos(_ x: Value) throws(GraphError) -> Value { try elementary(.arcCosine, x) }
  package mutating func atan(_ x: Value) throws(GraphError) -> Value { try elementary(.arcTangent, x) }
  package mutating func sinh(_ x: Value) throws(GraphError) -> Value { try elementary(.hyperbolicSine, x) }
  package mutating func cosh(_ x: Value) throws(GraphError) -> Value { try elementary(.hyperbolicCosine, x) }
  package mutating func asinh(_ x: Value) throws(GraphError) -> Value { try elementary(.areaSine, x) }
  package mutating func acosh(_ x: Value) throws(GraphError) -> Value { try elementary(.areaCosine, x) }
  package mutating func atanh(_ x: Value) throws(GraphError) -> Value { try elementary(.areaTangent, x) }

  private mutating func elementary(_ function: ElementaryFunction.Function, _ x: Value) throws(GraphError) -> Value {
    try apply(ElementaryFunction(function: function), [x])
  }
}
