import Graph
import Tensor

/// Appends the layers of a network to a graph.
struct LayerBuilder {
  var graph: Graph
  /// The output so far.
  var value: Graph.Value
  let weights: WeightSource
  /// Names, constants and positions by tensor, so that a tensor used twice is one constant.
  private var constants: [String: Graph.Value] = [:]

  init(graph: Graph, value: Graph.Value, weights: WeightSource) {
    self.graph = graph
    self.value = value
    self.weights = weights
  }

  var shape: Shape { graph.shape(of: value) }

  /// - Parameter path: where the list stands, such as `layers` or `layers[3].main`, for messages.
  mutating func append(_ layers: [Layer], path: String) throws {
    for (index, layer) in layers.enumerated() { try append(layer, path: "\(path)[\(index)]") }
  }

  private mutating func append(_ layer: Layer, path: String) throws {
    let title = "\(path) (\(layer.type)\(layer.name.map { " `\($0)`" } ?? ""))"
    guard let type = LayerType.all[layer.type] else {
      throw ModelError.unknownLayerType(layer: path, type: layer.type, known: LayerType.all.keys.sorted())
    }
    try type.check(layer, title: title)
    let input = shape
    do {
      try type.build(&self, LayerContext(layer: layer, title: title, path: path))
    } catch let error as GraphError {
      throw ModelError.layer(layer: title, input: input.description, reason: error.description)
    }
  }

  /// The tensor `suffix` of the layer as a constant.
  mutating func constant(_ suffix: String, _ context: LayerContext) throws -> Graph.Value {
    let name = try context.tensorName(suffix)
    if let known = constants[name] { return known }
    let value = graph.constant(try weights.tensor(name, for: context.title))
    constants[name] = value
    return value
  }

  /// The same where the checkpoint has it, nil otherwise.
  mutating func optionalConstant(_ suffix: String, _ context: LayerContext) throws -> Graph.Value? {
    weights.contains(try context.tensorName(suffix)) ? try constant(suffix, context) : nil
  }

  /// - Throws: `ModelError.tensorShape` unless `accepts` the tensor's shape.
  func requireShape(
    _ suffix: String, _ context: LayerContext, expected: @autoclosure () -> String, _ accepts: (Shape) -> Bool
  ) throws {
    let name = try context.tensorName(suffix)
    guard let shape = weights.shape(name) else { return }
    guard let checked = Shape(checking: shape), accepts(checked) else {
      throw ModelError.tensorShape(
        file: weights.file, layer: context.title, tensor: name, got: shape, expected: expected())
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
    return ConvolutionGeometry(
      stride: stride, padding: padding, dilation: try pair(\.dilation, "dilation", default: 1),
      groups: layer.groups ?? 1)
  }

  /// An axis that may count from the end, as in PyTorch.
  func axis(_ value: Int, rank: Int, option: String = "axis") throws -> Int {
    let axis = value < 0 ? value + rank : value
    guard axis >= 0, axis < rank else { throw invalid(option, "is \(value), but the input has \(rank) axes") }
    return axis
  }
}
