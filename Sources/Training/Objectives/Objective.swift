import Graph

/// What training makes small. An objective only builds graph nodes; the trainer differentiates them with respect to the
/// weights, so an objective may itself contain gradients.
package protocol Objective: Sendable {
  /// What `--objective` calls it.
  static var id: String { get }
  /// One sentence for lists, saying what the strength is.
  static var summary: String { get }

  init(_ configuration: ObjectiveConfiguration) throws

  /// Appends the loss of one batch.
  /// - Returns: a loss of shape `[]`, and what is to be reported.
  func build(_ network: inout TrainingGraph) throws -> ObjectiveValue
}

/// What an objective builds.
package struct ObjectiveValue: Sendable {
  /// Of shape `[]`.
  package var loss: Graph.Value
  /// `[N, K]`, from which the training accuracy is counted; nil where there are no classes.
  package var logits: Graph.Value?

  package init(loss: Graph.Value, logits: Graph.Value? = nil) {
    self.loss = loss
    self.logits = logits
  }
}
