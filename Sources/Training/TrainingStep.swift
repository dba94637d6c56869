import Graph
import Networks
import Tensor

/// One step's program: an objective's loss, the derivatives of it with respect to every weight, and the batches' statistics.
final class TrainingStep {
  let workspace: Workspace
  let noises: [TrainingGraph.Noise]
  let usesDirections: Bool
  let hasLogits: Bool
  private let parameterNames: [String]
  private let statistics: [BatchStatistics]

  /// - Throws: `ModelError`, `GraphError`.
  init(_ network: TrainableNetwork, _ objective: any Objective, batch: Int, classCount: Int, threads: Int) throws {
    var building = TrainingGraph(network, batch: batch, classCount: classCount)
    let value = try objective.build(&building)
    precondition(building.graph.shape(of: value.loss).rank == 0, "an objective's loss is one number")
    parameterNames = network.tensors.filter(\.isTrained).map(\.name)
    let parameters = parameterNames.compactMap { building.parameters[$0] }
    let gradients = try building.graph.gradient(of: value.loss, withRespectTo: parameters)
    statistics = building.statistics
    noises = building.noises
    usesDirections = building.usesDirections
    hasLogits = value.logits != nil
    // Without logits the loss stands in their place, so that the positions are always the same.
    let outputs =
      [value.loss, value.logits ?? value.loss] + gradients + statistics.flatMap { [$0.mean, $0.variance] }
    let program = try Program(building.graph, outputs: outputs)
    try program.checkMemory(ofStep: network.name, images: batch, threads: threads)
    workspace = Workspace(program, threads: threads)
  }

  func run(with state: NetworkState) {
    for name in parameterNames {
      state.values[name]?.withUnsafeBufferPointer { workspace.set(TrainingGraph.input(ofParameter: name), to: $0) }
    }
    workspace.run()
  }

  var loss: Float { workspace.outputBuffer(0)[0] }

  /// `[N, K]`.
  var logits: UnsafeBufferPointer<Float> { workspace.outputBuffer(1) }

  /// The derivative with respect to each trained tensor, in their order.
  var gradients: [(name: String, values: UnsafeBufferPointer<Float>)] {
    parameterNames.enumerated().map { ($0.element, workspace.outputBuffer(2 + $0.offset)) }
  }

  /// Lets all batches' statistics enter the running ones, in the order in which the network was applied.
  func track(in state: inout NetworkState) {
    let first = 2 + parameterNames.count
    for (index, batch) in statistics.enumerated() {
      state.track(
        batch.layer, mean: workspace.outputBuffer(first + 2 * index),
        variance: workspace.outputBuffer(first + 2 * index + 1), count: batch.count)
    }
  }
}
