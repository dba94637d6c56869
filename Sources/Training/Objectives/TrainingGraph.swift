import Graph
import Networks
import Tensor

/// The graph of one training step, as an objective sees it: the batch, the network to be applied to anything any number of
/// times, and noise.
///
/// Every application is one in PyTorch's training mode, unless statistics are frozen: batch normalisation uses the statistics of its own
/// batch, and they enter the running statistics, one application after the other.
package struct TrainingGraph: Sendable {
  package var graph = Graph()
  /// Images in the batch.
  package let batch: Int
  /// `[N, C, H, W]` in pixel units, augmented.
  package let images: Graph.Value
  package let network: TrainableNetwork
  /// Zero for a network without classes.
  package let classCount: Int
  /// Whether every application is one in PyTorch's inference mode, with running mean 0 and variance 1 for good.
  let freezesStatistics: Bool

  /// Values of the trained tensors, by name.
  let parameters: [String: Graph.Value]
  private(set) var statistics: [BatchStatistics] = []
  private(set) var noises: [Noise] = []
  private var inputs: [String: Graph.Value] = [:]

  /// Numbers that are drawn anew in every step.
  struct Noise: Sendable {
    let input: String
    let distribution: NoiseDistribution
    /// Numbers of one image.
    let count: Int
  }

  static let imagesInput = "images"
  static let labelsInput = "labels"
  static let directionsInput = "directions"

  static func input(ofParameter name: String) -> String { "parameter/\(name)" }

  /// Each trained tensor is an input of its own.
  init(_ network: TrainableNetwork, batch: Int, classCount: Int, freezesStatistics: Bool = false) {
    self.init(network, batch: batch, classCount: classCount, freezesStatistics: freezesStatistics) { graph in
      network.tensors.filter(\.isTrained).reduce(into: [:]) { parameters, tensor in
        parameters[tensor.name] = graph.input(Self.input(ofParameter: tensor.name), tensor.shape)
      }
    }
  }

  /// - Parameter parameters: makes a value for each trained tensor, by name.
  init(
    _ network: TrainableNetwork, batch: Int, classCount: Int, freezesStatistics: Bool,
    parameters: (inout Graph) throws -> [String: Graph.Value]
  ) rethrows {
    self.freezesStatistics = freezesStatistics
    self.network = network
    self.batch = batch
    self.classCount = classCount
    images = graph.input(Self.imagesInput, network.inputShape.prepending(batch))
    self.parameters = try parameters(&graph)
  }

  /// The network's output for `images` `[N, C, H, W]`.
  package mutating func apply(to images: Graph.Value) throws -> Graph.Value {
    let (output, statistics) = try network.apply(
      to: images, parameters: parameters, freezesStatistics: freezesStatistics, in: &graph)
    self.statistics += statistics
    return output
  }

  /// `[N, K]`: 1 at each image's class, else 0.
  package mutating func labels() -> Graph.Value { input(Self.labelsInput, [batch, classCount]) }

  /// `[N, C, H, W]`: a direction that the trainer was given for each image.
  package mutating func directions() -> Graph.Value {
    input(Self.directionsInput, network.inputShape.prepending(batch))
  }

  /// Independent numbers of the shape of `value`, whose first axis is the batch.
  /// - Parameter name: what they are for; each name is a random stream of its own.
  package mutating func noise(_ name: String, _ distribution: NoiseDistribution, like value: Graph.Value) -> Graph.Value
  {
    let shape = graph.shape(of: value)
    precondition(shape.dimensions.first == batch, "noise belongs to the images of the batch")
    let input = "noise/\(name)"
    if inputs[input] == nil {
      noises.append(Noise(input: input, distribution: distribution, count: shape.droppingFirst.count))
    }
    return self.input(input, shape)
  }

  /// Whether the objective asked for `directions`.
  var usesDirections: Bool { inputs[Self.directionsInput] != nil }

  private mutating func input(_ name: String, _ shape: Shape) -> Graph.Value {
    if let known = inputs[name] { return known }
    let value = graph.input(name, shape)
    inputs[name] = value
    return value
  }
}

package enum NoiseDistribution: Sendable, Equatable {
  /// Standard normal.
  case normal
  /// In (0, 1).
  case uniform
}
