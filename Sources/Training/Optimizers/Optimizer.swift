/// Makes steps of gradients. What it remembers of earlier steps lies in `memory`, so that a training can be resumed.
protocol Optimizer {
  /// How many numbers it remembers per weight.
  static var memoriesPerWeight: Int { get }

  /// Changes one tensor's weights in place.
  /// - Parameters:
  ///   - gradient: of as many numbers.
  ///   - factor: of the gradient, from clipping.
  ///   - memory: `memoriesPerWeight` arrays of as many numbers, zero before the first step.
  ///   - step: counted from 1 over the whole training.
  func update(
    _ weights: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>, factor: Float,
    memory: UnsafeMutablePointer<Float>, learningRate: Double, momentum: Double, step: Int)
}

extension OptimizerConfiguration {
  var optimizer: any Optimizer {
    switch name {
    case .sgd: SGD(weightDecay: Float(weightDecay), nesterov: nesterov)
    case .adam: Adam(weightDecay: Float(weightDecay), beta2: beta2, epsilon: Float(epsilon))
    }
  }
}
