import Graph
import Networks
import Tensor

/// What computes the two steps of a generator's training, and what they change; see `StepComputation`.
protocol GeneratorComputation: AnyObject {
  func begin(with state: NetworkState) throws

  /// A step of one of the networks against the other.
  /// - Parameter inputs: by name.
  /// - Returns: the loss, and the length of the gradient before clipping.
  func run(
    _ network: GeneratorPart, _ inputs: [String: [Float]], _ rates: StepRates, changing state: inout NetworkState
  ) throws -> (loss: Float, norm: Double)

  func end(_ state: inout NetworkState) throws
}

/// In the order in which they are trained.
enum GeneratorPart: CaseIterable {
  case critic, generator
}

extension GeneratorGraph {
  /// A loss, then its derivatives.
  mutating func outputs(of part: GeneratorPart) throws -> [Graph.Value] {
    switch part {
    case .critic: try criticOutputs()
    case .generator: try generatorOutputs()
    }
  }
}

extension Workspace {
  /// - Parameter inputs: by name; those that the program does not need are passed over.
  func fill(_ inputs: [String: [Float]]) throws {
    for (name, values) in inputs {
      guard let buffer = try inputBuffer(name) else { continue }
      _ = buffer.update(from: values)
    }
  }
}

/// Steps whose state is in this machine's memory.
final class HostGeneratorSteps: GeneratorComputation {
  private let steps: [GeneratorPart: GeneratorStep]
  private let optimizer: any Optimizer
  private let clipping: Double?

  /// - Throws: `ModelError.memory`, `GraphError`.
  init(
    _ generator: TrainableNetwork, _ critic: TrainableNetwork, classCount: Int, _ configuration: TrainingConfiguration,
    threads: Int
  ) throws {
    let graph = GeneratorGraph(generator, critic, batch: configuration.batch, classCount: classCount)
    let made = generator.tensors.filter(\.isTrained).map(\.name)
    let judging = critic.tensors.filter(\.isTrained).map { GeneratorGraph.criticPrefix + $0.name }
    var steps: [GeneratorPart: GeneratorStep] = [:]
    for part in GeneratorPart.allCases {
      var building = graph
      let outputs = try building.outputs(of: part)
      steps[part] = try GeneratorStep(
        building.graph, outputs: outputs, trained: part == .critic ? judging : made, parameters: made + judging,
        network: generator.name, batch: configuration.batch, threads: threads)
    }
    self.steps = steps
    (optimizer, clipping) = (configuration.optimizer.optimizer, configuration.gradientClipping)
  }

  func begin(with state: NetworkState) {}

  func run(
    _ network: GeneratorPart, _ inputs: [String: [Float]], _ rates: StepRates, changing state: inout NetworkState
  ) throws -> (loss: Float, norm: Double) {
    guard let step = steps[network] else { preconditionFailure("no step of \(network)") }
    let (loss, gradients) = try step.run(inputs, with: state)
    let norm = gradients.reduce(0.0) { $0 + $1.reduce(0.0) { $0 + Double($1) * Double($1) } }.squareRoot()
    guard loss.isFinite, norm.isFinite else { return (loss, norm) }
    optimizer.update(&state, Array(zip(step.trained, gradients)), norm: norm, clipping: clipping, rates)
    return (loss, norm)
  }

  func end(_ state: inout NetworkState) {}
}

/// A compiled loss with its derivatives with respect to one network's weights, of which both networks' are inputs.
final class GeneratorStep {
  private let workspace: any Workspace
  /// As the state calls what is trained here, in order.
  let trained: [String]
  private let parameters: [String]

  /// - Parameters:
  ///   - outputs: a loss, then its derivatives.
  ///   - parameters: names of all trained tensors of both networks, in the state.
  /// - Throws: `ModelError.memory`, `GraphError`.
  init(
    _ graph: Graph, outputs: [Graph.Value], trained: [String], parameters: [String], network: String, batch: Int,
    threads: Int
  ) throws {
    let program = try Engine.backend.compile(graph, outputs: outputs)
    try program.checkMemory(ofStep: network, images: batch, threads: threads)
    workspace = try program.makeWorkspace(threads: threads)
    (self.trained, self.parameters) = (trained, parameters)
  }

  /// - Parameter inputs: by name.
  /// - Returns: the loss, and the derivative with respect to each of `trained`; valid until the next run.
  func run(
    _ inputs: [String: [Float]], with state: NetworkState
  ) throws -> (loss: Float, gradients: [UnsafeBufferPointer<Float>]) {
    try workspace.fill(inputs)
    for name in parameters {
      // A network of which nothing is left in this loss has no input.
      guard try workspace.inputBuffer(TrainingGraph.input(ofParameter: name)) != nil else { continue }
      try state.values[name]?.withUnsafeBufferPointer {
        try workspace.set(TrainingGraph.input(ofParameter: name), to: $0)
      }
    }
    try workspace.run()
    let buffers = try workspace.program.outputShapes.indices.map { try workspace.outputBuffer($0) }
    return (buffers[0][0], Array(buffers.dropFirst()))
  }
}
