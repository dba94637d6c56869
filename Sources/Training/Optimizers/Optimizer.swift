import Graph

/// Makes steps of gradients. What it remembers of earlier steps lies in `memory`, so that a training can be resumed.
///
/// The formula is written twice, as a loop over this processor's memory, which is changed in place, and as operators, for weights that stay
/// on a device; both make the same bytes of the same gradients.
protocol Optimizer: Sendable {
  /// How many numbers it remembers per weight.
  static var memoriesPerWeight: Int { get }

  /// The numbers of its formula that change from step to step.
  /// - Parameter step: counted from 1 over the whole training.
  func coefficients(learningRate: Double, momentum: Double, step: Int) -> [Float]

  /// Changes one tensor's weights in place.
  /// - Parameters:
  ///   - gradient: of as many numbers.
  ///   - factor: of the gradient, from clipping.
  ///   - memory: `memoriesPerWeight` arrays of as many numbers, zero before the first step.
  func update(
    _ weights: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>, factor: Float,
    memory: UnsafeMutablePointer<Float>, coefficients: [Float])

  /// Appends the same of vectors of weights, gradients times the factor, and memories.
  /// - Parameter coefficients: each `[1]`.
  /// - Returns: what weights and memories become.
  func update(
    _ weights: Graph.Value, gradient: Graph.Value, memories: [Graph.Value], coefficients: [Graph.Value],
    in graph: inout Graph
  ) throws -> (weights: Graph.Value, memories: [Graph.Value])
}

extension Optimizer {
  /// The gradient with the weight decay.
  func decayed(
    _ gradient: Graph.Value, _ weights: Graph.Value, _ weightDecay: Float, in graph: inout Graph
  ) throws -> Graph.Value {
    weightDecay == 0
      ? gradient : try graph.add(gradient, graph.multiply(graph.constant(weightDecay), weights))
  }
}

extension OptimizerConfiguration {
  var optimizer: any Optimizer {
    switch name {
    case .sgd: SGD(weightDecay: Float(weightDecay), nesterov: nesterov)
    case .adam: Adam(weightDecay: Float(weightDecay), beta2: beta2, epsilon: Float(epsilon))
    }
  }
}
