import Graph
import Tensor

/// The residual block of EDM2, with attention behind it where there is some. In the encoder the main branch is brought to unit
/// magnitude in each pixel; there are no other normalisations. The modulation is one factor for each channel.
struct MagnitudeBlock: Sendable {
  let name: String
  let inputs: Int
  let outputs: Int
  /// Where its part of the modulation begins.
  let offset: Int
  private let isEncoder: Bool
  private let resampling: Resampling?
  private let conv0: ResamplingConvolution
  private let conv1: ResamplingConvolution
  private let skip: ResamplingConvolution?
  private let told: HostLinear
  /// Of the main branch; that of the other is in the weights of `conv1`.
  private let mainFactor: Double
  private let attention: (layer: UNetAttention, mainFactor: Double)?
  private let bound: Float?

  /// - Parameter embedding: numbers of the embedding of noise and class.
  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ name: String, _ modules: DiffusionModules, embedding: Int, offset: Int) throws {
    try modules.className(name, among: ["Block"])
    (self.name, self.offset) = (name, offset)
    isEncoder = try modules.text("flavor", of: name, among: ["enc", "dec"]) == "enc"
    let mode = try modules.text("resample_mode", of: name, among: ["keep", "up", "down"])
    resampling = mode == "keep" ? nil : Resampling(isUp: mode == "up")
    if resampling != nil { try modules.numbers("resample_filter", of: name, expected: [1, 1]) }
    let sum = MagnitudeSum(balance: try modules.number("res_balance", of: name, in: 0...1))
    // SiLU's factor goes into the convolution behind it.
    let first = try MagnitudeLayer(name + ".conv_res0", modules, window: 3, times: MagnitudeActivation.gain)
    let second = try MagnitudeLayer(
      name + ".conv_res1", modules, window: 3, times: MagnitudeActivation.gain * sum.second)
    (conv0, conv1) = (first.convolution, second.convolution)
    let outputs = first.outputs
    let skip =
      modules.contains(name + ".conv_skip")
      ? try MagnitudeLayer(name + ".conv_skip", modules, window: 1, times: isEncoder ? 1 : sum.first) : nil
    let inputs = skip?.inputs ?? outputs
    (self.inputs, self.outputs) = (inputs, outputs)
    self.skip = skip?.convolution
    mainFactor = isEncoder || skip == nil ? sum.first : 1

    let gain = Double(try modules.floats(name + ".emb_gain", shape: [])[0])
    let linear = try MagnitudeLayer(name + ".emb_linear", modules, window: 0, times: gain)
    told = linear.linear
    for (layer, from, to) in [
      (first, isEncoder ? outputs : inputs, outputs), (second, outputs, outputs), (linear, embedding, outputs),
    ] + (skip.map { [($0, inputs, outputs)] } ?? []) {
      try modules.check(layer.name, goes: (layer.inputs, layer.outputs), expected: (from, to))
    }

    let heads = try modules.integer("num_heads", of: name, in: 0...outputs)
    if heads > 0 {
      let sum = MagnitudeSum(balance: try modules.number("attn_balance", of: name, in: 0...1))
      attention = (
        try UNetAttention(magnitude: name, modules, channels: outputs, heads: heads, times: sum.second), sum.first
      )
    } else {
      attention = nil
    }
    bound =
      modules.has("clip_act", of: name) ? Float(try modules.number("clip_act", of: name, in: 1e-3...1e9)) : nil
  }

  /// Its part of the modulation for an embedding of noise and class.
  func modulation(_ embedding: [Double], trace: (String, [Double]) -> Void) -> [Float] {
    let values = told(embedding)
    trace(name + ".emb_linear", values)
    return values.map { Float(1 + $0) }
  }

  /// - Parameters, returns: as of `UNetBlock`.
  func append(
    to image: Graph.Value, modulation: Graph.Value, _ graph: inout Graph, trace: (String, Graph.Value) -> Void
  ) throws -> Graph.Value {
    var main = try resampling.map { try $0.append(to: image, padding: $0.padding, &graph) } ?? image
    if isEncoder {
      if let skip { main = try skip.append(to: main, &graph) }
      main = try graph.unitMagnitude(main, axis: 1)
    }
    var value = try conv0.append(to: graph.silu(main), &graph)
    let row = try graph.slice(modulation, axis: 1, start: offset, count: outputs)
    let factors = try graph.reshape(row, to: [graph.shape(of: row)[0], outputs, 1, 1])
    value = try conv1.append(to: graph.silu(graph.multiply(value, factors)), &graph)
    if !isEncoder, let skip { main = try skip.append(to: main, &graph) }
    value = try graph.add(graph.scaled(main, by: mainFactor), value)
    if let attention {
      let attended = try attention.layer.append(to: value, &graph, trace: trace)
      value = try graph.add(graph.scaled(value, by: attention.mainFactor), attended)
    }
    if let bound { value = try graph.clip(value, lower: -bound, upper: bound) }
    trace(name, value)
    return value
  }
}

extension UNetAttention {
  /// Of EDM2: nothing is normalised before, but queries, keys and values afterwards, each over a head's channels.
  /// - Parameter factor: of what it gives.
  init(
    magnitude block: String, _ modules: DiffusionModules, channels: Int, heads: Int, times factor: Double
  ) throws {
    guard channels.isMultiple(of: heads) else {
      throw DiffusionError.invalidSetting(
        file: modules.file, module: block, setting: "num_heads", got: "\(heads)",
        expected: "a divisor of its \(channels) channels")
    }
    let inputs = try MagnitudeLayer(block + ".attn_qkv", modules, window: 1)
    let projection = try MagnitudeLayer(block + ".attn_proj", modules, window: 1, times: factor)
    for (layer, to) in [(inputs, 3 * channels), (projection, channels)] {
      try modules.check(layer.name, goes: (layer.inputs, layer.outputs), expected: (channels, to))
    }
    self.init(
      unitParts: heads, inputs: inputs.convolution.reordered(Self.fromAlternating(channels)) { _, _ in },
      projection: projection.convolution)
  }
}
