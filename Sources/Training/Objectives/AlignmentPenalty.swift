import Graph
import Tensor

/// Alignment of the input gradient with a given direction d_i per image (after Bigolin Lanfredi et al. 2020, who train for the
/// direction of the gradient):
///
///     L = mean_i l_i + strength * mean_i (1 - cos(g_i, d_i)),   g_i = d/dx_i sum_j log(p_j(y_j) / (1 - p_j(y_j)))
///
/// The gradient is that of the label's log-odds, which does not vanish as the network becomes sure and does not change where
/// a number is added to all logits. On `glyphs` the directions are exact: the same gradient of the Bayes classifier, at the
/// noise level on which the task's regimes are decided.
package struct AlignmentPenalty: Objective {
  package static let id = "alignment"
  package static let summary =
    "penalises the angle between the input gradient and the density's; the strength is the penalty's factor"

  private let strength: Double

  package init(_ configuration: ObjectiveConfiguration) { strength = configuration.strength }

  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let logits = try network.apply(to: network.images)
    let odds = try network.labelLogOdds(logits)
    let gradient = try network.graph.gradient(of: odds, withRespectTo: [network.images])[0]
    let cosine = try network.cosines(gradient, network.directions())
    let deviation = try network.graph.subtract(network.graph.constant(1), cosine)
    let sum = try network.graph.reshape(network.graph.sum(deviation, axes: [0, 1, 2, 3]), to: [])
    let penalty = try network.perImage(sum)
    return ObjectiveValue(
      loss: try network.add(penalty, times: strength, to: network.crossEntropy(logits)), logits: logits)
  }
}

extension TrainingGraph {
  /// z_y - log sum over the other classes of exp(z), `[N, 1]`.
  /// - Parameter logits: z, `[N, K]`.
  mutating func labelLogOdds(_ logits: Graph.Value) throws -> Graph.Value {
    let labels = labels()
    let own = try graph.sum(graph.multiply(labels, logits), axes: [1])
    // The label's own logit is moved so far down that its exponential is 0.
    let others = try graph.subtract(logits, graph.multiply(labels, graph.constant(1e6)))
    let largest = try graph.stopGradient(graph.maximum(others, axes: [1]))
    let exponentials = try graph.exp(graph.subtract(others, largest))
    let total = try graph.add(graph.log(graph.sum(exponentials, axes: [1])), largest)
    return try graph.subtract(own, total)
  }

  /// The cosine between each image's two directions, `[N, 1, 1, 1]`; 0 where one is 0.
  mutating func cosines(_ left: Graph.Value, _ right: Graph.Value) throws -> Graph.Value {
    let axes = [1, 2, 3]
    // So small that it matters for gradients below 1e-8 only, where the length has no derivative.
    let tiny = graph.constant(1e-16)
    func length(_ value: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
      try graph.squareRoot(graph.add(graph.sum(graph.multiply(value, value), axes: axes), tiny))
    }
    let product = try graph.sum(graph.multiply(left, right), axes: axes)
    let lengths = try graph.multiply(length(left, &graph), length(right, &graph))
    return try graph.divide(product, lengths)
  }
}
