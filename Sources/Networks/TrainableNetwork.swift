import BenchCore
import Checkpoints
import Graph
import JSON
import Tensor

/// A network that is trained: layers as everywhere, its tensors as inputs of the graph, batch normalisation with the batch's
/// statistics.
package struct TrainableNetwork: Sendable {
  /// The architecture's name, or what the network is called in messages.
  package let name: String
  /// `[C, H, W]`.
  package let inputShape: Shape
  package let preprocessing: Preprocessing
  /// Whether pixels are limited to [0, 1] before they are normalised.
  package let clampsInput: Bool
  package let layers: [Layer]
  /// In the order in which they are saved.
  package let tensors: [FreshTensor]
  /// Whether `name` is a built-in architecture's, which makes these layers of these tensors.
  private let isBuiltin: Bool
  private let shapes: WeightSource

  /// A new network of a built-in architecture.
  /// - Parameters:
  ///   - architecture: one of `architectures`, perhaps with `-softplus`.
  ///   - preprocessing: nil for none.
  /// - Throws: `ModelError`.
  package init(architecture: String, _ size: NetworkSize, preprocessing: Preprocessing? = nil) throws {
    var seen = size
    if let problem = preprocessing?.resizeProblem { throw ModelError.resize(problem: problem) }
    if let preprocessing { seen.inputShape = preprocessing.resized(size.inputShape) }
    let tensors = try ArchitectureLookup.freshTensors(architecture, seen).list
    guard tensors.allSatisfy({ $0.shape.dimensions.allSatisfy { $0 > 0 } }) else {
      throw ModelError.imagesTooSmall(name: architecture, image: seen.inputShape.dimensions)
    }
    let shapes = Self.shapes(tensors, architecture)
    let layers = try ArchitectureLookup.network(named: architecture, shapes, imageShape: seen.inputShape).layers
    self.init(
      name: architecture, inputShape: size.inputShape, preprocessing: preprocessing, layers: layers, tensors: tensors)
  }

  /// A network of given layers, whose tensors must be those the layers ask for.
  package init(
    name: String, inputShape: Shape, preprocessing: Preprocessing? = nil, clampsInput: Bool = false, layers: [Layer],
    tensors: [FreshTensor]
  ) {
    self.name = name
    self.inputShape = inputShape
    self.preprocessing = preprocessing ?? .identity(channels: inputShape.dimensions.first ?? 0)
    self.clampsInput = clampsInput
    self.layers = layers
    self.tensors = tensors
    shapes = Self.shapes(tensors, name)
    let named = try? ArchitectureLookup.network(
      named: name, shapes, imageShape: self.preprocessing.resized(inputShape))
    isBuiltin = named?.layers == layers
  }

  /// Names of the architectures that can be made anew.
  package static var architectures: [String] { ArchitectureLookup.trainableNames }

  /// What a description says of it: a built-in architecture's name where that makes the same layers of the tensors, else the
  /// layers.
  package var architecture: JSONValue {
    get throws(JSONError) {
      isBuiltin ? .string(name) : try JSONDecoding.parse(JSONEncoding.encode(layers), source: name)
    }
  }

  /// The tensors as a checkpoint holds them. That pixels are limited to [0, 1] is said by the robustness library's form alone:
  /// the network as `model.*`, beside its normaliser.
  /// - Parameter values: of `tensors`.
  package func checkpoint(_ values: [TensorToWrite]) -> [TensorToWrite] {
    guard clampsInput else { return values }
    let channels = [preprocessing.mean.count, 1, 1]
    return values.map { TensorToWrite(name: "model.\($0.name)", dtype: $0.dtype, shape: $0.shape, data: $0.data) } + [
      TensorToWrite(name: "normalizer.new_mean", shape: channels, floats: preprocessing.mean),
      TensorToWrite(name: "normalizer.new_std", shape: channels, floats: preprocessing.std),
    ]
  }

  /// Appends the network in training mode.
  /// - Parameters:
  ///   - images: `[N, C, H, W]` in pixel units.
  ///   - parameters: a value for each trained tensor, by name.
  ///   - freezesStatistics: whether batch normalisation keeps the running statistics that it begins with, mean 0 and variance 1, as
  ///     PyTorch's `eval()` does: scale and shift alone are trained.
  /// - Returns: the output, and the statistics of each batch normalisation in order: none where they are frozen.
  /// - Throws: `ModelError`, `GraphError`.
  package func apply(
    to images: Graph.Value, parameters: [String: Graph.Value], freezesStatistics: Bool = false, in graph: inout Graph
  ) throws -> (output: Graph.Value, statistics: [BatchStatistics]) {
    let prepared = try prepared(images, in: &graph)
    var parameters = parameters
    if freezesStatistics {
      for tensor in tensors where tensor.role == .runningMean || tensor.role == .runningVariance {
        parameters[tensor.name] = graph.constant(
          Tensor(
            shape: tensor.shape,
            scalars: [Float](repeating: tensor.role == .runningMean ? 0 : 1, count: tensor.shape.count)))
      }
    }
    var builder = LayerBuilder(
      graph: graph, value: prepared, weights: shapes, parameters: parameters, freezesStatistics: freezesStatistics)
    try builder.append(layers, path: "layers")
    graph = builder.graph
    return (builder.value, builder.statistics)
  }

  /// The images as the first layer sees them.
  /// - Parameter images: `[N, C, H, W]` in pixel units.
  /// - Throws: `PreprocessingError` where it does not fit their channels, `ModelError.resize`.
  package func prepared(_ images: Graph.Value, in graph: inout Graph) throws -> Graph.Value {
    try graph.prepared(clampsInput ? graph.clip(images, lower: 0, upper: 1) : images, preprocessing)
  }

  private static func shapes(_ tensors: [FreshTensor], _ name: String) -> WeightSource {
    WeightSource(file: name, shapes: tensors.map { ($0.name, $0.shape.dimensions) })
  }
}
