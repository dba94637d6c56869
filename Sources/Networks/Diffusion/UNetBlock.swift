import Graph
import Tensor

/// The residual block of NVlabs/edm's networks (`UNetBlock` in `training/networks.py`), with attention where it has heads.
///
/// What it is told of noise and class, the *modulation*, is one number for each channel that is added to the first convolution's
/// output, or, in DhariwalUNet, a factor and a summand for each channel after the second normalisation.
struct UNetBlock: Sendable {
  let name: String
  let inputs: Int
  let outputs: Int
  /// Where its part of the modulation begins.
  let offset: Int
  private let affine: HostLinear
  /// Factors come before summands.
  private let isAdaptive: Bool
  private let skipScale: Float
  private let norm0: GroupNormalisation
  private let conv0: ResamplingConvolution
  private let norm1: GroupNormalisation
  private let conv1: ResamplingConvolution
  private let skip: ResamplingConvolution?
  private let attention: UNetAttention?

  /// Numbers of the modulation that are its own.
  var width: Int { affine.outputs }

  /// - Parameters:
  ///   - embedding: numbers of the embedding of noise and class.
  ///   - offset: where its modulation begins.
  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ name: String, _ modules: DiffusionModules, embedding: Int, offset: Int) throws {
    self.name = name
    self.offset = offset
    inputs = try modules.integer("in_channels", of: name, in: 1...1 << 20)
    outputs = try modules.integer("out_channels", of: name, in: 1...1 << 20)
    isAdaptive = try modules.flag("adaptive_scale", of: name)
    skipScale = Float(try modules.number("skip_scale", of: name, in: 1e-3...1e3))
    affine = try HostLinear(name + ".affine", modules, inputs: embedding)
    norm0 = try GroupNormalisation(name + ".norm0", modules, channels: inputs)
    conv0 = try ResamplingConvolution(name + ".conv0", modules)
    norm1 = try GroupNormalisation(name + ".norm1", modules, channels: outputs)
    conv1 = try ResamplingConvolution(name + ".conv1", modules)
    skip = modules.contains(name + ".skip") ? try ResamplingConvolution(name + ".skip", modules) : nil
    let heads = try modules.integer("num_heads", of: name, in: 0...outputs)
    attention = heads > 0 ? try UNetAttention(name, modules, channels: outputs, heads: heads) : nil
    guard affine.outputs == outputs * (isAdaptive ? 2 : 1) else {
      throw DiffusionError.tensorShape(
        file: modules.file, tensor: name + ".affine.weight", got: [affine.outputs, embedding],
        expected: [outputs * (isAdaptive ? 2 : 1), embedding])
    }
    for (convolution, from, to) in [(conv0, inputs, outputs), (conv1, outputs, outputs)]
      + (skip.map { [($0, inputs, outputs)] } ?? [])
    where convolution.inputs != from || convolution.outputs != to {
      throw DiffusionError.wiring(
        file: modules.file, module: convolution.name,
        reason: "goes from \(convolution.inputs) to \(convolution.outputs) channels, expected from \(from) to \(to)")
    }
  }

  /// Its part of the modulation for an embedding of noise and class.
  func modulation(_ embedding: [Double], trace: (String, [Double]) -> Void = { _, _ in }) -> [Float] {
    let values = affine(embedding)
    trace(name + ".affine", values)
    guard isAdaptive else { return values.map { Float($0) } }
    return values.enumerated().map { Float($0 < outputs ? 1 + $1 : $1) }
  }

  /// - Parameters:
  ///   - modulation: `[N, all blocks' numbers]`.
  ///   - trace: given what the modules inside give.
  func append(
    to image: Graph.Value, modulation: Graph.Value, _ graph: inout Graph, trace: (String, Graph.Value) -> Void
  ) throws -> Graph.Value {
    func part(_ number: Int, _ graph: inout Graph) throws -> Graph.Value {
      let row = try graph.slice(modulation, axis: 1, start: offset + number * outputs, count: outputs)
      return try graph.reshape(row, to: [graph.shape(of: row)[0], outputs, 1, 1])
    }
    func traced(_ module: String, _ value: Graph.Value) -> Graph.Value {
      trace(module, value)
      return value
    }
    var value = traced(norm0.name, try norm0.append(to: image, &graph))
    value = traced(conv0.name, try conv0.append(to: graph.silu(value), &graph))
    if isAdaptive {
      value = traced(norm1.name, try norm1.append(to: value, &graph))
      value = try graph.add(graph.multiply(value, part(0, &graph)), part(1, &graph))
    } else {
      value = traced(norm1.name, try norm1.append(to: graph.add(value, part(0, &graph)), &graph))
    }
    value = traced(conv1.name, try conv1.append(to: graph.silu(value), &graph))
    let direct = try skip.map { traced($0.name, try $0.append(to: image, &graph)) } ?? image
    value = try scaled(graph.add(value, direct), &graph)
    if let attention {
      value = try scaled(graph.add(attention.append(to: value, &graph, trace: trace), value), &graph)
    }
    return traced(name, value)
  }

  private func scaled(_ value: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    skipScale == 1 ? value : try graph.multiply(value, graph.constant(skipScale))
  }
}

/// Self-attention over the positions of an image, of several heads.
struct UNetAttention: Sendable {
  private let channels: Int
  private let heads: Int
  private let norm: GroupNormalisation
  /// Queries, keys and values one behind the other, the queries divided by the root of a head's channels. In files they alternate.
  private let inputs: ResamplingConvolution
  private let projection: ResamplingConvolution

  /// - Parameter block: the name of the block that it is in.
  init(_ block: String, _ modules: DiffusionModules, channels: Int, heads: Int) throws {
    guard channels.isMultiple(of: heads) else {
      throw DiffusionError.invalidSetting(
        file: modules.file, module: block, setting: "num_heads", got: "\(heads)",
        expected: "a divisor of its \(channels) channels")
    }
    self.channels = channels
    self.heads = heads
    norm = try GroupNormalisation(block + ".norm2", modules, channels: channels)
    let alternating = try ResamplingConvolution(block + ".qkv", modules)
    projection = try ResamplingConvolution(block + ".proj", modules)
    for (convolution, to) in [(alternating, 3 * channels), (projection, channels)]
    where convolution.inputs != channels || convolution.outputs != to || convolution.resampling != nil {
      throw DiffusionError.wiring(
        file: modules.file, module: convolution.name,
        reason: "goes from \(convolution.inputs) to \(convolution.outputs) channels, expected from \(channels) to \(to)"
      )
    }
    let factor = 1 / Double(channels / heads).squareRoot()
    inputs = alternating.reordered((0..<3).flatMap { part in (0..<channels).map { 3 * $0 + part } }) { values, row in
      guard row % 3 == 0 else { return }
      for index in values.indices { values[index] = Float(factor * Double(values[index])) }
    }
  }

  func append(
    to image: Graph.Value, _ graph: inout Graph, trace: (String, Graph.Value) -> Void
  ) throws -> Graph.Value {
    let shape = graph.shape(of: image)
    let normalised = try norm.append(to: image, &graph)
    trace(norm.name, normalised)
    let all = try inputs.append(to: normalised, &graph)
    trace(inputs.name, all)
    let (size, positions) = (channels / heads, shape[2] * shape[3])
    /// `[N, heads, size, positions]`
    func part(_ number: Int, _ graph: inout Graph) throws -> Graph.Value {
      try graph.reshape(
        graph.slice(all, axis: 1, start: number * channels, count: channels), to: [shape[0], heads, size, positions])
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
