/// Stochastic gradient descent with momentum, as PyTorch's `SGD`: with g the gradient plus the weight decay,
///
///     v <- momentum v + g   (v <- g in the first step),   w <- w - rate (nesterov ? g + momentum v : v)
struct SGD: Optimizer {
  static let memoriesPerWeight = 1

  let weightDecay: Float
  let nesterov: Bool

  func update(
    _ weights: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>, factor: Float,
    memory: UnsafeMutablePointer<Float>, learningRate: Double, momentum: Double, step: Int
  ) {
    let (rate, momentum) = (Float(learningRate), Float(momentum))
    // The memory begins at zero, so the first step needs no case of its own.
    for index in 0..<weights.count {
      let g = gradient[index] * factor + weightDecay * weights[index]
      let v = momentum * memory[index] + g
      memory[index] = v
      weights[index] -= rate * (nesterov ? g + momentum * v : v)
    }
  }
}
