import BenchCore
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

  func requireUnchanged() throws { try weights.requireUnchanged() }

  func graph(batch: Int) throws -> (graph: Graph, images: Graph.Value, logits: Graph.Value) {
    let (images, builder) = try built(batch: batch)
    let folded = try builder.graph.folded(for: [images, builder.value], on: Engine.host)
    // Those of one image, which are built first, are the same for every number.
    guard batch == 1 else { return (folded.graph, folded.outputs[0], folded.outputs[1]) }
    for case .constant(let tensor) in folded.graph.nodes.map(\.source) where !tensor.isFinite {
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
    let prepared = try graph.prepared(limited, preprocessing)
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
  /// Images `[N, C, H, W]` as the network gets them: resized, if they are to be, then (pixel - mean) / std per channel.
  /// - Throws: `PreprocessingError` where there is not one finite mean and positive deviation per channel,
  ///   `ModelError.resize` where images cannot be brought to the size.
  mutating func prepared(_ images: Value, _ preprocessing: Preprocessing) throws -> Value {
    let images = try resized(images, preprocessing)
    let channels = shape(of: images)[1]
    try preprocessing.requireComplete(channels: channels)
    guard preprocessing.withoutResize != .identity(channels: channels) else { return images }
    // (x - mean) / std in this order, as networks were trained: x / std - mean / std rounds differently.
    let column: Shape = [1, channels, 1, 1]
    let centred = try subtract(images, constant(Tensor(shape: column, scalars: preprocessing.mean)))
    return try divide(centred, constant(Tensor(shape: column, scalars: preprocessing.std)))
  }

  /// As torch.nn.functional.interpolate(mode="bilinear", align_corners=False, antialias=False) does it.
  mutating func resized(_ images: Value, _ preprocessing: Preprocessing) throws -> Value {
    guard preprocessing.resize != nil else { return images }
    let shape = shape(of: images)
    let image = shape.droppingFirst
    if let problem = preprocessing.resizeProblem { throw ModelError.resize(problem: problem) }
    let target = preprocessing.resized(image)
    guard target != image else { return images }
    let (count, overflow) = shape[1].multipliedReportingOverflow(by: target[1] * max(target[2], shape[3]))
    guard !overflow, count <= LayerBuilder.largestActivation else {
      throw ModelError.resize(
        problem: "images of \(target) take \(count) numbers, at most \(LayerBuilder.largestActivation) are accepted")
    }
    return try resampled(
      images, rows: Self.interpolation(of: image[1], to: target[1]),
      columns: Self.interpolation(of: image[2], to: target[2]))
  }
}
