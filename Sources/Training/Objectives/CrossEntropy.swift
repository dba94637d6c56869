import Graph

/// Mean over the batch of -log softmax(f(x))_y: training without a robustness objective.
package struct CrossEntropy: Objective {
  package static let id = "cross-entropy"
  package static let summary = "no robustness objective; has no strength"

  package init(_ configuration: ObjectiveConfiguration) {}

  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let logits = try network.apply(to: network.images)
    return ObjectiveValue(loss: try network.crossEntropy(logits), logits: logits)
  }
}
