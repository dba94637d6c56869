import Foundation
import Graph

/// Adam (Kingma and Ba 2015) as PyTorch's: with g the gradient plus the weight decay and t the step,
///
///     m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2
///     w <- w - rate / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon)
struct Adam: Optimizer {
  static let memoriesPerWeight = 2

  let weightDecay: Float
  let beta2: Double
  let epsilon: Float

  /// The rate over 1 - beta1^t, 1 / sqrt(1 - beta2^t), beta1, 1 - beta1.
  func coefficients(learningRate: Double, momentum beta1: Double, step: Int) -> [Float] {
    [
      Float(learningRate / (1 - pow(beta1, Double(step)))),
      Float(1 / (1 - pow(beta2, Double(step))).squareRoot()), Float(beta1), Float(1 - beta1),
    ]
  }

  func update(
    _ weights: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>, factor: Float,
    memory: UnsafeMutablePointer<Float>, coefficients: [Float]
  ) {
    let count = weights.count
    let (means, squares) = (memory, memory + count)
    let (rate, correction, b1, c1) = (coefficients[0], coefficients[1], coefficients[2], coefficients[3])
    let (b2, c2) = (Float(beta2), Float(1 - beta2))
    for index in 0..<count {
      let g = gradient[index] * factor + weightDecay * weights[index]
      let m = b1 * means[index] + c1 * g
      let v = b2 * squares[index] + c2 * g * g
      means[index] = m
      squares[index] = v
      weights[index] -= rate * m / (v.squareRoot() * correction + epsilon)
    }
  }

  func update(
    _ weights: Graph.Value, gradient: Graph.Value, memories: [Graph.Value], coefficients: [Graph.Value],
    in graph: inout Graph
  ) throws -> (weights: Graph.Value, memories: [Graph.Value]) {
    let (rate, correction, b1, c1) = (coefficients[0], coefficients[1], coefficients[2], coefficients[3])
    let (b2, c2) = (graph.constant(Float(beta2)), graph.constant(Float(1 - beta2)))
    let g = try decayed(gradient, weights, weightDecay, in: &graph)
    let m = try graph.add(graph.multiply(b1, memories[0]), graph.multiply(c1, g))
    let v = try graph.add(graph.multiply(b2, memories[1]), graph.multiply(graph.multiply(c2, g), g))
    let divisor = try graph.add(graph.multiply(graph.squareRoot(v), correction), graph.constant(epsilon))
    let step = try graph.divide(graph.multiply(rate, m), divisor)
    return (try graph.subtract(weights, step), [m, v])
  }
}
