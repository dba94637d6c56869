import Graph
import Tensor

/// Self-attention over the positions of an image, of several heads.
struct UNetAttention: Sendable {
  private let channels: Int
  private let heads: Int
  private let norm: GroupNormalisation?
  /// Whether queries, keys and values are brought to unit magnitude over a head's channels.
  private let hasUnitParts: Bool
  /// Queries, keys and values one behind the other, the queries divided by the root of a head's channels unless that is done later.
  private let inputs: ResamplingConvolution
  private let projection: ResamplingConvolution

  /// - Parameters:
  ///   - norm: nil for none.
  ///   - inputs: queries, keys and values one behind the other, as `[3 C, C, 1, 1]`; C is a multiple of `heads`.
  init(heads: Int, norm: GroupNormalisation?, inputs: ResamplingConvolution, projection: ResamplingConvolution) {
    let channels = projection.outputs
    (self.channels, self.heads, self.norm, self.projection) = (channels, heads, norm, projection)
    hasUnitParts = false
    self.inputs = Self.scaled(inputs, (0..<3 * channels).map { $0 }, channels: channels, heads: heads) { $0 < channels }
  }

  /// Without a normalisation before it, and one of each part behind `inputs`.
  /// - Parameter heads: as above, and so are `inputs` and `projection`.
  init(unitParts heads: Int, inputs: ResamplingConvolution, projection: ResamplingConvolution) {
    (channels, self.heads, norm, hasUnitParts) = (projection.outputs, heads, nil, true)
    (self.inputs, self.projection) = (inputs, projection)
  }

  /// Rows of queries, keys and values in turn, as NVIDIA's files have them, brought one behind the other.
  static func fromAlternating(_ channels: Int) -> [Int] {
    (0..<3).flatMap { part in (0..<channels).map { 3 * $0 + part } }
  }

  /// With rows in another order, and those of queries divided.
  private static func scaled(
    _ inputs: ResamplingConvolution, _ order: [Int], channels: Int, heads: Int, isQuery: (Int) -> Bool
  ) -> ResamplingConvolution {
    let factor = 1 / Double(channels / heads).squareRoot()
    return inputs.reordered(order) { values, row in
      guard isQuery(row) else { return }
      for index in values.indices { values[index] = Float(factor * Double(values[index])) }
    }
  }

  /// In files of NVlabs/edm queries, keys and values alternate.
  /// - Parameter block: the name of the block that it is in.
  init(_ block: String, _ modules: DiffusionModules, channels: Int, heads: Int) throws {
    guard channels.isMultiple(of: heads) else {
      throw DiffusionError.invalidSetting(
        file: modules.file, module: block, setting: "num_heads", got: "\(heads)",
        expected: "a divisor of its \(channels) channels")
    }
    (self.channels, self.heads, hasUnitParts) = (channels, heads, false)
    norm = try GroupNormalisation(block + ".norm2", modules, channels: channels)
    let alternating = try ResamplingConvolution(block + ".qkv", modules)
    projection = try ResamplingConvolution(block + ".proj", modules)
    for (convolution, to) in [(alternating, 3 * channels), (projection, channels)] {
      try modules.check(
        convolution.name, goes: (convolution.inputs, convolution.outputs), expected: (channels, to))
      guard convolution.resampling == nil else {
        throw DiffusionError.wiring(file: modules.file, module: convolution.name, reason: "resamples within attention")
      }
    }
    let order = Self.fromAlternating(channels)
    inputs = Self.scaled(alternating, order, channels: channels, heads: heads) { $0 % 3 == 0 }
  }

  func append(
    to image: Graph.Value, _ graph: inout Graph, trace: (String, Graph.Value) -> Void
  ) throws -> Graph.Value {
    let shape = graph.shape(of: image)
    var normalised = image
    if let norm {
      normalised = try norm.append(to: image, &graph)
      trace(norm.name, normalised)
    }
    let all = try inputs.append(to: normalised, &graph)
    trace(inputs.name, all)
    let (size, positions) = (channels / heads, shape[2] * shape[3])
    /// `[N, heads, size, positions]`
    func part(_ number: Int, _ graph: inout Graph) throws -> Graph.Value {
      let part = try graph.reshape(
        graph.slice(all, axis: 1, start: number * channels, count: channels), to: [shape[0], heads, size, positions])
      guard hasUnitParts else { return part }
      let unit = try graph.unitMagnitude(part, axis: 2)
      return number == 0 ? try graph.scaled(unit, by: 1 / Double(size).squareRoot()) : unit
    }
    let queries = try graph.swapLastAxes(part(0, &graph))
    let weights = try graph.softmax(graph.matmul(queries, part(1, &graph)))
    let values = try graph.swapLastAxes(part(2, &graph))
    let attended = try graph.reshape(graph.swapLastAxes(graph.matmul(weights, values)), to: shape)
    let result = try projection.append(to: attended, &graph)
    trace(projection.name, result)
    return result
  }
}
