import Graph
import Networks
import Tensor

/// One step's program: an objective's loss, the derivatives of it with respect to every weight, and the batches' statistics. Weights come from
/// this machine's memory, and gradients go there.
final class TrainingStep {
  /// Of its own, and not a pool's: `WorkspacePool` lends one for the length of a call, while here the inputs are filled by one caller
  /// (`BatchLoader`), the run is another's, and its outputs are read by a third.
  let workspace: any Workspace
  let inputs: StepInputs
  let hasLogits: Bool
  private let parameterNames: [String]
  private let statistics: [BatchStatistics]
  /// Of the last run.
  private var outputs: [UnsafeBufferPointer<Float>] = []

  /// - Throws: `ModelError`, `GraphError`.
  init(
    _ network: TrainableNetwork, _ objective: any Objective, batch: Int, classCount: Int,
    freezesStatistics: Bool = false, threads: Int
  ) throws {
    let step = try StepGraph(
      TrainingGraph(network, batch: batch, classCount: classCount, freezesStatistics: freezesStatistics), objective)
    parameterNames = network.tensors.filter(\.isTrained).map(\.name)
    (statistics, inputs, hasLogits) = (step.statistics, step.inputs, step.logits != nil)
    // Without logits the loss stands in their place, so that the positions are always the same.
    let outputs =
      [step.loss, step.logits ?? step.loss] + step.gradients + statistics.flatMap { [$0.mean, $0.variance] }
    let program = try Engine.backend.compile(step.graph, outputs: outputs)
    try program.checkMemory(ofStep: network.name, images: batch, threads: threads)
    workspace = try program.makeWorkspace(threads: threads)
  }

  /// - Throws: what the backend throws.
  func run(with state: NetworkState) throws {
    for name in parameterNames {
      try state.values[name]?.withUnsafeBufferPointer {
        try workspace.set(TrainingGraph.input(ofParameter: name), to: $0)
      }
    }
    try workspace.run()
    outputs = try workspace.program.outputShapes.indices.map { try workspace.outputBuffer($0) }
  }

  // Results of the last run; not to be asked for before the first.

  var loss: Float { outputs[0][0] }

  /// `[N, K]`.
  var logits: UnsafeBufferPointer<Float> { outputs[1] }

  /// The derivative with respect to each trained tensor, in their order.
  var gradients: [(name: String, values: UnsafeBufferPointer<Float>)] {
    parameterNames.enumerated().map { ($0.element, outputs[2 + $0.offset]) }
  }

  /// Lets all batches' statistics enter the running ones, in the order in which the network was applied.
  func track(in state: inout NetworkState) {
    let first = 2 + parameterNames.count
    for (index, batch) in statistics.enumerated() {
      state.track(
        batch.layer, mean: outputs[first + 2 * index],
        variance: outputs[first + 2 * index + 1], count: batch.count)
    }
  }
}
