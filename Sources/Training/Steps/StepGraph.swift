import Graph
import Networks

/// What every step computes, wherever that is: an objective's loss, its derivative with respect to each trained tensor, and the batches'
/// statistics.
struct StepGraph {
  var graph: Graph
  let loss: Graph.Value
  /// `[N, K]`; nil where there are no classes.
  let logits: Graph.Value?
  /// In the order of the trained tensors.
  let gradients: [Graph.Value]
  /// In the order in which the network was applied.
  let statistics: [BatchStatistics]
  let inputs: StepInputs

  /// - Throws: `ModelError`, `GraphError`.
  init(_ building: TrainingGraph, _ objective: any Objective) throws {
    var building = building
    let value = try objective.build(&building)
    precondition(building.graph.shape(of: value.loss).rank == 0, "an objective's loss is one number")
    let trained = building.network.tensors.filter(\.isTrained).compactMap { building.parameters[$0.name] }
    gradients = try building.graph.gradient(of: value.loss, withRespectTo: trained)
    (loss, logits) = (value.loss, value.logits)
    statistics = building.statistics
    inputs = StepInputs(noises: building.noises, usesDirections: building.usesDirections)
    graph = building.graph
  }
}

/// What has to be filled for a step beside images and labels.
struct StepInputs: Sendable {
  let noises: [TrainingGraph.Noise]
  let usesDirections: Bool
}
