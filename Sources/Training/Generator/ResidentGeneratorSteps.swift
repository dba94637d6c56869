import Graph
import Networks
import Tensor

/// Steps of a generator and its critic whose states stay on a device, as those of `ResidentSteps` do: both steps read both networks, and each
/// replaces one.
final class ResidentGeneratorSteps: GeneratorComputation {
  private let resident: any ResidentTensors
  private let weights: [GeneratorPart: ResidentWeights]
  private let workspaces: [GeneratorPart: any Workspace]

  /// - Parameter state: of both networks; any will do, for every epoch begins with one.
  /// - Throws: `ModelError.memory`, `GraphError`.
  init(
    _ generator: TrainableNetwork, _ critic: TrainableNetwork, classCount: Int, _ configuration: TrainingConfiguration,
    state: NetworkState, threads: Int, in resident: any ResidentTensors
  ) throws {
    let optimizer = configuration.optimizer.optimizer
    var weights: [GeneratorPart: ResidentWeights] = [:]
    let graph = try GeneratorGraph(generator, critic, batch: configuration.batch, classCount: classCount) {
      network, prefix, graph in
      let made = try ResidentWeights(
        network.tensors.map { $0.prefixed(prefix) }, prefix: prefix, optimizer: optimizer, in: &graph)
      weights[prefix.isEmpty ? .generator : .critic] = made
      return made.parameters
    }
    try resident.store(weights.values.reduce(into: [:]) { $0.merge($1.vectors(of: state)) { $1 } })
    var workspaces: [GeneratorPart: any Workspace] = [:]
    for part in GeneratorPart.allCases {
      var building = graph
      let outputs = try building.outputs(of: part)
      var step = building.graph
      guard
        let (norm, replacing) = try weights[part]?.step(
          Array(outputs.dropFirst()), clipping: configuration.gradientClipping, in: &step)
      else { continue }
      let program = try Engine.backend.compile(step, outputs: [outputs[0], norm] + replacing.map(\.value))
      try program.checkMemory(ofStep: generator.name, images: configuration.batch, threads: threads)
      workspaces[part] = try resident.makeWorkspace(
        of: program,
        replacing: Dictionary(uniqueKeysWithValues: replacing.enumerated().map { (2 + $0.offset, $0.element.name) }))
    }
    (self.resident, self.weights, self.workspaces) = (resident, weights, workspaces)
  }

  func begin(with state: NetworkState) throws {
    try resident.store(weights.values.reduce(into: [:]) { $0.merge($1.vectors(of: state)) { $1 } })
  }

  func run(
    _ network: GeneratorPart, _ inputs: [String: [Float]], _ rates: StepRates, changing state: inout NetworkState
  ) throws -> (loss: Float, norm: Double) {
    guard let workspace = workspaces[network], let weights = weights[network] else {
      preconditionFailure("no step of \(network)")
    }
    try workspace.fill(inputs.merging([weights.ratesInput: weights.coefficients(rates)]) { $1 })
    try workspace.run()
    return (try workspace.outputBuffer(0)[0], Double(try workspace.outputBuffer(1)[0]))
  }

  func end(_ state: inout NetworkState) throws {
    for weights in weights.values { weights.take(try resident.fetch(weights.names), into: &state) }
  }
}
