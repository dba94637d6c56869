import BenchCore
import Graph
import Tensor

/// A network that is trained: layers as everywhere, its tensors as inputs of the graph, batch normalisation with the batch's
/// statistics.
public struct TrainableNetwork: Sendable {
  /// The architecture's name, or what the network is called in messages.
  public let name: String
  /// `[C, H, W]`.
  public let inputShape: Shape
  public let preprocessing: Preprocessing
  public let layers: [Layer]
  /// In the order in which they are saved.
  public let tensors: [FreshTensor]
  private let shapes: WeightSource

  /// A new network of a built-in architecture.
  /// - Parameters:
  ///   - architecture: one of `architectures`, perhaps with `-softplus`.
  ///   - preprocessing: nil for none.
  /// - Throws: `ModelError`.
  public init(architecture: String, _ size: NetworkSize, preprocessing: Preprocessing? = nil) throws {
    let tensors = try ArchitectureLookup.freshTensors(architecture, size).list
    guard tensors.allSatisfy({ $0.shape.dimensions.allSatisfy { $0 > 0 } }) else {
      throw ModelError.imagesTooSmall(name: architecture, image: size.inputShape.dimensions)
    }
    let shapes = Self.shapes(tensors, architecture)
    let layers = try ArchitectureLookup.network(named: architecture, shapes, imageShape: size.inputShape).layers
    self.init(
      name: architecture, inputShape: size.inputShape, preprocessing: preprocessing, layers: layers, tensors: tensors)
  }

  /// A network of given layers, whose tensors must be those the layers ask for.
  public init(
    name: String, inputShape: Shape, preprocessing: Preprocessing? = nil, layers: [Layer], tensors: [FreshTensor]
  ) {
    self.name = name
    self.inputShape = inputShape
    self.preprocessing = preprocessing ?? .identity(channels: inputShape.dimensions.first ?? 0)
    self.layers = layers
    self.tensors = tensors
    shapes = Self.shapes(tensors, name)
  }

  /// Names of the architectures that can be made anew.
  public static var architectures: [String] { ArchitectureLookup.trainableNames }

  /// Appends the network in training mode.
  /// - Parameters:
  ///   - images: `[N, C, H, W]` in pixel units.
  ///   - parameters: a value for each trained tensor, by name.
  /// - Returns: the output, and the statistics of each batch normalisation in order.
  /// - Throws: `ModelError`, `GraphError`.
  public func apply(
    to images: Graph.Value, parameters: [String: Graph.Value], in graph: inout Graph
  ) throws -> (output: Graph.Value, statistics: [BatchStatistics]) {
    let prepared = try graph.normalised(images, preprocessing)
    var builder = LayerBuilder(graph: graph, value: prepared, weights: shapes, parameters: parameters)
    try builder.append(layers, path: "layers")
    graph = builder.graph
    return (builder.value, builder.statistics)
  }

  /// The images as the first layer sees them.
  /// - Parameter images: `[N, C, H, W]` in pixel units.
  /// - Throws: `ModelError.preprocessing` where it does not fit their channels.
  public func normalised(_ images: Graph.Value, in graph: inout Graph) throws -> Graph.Value {
    try graph.normalised(images, preprocessing)
  }

  private static func shapes(_ tensors: [FreshTensor], _ name: String) -> WeightSource {
    WeightSource(file: name, shapes: tensors.map { ($0.name, $0.shape.dimensions) })
  }
}
