/// Functions that few networks use; see `ElementaryFunction`.
extension Graph {
  public mutating func asin(_ x: Value) throws(GraphError) -> Value { try elementary(.arcSine, x) }
  public mutating func acos(_ x: Value) throws(GraphError) -> Value { try elementary(.arcCosine, x) }
  public mutating func atan(_ x: Value) throws(GraphError) -> Value { try elementary(.arcTangent, x) }
  public mutating func sinh(_ x: Value) throws(GraphError) -> Value { try elementary(.hyperbolicSine, x) }
  public mutating func cosh(_ x: Value) throws(GraphError) -> Value { try elementary(.hyperbolicCosine, x) }
  public mutating func asinh(_ x: Value) throws(GraphError) -> Value { try elementary(.areaSine, x) }
  public mutating func acosh(_ x: Value) throws(GraphError) -> Value { try elementary(.areaCosine, x) }
  public mutating func atanh(_ x: Value) throws(GraphError) -> Value { try elementary(.areaTangent, x) }

  private mutating func elementary(_ function: ElementaryFunction.Function, _ x: Value) throws(GraphError) -> Value {
    try apply(ElementaryFunction(function: function), [x])
  }
}
