import Graph
import Tensor

/// A convolution that may halve or double the image first, or do nothing else.
struct ResamplingConvolution: Sendable {
  let name: String
  let inputs: Int
  let outputs: Int
  let resampling: Resampling?
  /// Whether downsampling follows the convolution, whose padding is widened for it: not the same at the image's border.
  private let isFused: Bool
  /// nil where it only resamples.
  private let weights: Tensor?
  private let bias: Tensor?

  /// - Parameter weights: `[outputs, inputs, k, k]` with an odd k.
  init(name: String, weights: Tensor, bias: Tensor?, resampling: Resampling? = nil) {
    self.name = name
    (outputs, inputs) = (weights.shape[0], weights.shape[1])
    (self.weights, self.bias, self.resampling, isFused) = (weights, bias, resampling, false)
  }

  /// Resampling alone, of images with so many channels.
  init(name: String, channels: Int, resampling: Resampling) {
    self.name = name
    (outputs, inputs) = (channels, channels)
    (weights, bias, self.resampling, isFused) = (nil, nil, resampling, false)
  }

  /// `Conv2d` in NVlabs/edm's `training/networks.py`.
  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ name: String, _ modules: DiffusionModules) throws {
    try modules.className(name, among: ["Conv2d"])
    self.name = name
    inputs = try modules.integer("in_channels", of: name, in: 1...1 << 20)
    outputs = try modules.integer("out_channels", of: name, in: 1...1 << 20)
    resampling = try Resampling(name, modules)
    let isFused = try modules.flag("fused_resample", of: name)
    guard let shape = modules.shape(of: name + ".weight") else {
      guard inputs == outputs, resampling != nil else {
        throw DiffusionError.missingTensor(file: modules.file, tensor: name + ".weight")
      }
      (weights, bias, self.isFused) = (nil, nil, false)
      return
    }
    let window = shape.last ?? 0
    guard window % 2 == 1, window <= 15 else {
      throw DiffusionError.wiring(
        file: modules.file, module: name, reason: "has weights of shape \(shape), expected a square window of odd size")
    }
    weights = Tensor(
      shape: [outputs, inputs, window, window],
      scalars: try modules.floats(name + ".weight", shape: [outputs, inputs, window, window]))
    bias =
      modules.shape(of: name + ".bias") == nil
      ? nil : Tensor(shape: [outputs], scalars: try modules.floats(name + ".bias", shape: [outputs]))
    guard !isFused || resampling.map({ !$0.isUp }) ?? true else {
      throw DiffusionError.wiring(
        file: modules.file, module: name, reason: "enlarges after its convolution, which no published network does")
    }
    self.isFused = isFused && resampling != nil
  }

  func append(to image: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    var value = image
    if let resampling, !isFused { value = try resampling.append(to: value, padding: resampling.padding, &graph) }
    guard let weights else { return value }
    let padding = weights.shape[2] / 2 + (isFused ? resampling?.padding ?? 0 : 0)
    value = try graph.conv2d(value, graph.constant(weights), ConvolutionGeometry(padding: padding))
    if isFused, let resampling { value = try resampling.append(to: value, padding: 0, &graph) }
    guard let bias else { return value }
    return try graph.addChannels(value, graph.constant(bias))
  }

  /// The same with weights and biases of outputs in another order, or changed.
  /// - Parameter change: given a row of the weights, or a bias of one number, and its number in the file.
  func reordered(_ order: [Int], _ change: (inout ArraySlice<Float>, Int) -> Void) -> ResamplingConvolution {
    func rows(_ tensor: Tensor) -> Tensor {
      var scalars: [Float] = []
      scalars.reserveCapacity(tensor.scalars.count)
      for row in order {
        var values = tensor.item(row)
        change(&values, row)
        scalars += values
      }
      return Tensor(shape: tensor.shape, scalars: scalars)
    }
    return ResamplingConvolution(self, weights: weights.map(rows), bias: bias.map(rows))
  }

  private init(_ other: ResamplingConvolution, weights: Tensor?, bias: Tensor?) {
    (name, inputs, outputs) = (other.name, other.inputs, other.outputs)
    (resampling, isFused) = (other.resampling, other.isFused)
    (self.weights, self.bias) = (weights, bias)
  }
}

/// Halving or doubling by a filter of each channel by itself, whose sum is 1.
struct Resampling: Sendable {
  let isUp: Bool
  private let size: Int
  private let filter: [Float]

  var padding: Int { (size - 1) / 2 }

  /// Means of four pixels, or every pixel four times.
  init(isUp: Bool) {
    self.isUp = isUp
    size = 2
    filter = [0.25, 0.25, 0.25, 0.25]
  }

  /// nil where the convolution does not resample.
  init?(_ name: String, _ modules: DiffusionModules) throws {
    let (up, down) = (try modules.flag("up", of: name), try modules.flag("down", of: name))
    guard up || down else { return nil }
    guard up != down else {
      throw DiffusionError.wiring(file: modules.file, module: name, reason: "enlarges and reduces at once")
    }
    let tensor = name + ".resample_filter"
    guard let size = modules.shape(of: tensor)?.last, (1...16).contains(size) else {
      throw DiffusionError.missingTensor(file: modules.file, tensor: tensor)
    }
    isUp = up
    self.size = size
    filter = try modules.floats(tensor, shape: [1, 1, size, size])
  }

  func append(to image: Graph.Value, padding: Int, _ graph: inout Graph) throws -> Graph.Value {
    // The filter [1, 1] is a mean of four pixels, and every pixel four times.
    if size == 2, padding == 0, filter == [0.25, 0.25, 0.25, 0.25] {
      return isUp
        ? try graph.upsampleNearest(image, factor: 2)
        : try graph.averagePool2d(
          image, PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2)))
    }
    let channels = graph.shape(of: image)[1]
    let scaled = isUp ? filter.map { 4 * $0 } : filter
    let weights = graph.constant(
      Tensor(shape: [channels, 1, size, size], scalars: (0..<channels).flatMap { _ in scaled }))
    let geometry = ConvolutionGeometry(stride: 2, padding: padding, groups: channels)
    return isUp
      ? try graph.transposedConv2d(image, weights, geometry) : try graph.conv2d(image, weights, geometry)
  }
}
