import BenchCore
import Graph
import Tensor
import Text

/// Appends the layers of a network to a graph.
struct LayerBuilder {
  var graph: Graph
  /// The output so far.
  var value: Graph.Value
  let weights: WeightSource
  /// Whether normalisation uses the batch's own statistics, which are collected here.
  let isTraining: Bool
  var statistics: [BatchStatistics] = []
  /// Whether the layers are a description's list, for advice.
  var isDescribed = false
  /// Shape of the last value with the four axes of a map, `[N, C, H, W]`.
  private(set) var lastMap: Shape?
  /// What the layers asked for, by tensor name: how each tensor would begin in a training of the same network.
  private(set) var kinds: [String: TensorKind] = [:]
  private let batch: Int
  /// By tensor name, so that a tensor used twice is one value.
  private var tensors: [String: Graph.Value]

  /// - Parameters:
  ///   - parameters: values of the graph that stand for tensors, by name: what is trained. Given, the network is
  ///     built in training mode; otherwise all tensors are constants.
  ///   - freezesStatistics: whether normalisation uses running statistics also in training, which must then be among `parameters`.
  init(
    graph: Graph, value: Graph.Value, weights: WeightSource, parameters: [String: Graph.Value]? = nil,
    freezesStatistics: Bool = false
  ) {
    self.graph = graph
    self.value = value
    self.weights = weights
    isTraining = parameters != nil && !freezesStatistics
    tensors = parameters ?? [:]
    batch = graph.shape(of: value).dimensions.first ?? 1
  }

  var shape: Shape { graph.shape(of: value) }

  /// - Parameter path: where the list stands, such as `layers` or `layers[3].main`, for messages.
  mutating func append(_ layers: [Layer], path: String) throws {
    for (index, layer) in layers.enumerated() { try append(layer, path: "\(path)[\(index)]") }
  }

  private mutating func append(_ layer: Layer, path: String) throws {
    let title = "\(path) (\(layer.type)\(layer.name.map { " `\($0)`" } ?? ""))"
    guard let type = LayerType.all[layer.type] else {
      let known = LayerType.all.keys.sorted()
      throw ModelError.unknownLayerType(
        layer: path, type: layer.type, known: known)
    }
    try type.check(layer, title: title)
    let input = shape
    let first = graph.nodes.count
    do {
      try type.build(&self, LayerContext(layer: layer, title: title, path: path))
    } catch let error as GraphError {
      throw ModelError.layer(layer: title, input: input.description, reason: error.description)
    }
    try checkSizes(from: first, title: title, input: input)
    if shape.rank == 4 { lastMap = shape }
  }

  /// Numbers of one image in any activation or scratch memory: 1 GiB. Options may ask for any size; nothing is allocated
  /// before this holds.
  static let largestActivation = 1 << 28

  private func checkSizes(from first: Int, title: String, input: Shape) throws {
    let limit = Self.largestActivation.multipliedReportingOverflow(by: max(1, batch))
    for index in first..<graph.nodes.count {
      guard case .apply(let operation, let operands) = graph.nodes[index].source else { continue }
      let shape = graph.nodes[index].shape
      let inputs = operands.map { graph.shape(of: $0) }
      guard let count = Shape(checking: shape.dimensions)?.count, count <= limit.partialValue, !limit.overflow,
        case let scratch = Self.scratchCounts(of: operation, inputs: inputs, output: shape),
        scratch.perThread <= Self.largestActivation, scratch.shared <= limit.partialValue
      else {
        throw ModelError.layer(
          layer: title, input: input.description,
          reason: "makes \(shape) or works on more, at most \(Self.largestActivation) numbers per image are accepted")
      }
      guard count > 0 else {
        throw ModelError.layer(layer: title, input: input.description, reason: "leaves nothing: \(shape)")
      }
    }
  }

  /// None where there is nothing to compute, and of what is not supported, which is said where the network is planned.
  private static func scratchCounts(
    of operation: any Operator, inputs: [Shape], output: Shape
  ) -> (perThread: Int, shared: Int) {
    if operation.isView { return (0, 0) }
    let kernel = try? Engine.host.kernel(of: operation, inputs: inputs, output: output)
    return kernel?.scratchCounts ?? (0, 0)
  }

  /// A tensor of the layer: a constant unless it is trained.
  mutating func tensor(_ kind: TensorKind, _ context: LayerContext) throws -> Graph.Value {
    try tensor(kind, named: context.tensorName(kind.suffix), context)
  }

  /// The same of a tensor that is not called as its kind usually is.
  mutating func tensor(_ kind: TensorKind, named name: String, _ context: LayerContext) throws -> Graph.Value {
    if kinds[name] == nil { kinds[name] = kind }
    if let known = tensors[name] { return known }
    let value = graph.constant(try weights.tensor(name, for: context.title))
    tensors[name] = value
    return value
  }

  /// The same, or nil where `isUsed` is false, or is nil and the checkpoint does not have it.
  mutating func tensor(_ kind: TensorKind, _ context: LayerContext, where isUsed: Bool?) throws -> Graph.Value? {
    let name = try context.tensorName(kind.suffix)
    return isUsed ?? weights.contains(name) ? try tensor(kind, context) : nil
  }

  /// - Throws: `ModelError.layer` for an input of fewer axes.
  func requireRank(_ rank: Int, _ context: LayerContext) throws {
    guard shape.rank >= rank else {
      throw ModelError.layer(
        layer: context.title, input: shape.description, reason: "needs at least \(rank) axes, the first for the batch")
    }
  }

  /// - Throws: `ModelError.tensorShape` unless `accepts` the tensor's shape.
  func requireShape(
    _ suffix: String, _ context: LayerContext, expected: @autoclosure () -> String, _ accepts: (Shape) -> Bool
  ) throws {
    try requireShape(named: context.tensorName(suffix), context, expected: expected(), accepts)
  }

  /// The same of a tensor's whole name.
  func requireShape(
    named name: String, _ context: LayerContext, expected: @autoclosure () -> String, _ accepts: (Shape) -> Bool
  ) throws {
    guard let shape = weights.shape(name) else { return }
    guard let checked = Shape(checking: shape), accepts(checked) else {
      throw ModelError.tensorShape(
        file: weights.file, layer: context.title, tensor: name, got: shape, expected: expected(),
        isDescribed: isDescribed)
    }
  }

  /// The output of `layers` applied to the current value, which stays current.
  mutating func branch(_ layers: [Layer], path: String) throws -> Graph.Value {
    let start = value
    try append(layers, path: path)
    defer { value = start }
    return value
  }
}

/// What a layer uses a tensor for.
enum TensorKind: Sendable {
  /// Of a layer that sums products: all extents but the first are those of one sum.
  case weight
  /// Added to such sums.
  case bias
  /// Of a normalisation.
  case scale
  case shift
  case runningMean
  case runningVariance

  /// As PyTorch names it.
  var suffix: String {
    switch self {
    case .weight, .scale: "weight"
    case .bias, .shift: "bias"
    case .runningMean: "running_mean"
    case .runningVariance: "running_var"
    }
  }
}

/// What batch normalisation in training found out about a batch.
package struct BatchStatistics: Sendable {
  /// Name of the layer, the prefix of its tensors.
  package let layer: String
  /// `[C]`.
  package let mean: Graph.Value
  /// `[C]`, biased: divided by `count`.
  package let variance: Graph.Value
  /// Numbers per channel: images times positions.
  package let count: Int
}

/// One layer and how to name it in messages.
struct LayerContext {
  let layer: Layer
  let title: String
  let path: String

  func tensorName(_ suffix: String) throws -> String {
    guard let name = layer.name else {
      throw ModelError.missingOption(layer: title, type: layer.type, option: "name")
    }
    return name.isEmpty ? suffix : "\(name).\(suffix)"
  }

  func pair(_ keyPath: KeyPath<Layer, Extent?>, _ option: String, default value: Int) throws -> (Int, Int) {
    guard let extent = layer[keyPath: keyPath] else { return (value, value) }
    guard let pair = extent.pair else { throw invalid(option, "must be one number or [vertical, horizontal]") }
    return pair
  }

  func required<Value>(_ keyPath: KeyPath<Layer, Value?>, _ option: String) throws -> Value {
    guard let value = layer[keyPath: keyPath] else {
      throw ModelError.missingOption(layer: title, type: layer.type, option: option)
    }
    return value
  }

  func invalid(_ option: String, _ reason: String) -> ModelError {
    .invalidOption(layer: title, option: option, reason: reason)
  }

  /// Stride, padding, dilation and groups of a convolution or pooling layer.
  func geometry(defaultStride: (Int, Int) = (1, 1)) throws -> ConvolutionGeometry {
    guard let padding = (layer.padding ?? 0).sides else {
      throw invalid("padding", "must be one number, [vertical, horizontal] or [top, left, bottom, right]")
    }
    let stride = layer.stride == nil ? defaultStride : try pair(\.stride, "stride", default: 1)
    let dilation = try pair(\.dilation, "dilation", default: 1)
    let groups = layer.groups ?? 1
    for side in [padding.top, padding.left, padding.bottom, padding.right] { try check(side, "padding", atLeast: 0) }
    for (value, option) in [
      (stride.0, "stride"), (stride.1, "stride"), (dilation.0, "dilation"), (dilation.1, "dilation"),
      (groups, "groups"),
    ] { try check(value, option, atLeast: 1) }
    return ConvolutionGeometry(stride: stride, padding: padding, dilation: dilation, groups: groups)
  }

  /// Sizes are limited so that no product of a few of them overflows.
  static let largestExtent = 1 << 16

  /// - Throws: `ModelError.invalidOption`.
  func check(_ value: Int, _ option: String, atLeast least: Int, atMost most: Int = largestExtent) throws {
    guard value >= least, value <= most else {
      throw invalid(option, "is \(value), expected \(most < least ? "none" : "\(least)...\(most)")")
    }
  }

  /// An option as the network computes with it.
  /// - Throws: `ModelError.missingOption` without a default, `.invalidOption` where float32 cannot hold it.
  func number(_ keyPath: KeyPath<Layer, Double?>, _ option: String, default value: Double? = nil) throws -> Float {
    let number = Float(try layer[keyPath: keyPath] ?? value ?? required(keyPath, option))
    guard number.isFinite else { throw invalid(option, "is out of float32's range") }
    return number
  }

  /// What a normalisation adds to variances.
  func epsilon() throws -> Float {
    let eps = try number(\.eps, "eps", default: 1e-5)
    guard eps >= 0 else { throw invalid("eps", "is negative") }
    return eps
  }

  /// An axis that may count from the end, as in PyTorch.
  func axis(_ value: Int, rank: Int, option: String = "axis") throws -> Int {
    let axis = value < 0 ? value + rank : value
    guard axis >= 0, axis < rank else { throw invalid(option, "is \(value), but the input has \(rank) axes") }
    return axis
  }
}
