import Graph

/// Gradient-norm regularisation (the paper, B.1; Drucker and LeCun 1992, "double backpropagation"):
///
///     L = mean_i l_i + strength * mean_i |d/dx_i sum_j l_j|^2,   l_j = cross-entropy of image j
///
/// The gradient is that of the sum over the batch, so with batch normalisation in training mode it contains how image i moves
/// the other images' losses through the batch's statistics. The paper's package code differentiates the batch mean and
/// multiplies by 1e5: its constant c is a strength of 1e5 c / N^2 with N images in a batch.
package struct GradientNorm: Objective {
  package static let id = "gradient-norm"
  package static let summary = "penalises the squared length of the loss's input gradient; the strength is its factor"

  private let strength: Double

  package init(_ configuration: ObjectiveConfiguration) { strength = configuration.strength }

  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let logits = try network.apply(to: network.images)
    let sum = try network.summedCrossEntropy(logits)
    let gradient = try network.graph.gradient(of: sum, withRespectTo: [network.images])[0]
    let penalty = try network.perImage(network.squaredNorm(gradient))
    return ObjectiveValue(loss: try network.add(penalty, times: strength, to: network.perImage(sum)), logits: logits)
  }
}
