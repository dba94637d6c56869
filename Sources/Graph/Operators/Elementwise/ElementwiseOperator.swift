import Tensor

/// A function of one number, applied to every element. Conformers give the function and its derivative rule.
public protocol ElementwiseOperator: Operator {
  func callAsFunction(_ x: Float) -> Float

  /// The function of `count` numbers, to the same bits as one by one; `output` may be `source`.
  func apply(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>)

  /// The derivative at each element as graph operators, to be multiplied with an incoming gradient or tangent.
  /// Nil means zero everywhere.
  func derivative(_ graph: inout Graph, input: Graph.Value, output: Graph.Value) throws(GraphError) -> Graph.Value?
}

extension ElementwiseOperator {
  public var isElementwise: Bool { true }

  public func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    return inputs[0]
  }

  public func evaluate(_ kernel: KernelArguments) {
    let (input, output) = (kernel.inputs[0], kernel.output)
    kernel.forEachBlock(of: kernel.outputShape.count, blockSize: KernelArguments.blockSize(work: 1)) { range, _ in
      apply(range.count, input + range.lowerBound, output + range.lowerBound)
    }
  }

  @inline(__always)
  public func apply(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    // In place, one pointer says so: a loop over two that may overlap is not vectorised.
    if UnsafePointer(output) == source {
      for index in 0..<count { output[index] = self(output[index]) }
    } else {
      for index in 0..<count { output[index] = self(source[index]) }
    }
  }

  public func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    guard let derivative = try derivative(&graph, input: inputs[0], output: output) else { return [nil] }
    return [try graph.multiply(gradient, derivative)]
  }

  public func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0], let derivative = try derivative(&graph, input: inputs[0], output: output) else {
      return nil
    }
    return try graph.multiply(tangent, derivative)
  }
}
