import Tensor

/// Elementwise building blocks. Operands broadcast by NumPy's rule.
extension Graph {
  package mutating func add(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(Add(), [left, right])
  }

  package mutating func subtract(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(Subtract(), [left, right])
  }

  package mutating func multiply(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(Multiply(), [left, right])
  }

  package mutating func divide(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(Divide(), [left, right])
  }

  package mutating func negate(_ x: Value) throws(GraphError) -> Value { try apply(Negate(), [x]) }
  package mutating func exp(_ x: Value) throws(GraphError) -> Value { try apply(Exponential(), [x]) }
  package mutating func log(_ x: Value) throws(GraphError) -> Value { try apply(Logarithm(), [x]) }
  package mutating func squareRoot(_ x: Value) throws(GraphError) -> Value { try apply(SquareRoot(), [x]) }
  package mutating func absoluteValue(_ x: Value) throws(GraphError) -> Value { try apply(AbsoluteValue(), [x]) }
  package mutating func tanh(_ x: Value) throws(GraphError) -> Value { try apply(HyperbolicTangent(), [x]) }
  package mutating func sigmoid(_ x: Value) throws(GraphError) -> Value { try apply(Sigmoid(), [x]) }
  package mutating func silu(_ x: Value) throws(GraphError) -> Value { try apply(SiLU(), [x]) }

  package mutating func erf(_ x: Value) throws(GraphError) -> Value { try apply(ErrorFunction(), [x]) }

  /// max(x, 0), or `slope` * x below zero.
  package mutating func relu(_ x: Value, slope: Float = 0) throws(GraphError) -> Value {
    try apply(ReLU(slope: slope), [x])
  }

  package mutating func softplus(_ x: Value, beta: Float = 1) throws(GraphError) -> Value {
    try apply(Softplus(beta: beta), [x])
  }

  package mutating func gelu(_ x: Value, tanhApproximation: Bool = false) throws(GraphError) -> Value {
    try apply(GELU(tanhApproximation: tanhApproximation), [x])
  }

  /// Limits x to [lower, upper].
  /// - Parameter includesBounds: whether the derivative exactly on the bounds is 1; see `Clip`.
  package mutating func clip(
    _ x: Value, lower: Float, upper: Float, includesBounds: Bool = true
  ) throws(GraphError) -> Value {
    try apply(Clip(lower: lower, upper: upper, includesBounds: includesBounds), [x])
  }

  package mutating func stopGradient(_ x: Value) throws(GraphError) -> Value { try apply(StopGradient(), [x]) }

  /// The sum of any number of values, nil for none.
  mutating func total(_ terms: [Value]) throws(GraphError) -> Value? {
    guard var sum = terms.first else { return nil }
    for term in terms.dropFirst() { sum = try add(sum, term) }
    return sum
  }
}
