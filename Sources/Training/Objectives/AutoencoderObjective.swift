import Graph

/// Mean squared error of what an autoencoder makes of an image, per pixel and in normalised units:
///
///     L = mean over images and pixels of (f(x) - (x - mean) / std)^2
package struct AutoencoderObjective: Objective {
  package static let id = "reconstruction"
  package static let summary = "mean squared error of the reconstructed image; has no strength"

  package init(_ configuration: ObjectiveConfiguration) {}

  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let target = try network.network.prepared(network.images, in: &network.graph)
    let output = try network.apply(to: network.images)
    return ObjectiveValue(loss: try network.meanSquare(network.graph.subtract(output, target)))
  }
}

extension TrainingGraph {
  /// The mean of all squares, of shape `[]`.
  package mutating func meanSquare(_ value: Graph.Value) throws -> Graph.Value {
    let count = graph.shape(of: value).count
    return try graph.multiply(squaredNorm(value), graph.constant(1 / Float(max(1, count))))
  }
}
