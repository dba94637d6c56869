import Graph

/// Mean over the batch of -log softmax(f(x))_y: training without a robustness objective.
public struct CrossEntropy: Objective {
  public static let id = "cross-entropy"
  public static let summary = "no robustness objective; has no strength"

  public init(_ configuration: ObjectiveConfiguration) {}

  public func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let logits = try network.apply(to: network.images)
    return ObjectiveValue(loss: try network.crossEntropy(logits), logits: logits)
  }
}
