import BenchCore
import CPU
import Graph
import Tensor

/// A network ready to be built for any batch size: layers, tensors and how pixels are prepared.
struct Network: NetworkSource {
  /// `[C, H, W]`.
  let inputShape: Shape
  let preprocessing: Preprocessing
  /// Whether pixels are limited to [0, 1] before they are normalised.
  let clampsInput: Bool
  let layers: [Layer]
  let weights: WeightSource
  /// Whether the layers are a description's list.
  var isDescribed = false

  var file: String { weights.file }

  func graph(batch: Int) throws -> (graph: Graph, images: Graph.Value, logits: Graph.Value) {
    let (images, builder) = try built(batch: batch)
    let folded = try builder.graph.folded(for: [images, builder.value], on: CPUBackend())
    for case .constant(let tensor) in folded.graph.nodes.map(\.source) where !tensor.scalars.allSatisfy(\.isFinite) {
      throw ModelError.nonFiniteWeights(file: weights.file, tensor: "weights with normalisation folded in")
    }
    return (folded.graph, folded.outputs[0], folded.outputs[1])
  }

  /// The layers on `batch` images, with nothing folded; the builder's value is the logits.
  /// - Throws: `ModelError` where layers and tensors do not fit.
  func built(batch: Int) throws -> (images: Graph.Value, builder: LayerBuilder) {
    var graph = Graph()
    let images = graph.input("images", inputShape.prepending(batch))
    let limited = clampsInput ? try graph.clip(images, lower: 0, upper: 1) : images
    let prepared = try graph.normalised(limited, preprocessing)
    var builder = LayerBuilder(graph: graph, value: prepared, weights: weights)
    builder.isDescribed = isDescribed
    try builder.append(layers, path: "layers")
    guard builder.shape.rank == 2, builder.shape[0] == batch, builder.shape[1] >= 2 else {
      throw ModelError.output(
        file: weights.file, shape: builder.shape.description, expected: "[\(batch), K] with K at least 2")
    }
    return (images, builder)
  }
}

extension Graph {
  /// (pixel - mean) / std per channel of `[N, C, H, W]`.
  /// - Throws: `ModelError.preprocessing` where there is not one finite mean and positive deviation per channel.
  mutating func normalised(_ images: Value, _ preprocessing: Preprocessing) throws -> Value {
    let channels = shape(of: images)[1]
    let (mean, std) = (preprocessing.mean, preprocessing.std)
    guard mean.count == channels, std.count == channels, (mean + std).allSatisfy(\.isFinite), std.allSatisfy({ $0 > 0 })
    else { throw ModelError.preprocessing(channels: channels, mean: mean.count, std: std.count) }
    guard preprocessing != .identity(channels: channels) else { return images }
    // (x - mean) / std in this order, as networks were trained: x / std - mean / std rounds differently.
    let column: Shape = [1, channels, 1, 1]
    let centred = try subtract(images, constant(Tensor(shape: column, scalars: mean)))
    return try divide(centred, constant(Tensor(shape: column, scalars: std)))
  }
}
