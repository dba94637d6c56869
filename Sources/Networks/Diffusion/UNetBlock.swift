import Graph
import Tensor

/// The residual block of U-Nets for diffusion, with attention behind it where there is some.
///
/// What it is told of noise and class, the *modulation*, is one number for each channel that is added to the first convolution's
/// output, or, in an adaptive block, a factor and a summand for each channel after the second normalisation.
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

  /// What it is made of, whose channels fit each other.
  struct Parts {
    let norm0: GroupNormalisation
    let conv0: ResamplingConvolution
    let affine: HostLinear
    let norm1: GroupNormalisation
    let conv1: ResamplingConvolution
    let skip: ResamplingConvolution?
    let attention: UNetAttention?
  }

  /// - Parameters:
  ///   - parts: with twice as many outputs of `affine` as channels where the block is adaptive.
  ///   - scale: of both sums.
  ///   - offset: where its modulation begins.
  init(name: String, _ parts: Parts, scale: Float, offset: Int) {
    self.name = name
    (inputs, outputs) = (parts.conv0.inputs, parts.conv1.outputs)
    self.offset = offset
    affine = parts.affine
    isAdaptive = parts.affine.outputs == 2 * outputs
    skipScale = scale
    (norm0, conv0, norm1, conv1) = (parts.norm0, parts.conv0, parts.norm1, parts.conv1)
    (skip, attention) = (parts.skip, parts.attention)
  }

  /// `UNetBlock` in NVlabs/edm's `training/networks.py`.
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
    for (convolution, from) in [(conv0, inputs), (conv1, outputs)] + (skip.map { [($0, inputs)] } ?? []) {
      try modules.check(
        convolution.name, goes: (convolution.inputs, convolution.outputs), expected: (from, outputs))
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
