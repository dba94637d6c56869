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

  /// Each trained tensor is an input of its own.
  init(_ generator: TrainableNetwork, _ critic: TrainableNetwork, batch: Int, classCount: Int) {
    self.init(generator, critic, batch: batch, classCount: classCount) { network, prefix, graph in
      network.tensors.filter(\.isTrained).reduce(into: [:]) { values, tensor in
        values[tensor.name] = graph.input(TrainingGraph.input(ofParameter: prefix + tensor.name), tensor.shape)
      }
    }
  }

  /// - Parameter parameters: makes a value for each trained tensor of a network, by its name without the prefix.
  init(
    _ generator: TrainableNetwork, _ critic: TrainableNetwork, batch: Int, classCount: Int,
    parameters: (TrainableNetwork, _ prefix: String, inout Graph) throws -> [String: Graph.Value]
  ) rethrows {
    (self.generator, self.critic, self.batch, self.classCount) = (generator, critic, batch, classCount)
    images = graph.input(Self.imagesInput, generator.inputShape.prepending(batch))
    labels = graph.input(Self.labelsInput, [batch, classCount])
    goals = graph.input(Self.goalsInput, [batch, classCount])
    generatorParameters = try parameters(generator, "", &graph)
    criticParameters = try parameters(critic, Self.criticPrefix, &graph)
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
