import Graph
import Networks
import Tensor

/// One batch of the training of a generator of ways (VR-GAN; Bigolin Lanfredi et al. 2019): a generator G, whose K output images are the ways
/// from x to every class, against a critic D, a classifier. With y the label, t another class drawn for each image, and CE the mean cross-entropy,
///
///     critic:     CE(D(x), y) + 0.01 CE(D(x + G_t(x)), y)
///     generator:  0.3 CE(D(x + G_t(x)), t) + 0.5 mean_i |G_t(x_i)| / sqrt(pixels)
///
/// The paper's weights. Lengths are in units of the training images' standard deviation, where the paper's are in [-1, 1]. Its generator is told
/// both classes and answers with one image; this one answers for all classes at once. The critic's batch normalisation is frozen.
struct GeneratorGraph {
  static let (fakeWeight, goalWeight, lengthWeight): (Float, Float, Float) = (0.01, 0.3, 0.5)
  static let (imagesInput, labelsInput, goalsInput) = ("images", "labels", "goals")
  /// Of the critic's tensors, in the state and in the graph.
  static let criticPrefix = "critic."

  private(set) var graph = Graph()
  private let batch: Int
  private let classCount: Int
  private let images: Graph.Value
  private let labels: Graph.Value
  private let goals: Graph.Value
  private let generator: TrainableNetwork
  private let critic: TrainableNetwork
  private let generatorParameters: [String: Graph.Value]
  private let criticParameters: [String: Graph.Value]

  init(_ generator: TrainableNetwork, _ critic: TrainableNetwork, batch: Int, classCount: Int) {
    (self.generator, self.critic, self.batch, self.classCount) = (generator, critic, batch, classCount)
    images = graph.input(Self.imagesInput, generator.inputShape.prepending(batch))
    labels = graph.input(Self.labelsInput, [batch, classCount])
    goals = graph.input(Self.goalsInput, [batch, classCount])
    func inputs(_ network: TrainableNetwork, _ prefix: String, _ graph: inout Graph) -> [String: Graph.Value] {
      var values: [String: Graph.Value] = [:]
      for tensor in network.tensors where tensor.isTrained {
        values[tensor.name] = graph.input(TrainingGraph.input(ofParameter: prefix + tensor.name), tensor.shape)
      }
      return values
    }
    generatorParameters = inputs(generator, "", &graph)
    criticParameters = inputs(critic, Self.criticPrefix, &graph)
  }

  /// The critic's loss and its derivatives, in the order of its trained tensors.
  mutating func criticOutputs() throws -> [Graph.Value] {
    let fake = try graph.stopGradient(moved().images)
    let real = try crossEntropy(judged(images), labels)
    let loss = try graph.add(
      real, graph.multiply(crossEntropy(judged(fake), labels), graph.constant(Self.fakeWeight)))
    return try [loss] + gradients(of: loss, critic, criticParameters)
  }

  /// The generator's loss and its derivatives, in the order of its trained tensors.
  mutating func generatorOutputs() throws -> [Graph.Value] {
    let (fake, way) = try moved()
    let goal = try graph.multiply(crossEntropy(judged(fake), goals), graph.constant(Self.goalWeight))
    // A length of 0 has no derivative; the images' own are of order 1 here.
    let squares = try graph.add(
      graph.multiply(
        graph.sum(graph.multiply(way, way), axes: [1]), graph.constant(1 / Float(generator.inputShape.count))),
      graph.constant(1e-12))
    let lengths = try graph.reshape(graph.sum(graph.squareRoot(squares), axes: [0, 1]), to: [])
    let loss = try graph.add(
      goal, graph.multiply(lengths, graph.constant(Self.lengthWeight / Float(batch))))
    return try [loss] + gradients(of: loss, generator, generatorParameters)
  }

  private mutating func gradients(
    of loss: Graph.Value, _ network: TrainableNetwork, _ parameters: [String: Graph.Value]
  ) throws -> [Graph.Value] {
    let trained = network.tensors.filter(\.isTrained).compactMap { parameters[$0.name] }
    return try graph.gradient(of: loss, withRespectTo: trained)
  }

  /// x + G_t(x) in pixel units, and G_t(x) in normalised ones, `[N, pixels]`.
  private mutating func moved() throws -> (images: Graph.Value, way: Graph.Value) {
    let size = generator.inputShape.count
    let output = try generator.apply(to: images, parameters: generatorParameters, in: &graph).output
    let ways = try graph.reshape(output, to: [batch, classCount, size])
    let chosen = try graph.multiply(ways, graph.reshape(goals, to: [batch, classCount, 1]))
    let way = try graph.reshape(graph.sum(chosen, axes: [1]), to: [batch, size])
    let deviations = Tensor(
      shape: [1, generator.inputShape[0], 1, 1], scalars: generator.preprocessing.std)
    let inPixels = try graph.multiply(
      graph.reshape(way, to: generator.inputShape.prepending(batch)), graph.constant(deviations))
    return (try graph.add(images, inPixels), way)
  }

  private mutating func judged(_ images: Graph.Value) throws -> Graph.Value {
    try critic.apply(to: images, parameters: criticParameters, freezesStatistics: true, in: &graph).output
  }

  private mutating func crossEntropy(_ logits: Graph.Value, _ classes: Graph.Value) throws -> Graph.Value {
    let chosen = try graph.multiply(classes, graph.logSoftmax(logits))
    let sum = try graph.reshape(graph.sum(chosen, axes: [0, 1]), to: [])
    return try graph.multiply(sum, graph.constant(-1 / Float(batch)))
  }
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
    for (name, values) in inputs {
      guard let buffer = try workspace.inputBuffer(name) else { continue }
      _ = buffer.update(from: values)
    }
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
