import Graph
import Networks
import Tensor

/// Steps whose state stays on a device: each is one graph, from a batch to new weights, optimizer's memories and running statistics, which take
/// the place of the old ones there. The state travels at the start and the end of an epoch.
///
/// Two workspaces take turns: while one is computed, the next batch is prepared in the other.
final class ResidentSteps: StepComputation {
  let inputs: StepInputs
  let hasLogits: Bool
  private var workspaces: [any Workspace] = []
  private let resident: any ResidentTensors
  private let weights: ResidentWeights
  /// Nil where nothing is normalised by batches, or their statistics are frozen.
  private let statistics: ResidentStatistics?
  /// Whose batches are counted in every step.
  private let counted: [String]

  /// - Parameter state: of this network and optimizer; any will do, for every epoch begins with one.
  /// - Throws: `ModelError`, `GraphError`.
  init(
    _ network: TrainableNetwork, _ objective: any Objective, batch: Int, classCount: Int, freezesStatistics: Bool,
    optimizer: any Optimizer, clipping: Double?, state: NetworkState, threads: Int, in resident: any ResidentTensors
  ) throws {
    var weights: ResidentWeights?
    let building = try TrainingGraph(
      network, batch: batch, classCount: classCount, freezesStatistics: freezesStatistics
    ) { graph in
      let made = try ResidentWeights(network.tensors, optimizer: optimizer, in: &graph)
      weights = made
      return made.parameters
    }
    guard let weights else { preconditionFailure("a training graph without weights") }
    var step = try StepGraph(building, objective)
    let (norm, replaced) = try weights.step(step.gradients, clipping: clipping, in: &step.graph)
    var replacing = replaced
    var statistics: ResidentStatistics?
    if !freezesStatistics, let running = ResidentStatistics(network.tensors, in: &step.graph) {
      replacing.append((ResidentStatistics.name, try running.step(step.statistics, in: &step.graph)))
      statistics = running
    }
    let read = [step.loss, norm] + [step.logits].compactMap { $0 }
    let program = try Engine.backend.compile(step.graph, outputs: read + replacing.map(\.value))
    try program.checkMemory(ofStep: network.name, images: batch, threads: threads)
    (self.resident, self.weights, self.statistics) = (resident, weights, statistics)
    (inputs, hasLogits, counted) = (step.inputs, step.logits != nil, step.statistics.map(\.layer))
    try begin(with: state)
    let places = Dictionary(
      uniqueKeysWithValues: replacing.enumerated().map { (read.count + $0.offset, $0.element.name) })
    workspaces = try (0..<2).map { _ in try resident.makeWorkspace(of: program, replacing: places) }
  }

  func workspace(ofStep index: Int) -> any Workspace { workspaces[index % workspaces.count] }

  func begin(with state: NetworkState) throws {
    try resident.store(weights.vectors(of: state).merging(statistics?.vectors(of: state) ?? [:]) { $1 })
  }

  func run(
    step index: Int, _ rates: StepRates, changing state: inout NetworkState, meanwhile: @Sendable () throws -> Void
  ) throws -> (loss: Float, norm: Double) {
    let workspace = workspace(ofStep: index)
    try weights.coefficients(rates).withUnsafeBufferPointer { try workspace.set(weights.ratesInput, to: $0) }
    let here = LentWorkspace(workspace: workspace)
    try Workers.forEachBlock(of: 2, blockSize: 1, threads: 2) { range, _ in
      if range.lowerBound == 0 { try here.workspace.run() } else { try meanwhile() }
    }
    for layer in counted { state.countBatch(of: layer) }
    return (try workspace.outputBuffer(0)[0], Double(try workspace.outputBuffer(1)[0]))
  }

  func logits(ofStep index: Int) throws -> UnsafeBufferPointer<Float> { try workspace(ofStep: index).outputBuffer(2) }

  func end(_ state: inout NetworkState) throws {
    let vectors = try resident.fetch(weights.names + (statistics == nil ? [] : [ResidentStatistics.name]))
    weights.take(vectors, into: &state)
    statistics?.take(vectors, into: &state)
  }
}
