/// Activations that are made of other elementwise functions, as PyTorch and ONNX define them.
extension Graph {
  /// Self-normalising networks' ELU (Klambauer et al. 2017), with the paper's constants.
  package mutating func selu(_ x: Value) throws(GraphError) -> Value {
    try elu(x, alpha: 1.673_263_2, scale: 1.050_701)
  }

  /// alpha x + beta, limited to [0, 1]. PyTorch's derivative on both bounds is 0.
  package mutating func hardSigmoid(
    _ x: Value, alpha: Float = 1 / 6, beta: Float = 0.5
  ) throws(GraphError) -> Value {
    let line = try add(multiply(x, constant(alpha)), constant(beta))
    return try clip(line, lower: 0, upper: 1, includesBounds: false)
  }

  /// x hardSigmoid(x); its derivative is 0 at -3 and 1 at 3, as PyTorch's.
  package mutating func hardSwish(_ x: Value) throws(GraphError) -> Value { try multiply(x, hardSigmoid(x)) }

  /// x tanh(softplus(x)).
  package mutating func mish(_ x: Value) throws(GraphError) -> Value { try multiply(x, tanh(softplus(x))) }

  /// x / (1 + |x|).
  package mutating func softsign(_ x: Value) throws(GraphError) -> Value {
    try divide(x, add(constant(1), absoluteValue(x)))
  }

  /// max(x, 0) + `slope` min(x, 0); the slope broadcasts to x.
  package mutating func prelu(_ x: Value, slope: Value) throws(GraphError) -> Value {
    let above = try relu(x)
    return try add(above, multiply(slope, subtract(x, above)))
  }

  /// 0 between -`threshold` and `threshold`, and beyond x, by `bias` nearer to 0: PyTorch's Hardshrink, and with both alike Softshrink.
  package mutating func shrink(_ x: Value, threshold: Float, bias: Float = 0) throws(GraphError) -> Value {
    let high = try greater(x, constant(threshold))
    let low = try greater(constant(-threshold), x)
    return try add(multiply(x, add(high, low)), multiply(subtract(low, high), constant(bias)))
  }

  /// x where it is larger than `threshold`, else `value`.
  package mutating func threshold(_ x: Value, at threshold: Float, value: Float) throws(GraphError) -> Value {
    try select(greater(x, constant(threshold)), x, constant(value))
  }

  /// -log(1 + exp(-x)).
  package mutating func logSigmoid(_ x: Value) throws(GraphError) -> Value { try negate(softplus(negate(x))) }
}
