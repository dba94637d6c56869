import Graph

/// Stochastic gradient descent with momentum, as PyTorch's `SGD`: with g the gradient plus the weight decay,
///
///     v <- momentum v + g   (v <- g in the first step),   w <- w - rate (nesterov ? g + momentum v : v)
struct SGD: Optimizer {
  static let memoriesPerWeight = 1

  let weightDecay: Float
  let nesterov: Bool

  /// The rate and the momentum.
  func coefficients(learningRate: Double, momentum: Double, step: Int) -> [Float] {
    [Float(learningRate), Float(momentum)]
  }

  func update(
    _ weights: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>, factor: Float,
    memory: UnsafeMutablePointer<Float>, coefficients: [Float]
  ) {
    let (rate, momentum) = (coefficients[0], coefficients[1])
    // The memory begins at zero, so the first step needs no case of its own.
    for index in 0..<weights.count {
      let g = gradient[index] * factor + weightDecay * weights[index]
      let v = momentum * memory[index] + g
      memory[index] = v
      weights[index] -= rate * (nesterov ? g + momentum * v : v)
    }
  }

  func update(
    _ weights: Graph.Value, gradient: Graph.Value, memories: [Graph.Value], coefficients: [Graph.Value],
    in graph: inout Graph
  ) throws -> (weights: Graph.Value, memories: [Graph.Value]) {
    let (rate, momentum) = (coefficients[0], coefficients[1])
    let g = try decayed(gradient, weights, weightDecay, in: &graph)
    let v = try graph.add(graph.multiply(momentum, memories[0]), g)
    let step = nesterov ? try graph.add(g, graph.multiply(momentum, v)) : v
    return (try graph.subtract(weights, graph.multiply(rate, step)), [v])
  }
}
