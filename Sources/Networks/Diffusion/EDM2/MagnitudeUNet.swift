import Foundation
import Graph
import Tensor

/// The U-Net of EDM2 (Karras et al., "Analyzing and Improving the Training Dynamics of Diffusion Models", CVPR 2024): everything in it
/// keeps magnitudes, so that there are no group normalisations and no biases; a channel of ones beside the image stands for those.
struct MagnitudeUNet: DiffusionNetwork {
  let resolution: Int
  let channels: Int
  let classes: Int
  let hasNullClass = false
  let width: Int
  private let embedding: MagnitudeEmbedding
  private let first: ResamplingConvolution
  private let encoder: [MagnitudeBlock]
  private let decoder: [(block: MagnitudeBlock, joins: Bool)]
  private let last: ResamplingConvolution
  private let joinBalance: Double

  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ modules: DiffusionModules) throws {
    let (outermost, net) = (DiffusionModules.preconditioner, DiffusionModules.network)
    try modules.className(net, among: ["UNet"])
    resolution = try modules.integer("img_resolution", of: outermost, in: 1...4096)
    let channels = try modules.integer("img_channels", of: outermost, in: 1...64)
    guard channels == 1 || channels == 3 else {
      throw DiffusionError.invalidSetting(
        file: modules.file, module: "", setting: "img_channels", got: "\(channels)",
        expected: "1 or 3: a network of EDM2 with others sees latent codes (img512), and has no score of pixels")
    }
    self.channels = channels
    classes = try modules.integer("label_dim", of: outermost, in: 0...1 << 16)
    joinBalance = try modules.number("concat_balance", of: net, in: 0.01...0.99)
    let embedding = try MagnitudeEmbedding(modules, classes: classes)
    self.embedding = embedding

    let (inside, outside) = (modules.children(of: "enc"), modules.children(of: "dec"))
    guard let start = inside.first, inside.count + outside.count <= DiffusionUNet.largestStepCount else {
      throw DiffusionError.wiring(
        file: modules.file, module: "",
        reason: "has \(inside.count + outside.count) blocks, expected 1 to \(DiffusionUNet.largestStepCount)")
    }
    var offset = 0
    func block(_ name: String) throws -> MagnitudeBlock {
      let block = try MagnitudeBlock(name, modules, embedding: embedding.width, offset: offset)
      offset += block.outputs
      return block
    }
    let convolution = try MagnitudeLayer("enc." + start, modules, window: 3)
    try modules.check(
      convolution.name, goes: (convolution.inputs, convolution.outputs),
      expected: (channels + 1, convolution.outputs))
    first = convolution.convolution
    encoder = try inside.dropFirst().map { try block("enc." + $0) }
    decoder = try outside.map { (try block("dec." + $0), joins: $0.contains("block")) }
    let gain = Double(try modules.floats("out_gain", shape: [])[0])
    last = try MagnitudeLayer("out_conv", modules, window: 3, times: gain).convolution
    width = offset
    try check(modules)
  }

  /// Channels as they go from block to block.
  private func check(_ modules: DiffusionModules) throws {
    var current = first.outputs
    var skips = [current]
    for block in encoder {
      try modules.check(block.name, goes: (block.inputs, block.outputs), expected: (current, block.outputs))
      current = block.outputs
      skips.append(current)
    }
    for (block, joins) in decoder {
      if joins { current += skips.popLast() ?? 0 }
      try modules.check(block.name, goes: (block.inputs, block.outputs), expected: (current, block.outputs))
      current = block.outputs
    }
    try modules.check(last.name, goes: (last.inputs, last.outputs), expected: (current, channels))
  }

  func modulation(noise: Double, label: Int?, trace: (String, [Double]) -> Void) -> [Float] {
    let vector = embedding.vector(noise: noise, label: label)
    return (encoder + decoder.map(\.block)).flatMap { $0.modulation(vector, trace: trace) }
  }

  func append(
    to images: Graph.Value, modulation: Graph.Value, _ graph: inout Graph, trace: (String, Graph.Value) -> Void
  ) throws -> Graph.Value {
    let shape = graph.shape(of: images)
    let ones = graph.constant(Tensor(shape: [shape[0], 1, shape[2], shape[3]], repeating: 1))
    var value = try first.append(to: graph.concatenate([images, ones], axis: 1), &graph)
    trace(first.name, value)
    var skips = [value]
    for block in encoder {
      value = try block.append(to: value, modulation: modulation, &graph, trace: trace)
      skips.append(value)
    }
    for (block, joins) in decoder {
      if joins, let skip = skips.popLast() { value = try joined(value, skip, &graph) }
      value = try block.append(to: value, modulation: modulation, &graph, trace: trace)
    }
    value = try last.append(to: value, &graph)
    trace(last.name, value)
    return value
  }

  /// Side by side, each with the share of the whole's magnitude that its weight in the balance and not its width gives it.
  private func joined(_ value: Graph.Value, _ skip: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let widths = [value, skip].map { Double(graph.shape(of: $0)[1]) }
    let sum = MagnitudeSum(balance: joinBalance)
    let total = (widths[0] + widths[1]).squareRoot()
    return try graph.concatenate(
      [
        graph.scaled(value, by: sum.first * total / widths[0].squareRoot()),
        graph.scaled(skip, by: sum.second * total / widths[1].squareRoot()),
      ], axis: 1)
  }
}

/// What the blocks of EDM2 are told of noise and class.
private struct MagnitudeEmbedding: Sendable {
  /// In radians per unit of noise.
  private let frequencies: [Float]
  private let phases: [Float]
  private let ofNoise: HostLinear
  private let ofLabel: HostLinear?
  private let sum: MagnitudeSum

  var width: Int { ofNoise.outputs }

  init(_ modules: DiffusionModules, classes: Int) throws {
    let place = "emb_fourier"
    try modules.className(place, among: ["MPFourier"])
    guard let shape = modules.shape(of: place + ".freqs"), shape.count == 1, shape[0] > 0 else {
      throw DiffusionError.missingTensor(file: modules.file, tensor: place + ".freqs")
    }
    frequencies = try modules.floats(place + ".freqs", shape: shape)
    phases = try modules.floats(place + ".phases", shape: shape)
    let noise = try MagnitudeLayer("emb_noise", modules, window: 0)
    try modules.check(noise.name, goes: (noise.inputs, noise.outputs), expected: (shape[0], noise.outputs))
    ofNoise = noise.linear
    sum = MagnitudeSum(balance: try modules.number("label_balance", of: DiffusionModules.network, in: 0...1))
    guard classes > 0 else {
      ofLabel = nil
      return
    }
    let label = try MagnitudeLayer("emb_label", modules, window: 0)
    try modules.check(label.name, goes: (label.inputs, label.outputs), expected: (classes, noise.outputs))
    ofLabel = label.linear
  }

  func vector(noise: Double, label: Int?) -> [Double] {
    let waves = zip(frequencies, phases).map { 2.0.squareRoot() * cos(noise * Double($0) + Double($1)) }
    var vector = ofNoise(waves)
    if let ofLabel {
      // One-hot vectors are scaled to the magnitude of normal ones.
      let own = ofLabel.column(label, times: Double(ofLabel.inputs).squareRoot())
      vector = zip(vector, own).map { sum.first * $0 + sum.second * $1 }
    }
    return vector.map(MagnitudeActivation.silu)
  }
}
