import Foundation

/// Adam (Kingma and Ba 2015) as PyTorch's: with g the gradient plus the weight decay and t the step,
///
///     m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2
///     w <- w - rate / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon)
struct Adam: Optimizer {
  static let memoriesPerWeight = 2

  let weightDecay: Float
  let beta2: Double
  let epsilon: Float

  func update(
    _ weights: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>, factor: Float,
    memory: UnsafeMutablePointer<Float>, learningRate: Double, momentum beta1: Double, step: Int
  ) {
    let count = weights.count
    let (means, squares) = (memory, memory + count)
    let rate = Float(learningRate / (1 - pow(beta1, Double(step))))
    let correction = Float(1 / (1 - pow(beta2, Double(step))).squareRoot())
    let (b1, b2) = (Float(beta1), Float(beta2))
    let (c1, c2) = (Float(1 - beta1), Float(1 - beta2))
    for index in 0..<count {
      let g = gradient[index] * factor + weightDecay * weights[index]
      let m = b1 * means[index] + c1 * g
      let v = b2 * squares[index] + c2 * g * g
      means[index] = m
      squares[index] = v
      weights[index] -= rate * m / (v.squareRoot() * correction + epsilon)
    }
  }
}
