import Graph
import Tensor

/// What objectives are made of.
extension TrainingGraph {
  /// The sum over the images of -log softmax(logits) at their labels, of shape `[]`.
  /// - Parameter logits: `[N, K]`.
  package mutating func summedCrossEntropy(_ logits: Graph.Value) throws -> Graph.Value {
    let labels = labels()
    let chosen = try graph.multiply(labels, graph.logSoftmax(logits))
    return try graph.negate(graph.reshape(graph.sum(chosen, axes: [0, 1]), to: []))
  }

  /// The sum over the images of the largest other logit less the label's, of shape `[]`.
  /// - Parameter logits: `[N, K]`.
  package mutating func summedMargin(_ logits: Graph.Value) throws -> Graph.Value {
    let labels = labels()
    let own = try graph.sum(graph.multiply(labels, logits), axes: [1])
    // The label's own logit is moved out of the way of the maximum.
    let others = try graph.subtract(logits, graph.multiply(labels, graph.constant(1e6)))
    let margins = try graph.subtract(graph.maximum(others, axes: [1]), own)
    return try graph.reshape(graph.sum(margins, axes: [0, 1]), to: [])
  }

  /// Its mean over the images.
  package mutating func crossEntropy(_ logits: Graph.Value) throws -> Graph.Value {
    try perImage(summedCrossEntropy(logits))
  }

  /// A sum over images divided by their number.
  package mutating func perImage(_ sum: Graph.Value) throws -> Graph.Value {
    try graph.multiply(sum, graph.constant(1 / Float(batch)))
  }

  /// The sum of all squares, of shape `[]`.
  package mutating func squaredNorm(_ value: Graph.Value) throws -> Graph.Value {
    let axes = Array(0..<graph.shape(of: value).rank)
    return try graph.reshape(graph.sum(graph.multiply(value, value), axes: axes), to: [])
  }

  /// base + strength * penalty.
  package mutating func add(_ penalty: Graph.Value, times strength: Double, to base: Graph.Value) throws -> Graph.Value
  {
    try graph.add(base, graph.multiply(penalty, graph.constant(Float(strength))))
  }
}
