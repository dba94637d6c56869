import Graph
import Tensor

extension DiffusionUNet {
  /// `UNetModel` of openai/guided-diffusion and improved-diffusion (`unet.py`).
  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ structure: GuidedStructure, _ weights: UNetWeights) throws {
    let maker = GuidedMaker(structure, weights)
    let (places, levels) = (structure.placesPerLevel, structure.levels)
    let embedding = try maker.embedding()
    var encoder: [Step] = [
      .convolution(try weights.convolution("input_blocks.0.0", from: structure.inputChannels, to: structure.width))
    ]
    var current = structure.width
    var skips = [current]
    for place in 1..<places * levels.count {
      let name = "input_blocks.\(place)"
      if place.isMultiple(of: places) {
        encoder.append(try maker.reduction(name + ".0", channels: current))
      } else {
        encoder.append(.block(try maker.block(name, from: current, to: levels[place / places])))
        current = levels[place / places]
      }
      skips.append(current)
    }
    var decoder: [Step] = [
      .block(
        try maker.residual(
          "middle_block.0", from: current, to: current, attention: maker.attention("middle_block.1", current))),
      .block(try maker.residual("middle_block.2", from: current, to: current)),
    ]
    for place in 0..<places * levels.count {
      let name = "output_blocks.\(place)"
      let outputs = levels[levels.count - 1 - place / places]
      decoder.append(.block(try maker.block(name, from: current + (skips.popLast() ?? 0), to: outputs)))
      current = outputs
      if (place + 1).isMultiple(of: places), place + 1 < places * levels.count {
        decoder.append(try maker.enlargement(name, channels: current))
      }
    }
    let last = (
      norm: try weights.norm("out.0", channels: current, groups: GuidedMaker.groups, epsilon: GuidedMaker.epsilon),
      conv: try weights.convolution("out.2", from: current, to: structure.outputChannels)
    )
    try weights.requireAllUsed()
    try self.init(
      file: weights.file, resolution: structure.imageSize, channels: structure.inputChannels,
      classes: structure.classes, hasNullClass: false, embedding: embedding, encoder: encoder, decoder: decoder,
      last: last)
  }
}

/// Makes the parts of a UNetModel one after the other: each block's part of the modulation begins where that of the one before ends.
private final class GuidedMaker {
  static let groups = 32
  static let epsilon = 1e-5

  private let structure: GuidedStructure
  private let weights: UNetWeights
  private var embeddingWidth = 0
  private var offset = 0

  init(_ structure: GuidedStructure, _ weights: UNetWeights) {
    (self.structure, self.weights) = (structure, weights)
  }

  func embedding() throws -> NoiseEmbedding {
    embeddingWidth = weights.shape(of: "time_embed.0.weight")?.first ?? 0
    let label =
      structure.classes == 0
      ? nil : HostLinear(columns: try weights.tensor("label_emb.weight", [structure.classes, embeddingWidth]))
    let half = structure.width / 2
    return NoiseEmbedding(
      isSong: false, sinesFirst: false, frequencies: NoiseEmbedding.stepFrequencies(half, divisor: Double(half)),
      first: try weights.linear("time_embed.0", from: structure.width, to: embeddingWidth),
      second: try weights.linear("time_embed.2", from: embeddingWidth, to: embeddingWidth), label: label)
  }

  /// A residual block, and the attention behind it where there is one.
  func block(_ name: String, from inputs: Int, to outputs: Int) throws -> UNetBlock {
    let attends = weights.contains(name + ".1.qkv.weight")
    return try residual(
      name + ".0", from: inputs, to: outputs, attention: attends ? attention(name + ".1", outputs) : nil)
  }

  func reduction(_ name: String, channels: Int) throws -> DiffusionUNet.Step {
    if structure.resamplesInBlocks {
      return .block(try residual(name, from: channels, to: channels, resampling: Resampling(isUp: false)))
    }
    return .reducing(
      StridedConvolution(
        name: name + ".op", weights: try weights.tensor(name + ".op.weight", [channels, channels, 3, 3]),
        bias: try weights.tensor(name + ".op.bias", [channels]), padsAround: true))
  }

  /// The last module of a place.
  func enlargement(_ place: String, channels: Int) throws -> DiffusionUNet.Step {
    let name = place + (weights.contains(place + ".1.qkv.weight") ? ".2" : ".1")
    let resampling = Resampling(isUp: true)
    return structure.resamplesInBlocks
      ? .block(try residual(name, from: channels, to: channels, resampling: resampling))
      : .convolution(
        try weights.convolution(name + ".conv", from: channels, to: channels, resampling: resampling))
  }

  func residual(
    _ name: String, from inputs: Int, to outputs: Int, attention: UNetAttention? = nil, resampling: Resampling? = nil
  ) throws -> UNetBlock {
    var skip: ResamplingConvolution?
    if inputs != outputs {
      let place = name + ".skip_connection"
      let size = weights.shape(of: place + ".weight")?.last == 3 ? 3 : 1
      skip = try weights.convolution(place, from: inputs, to: outputs, size: size, resampling: resampling)
    } else if let resampling {
      skip = ResamplingConvolution(name: name + ".resampled", channels: inputs, resampling: resampling)
    }
    let told = weights.shape(of: name + ".emb_layers.1.weight")?.first == 2 * outputs ? 2 * outputs : outputs
    func norm(_ place: String, _ channels: Int) throws -> GroupNormalisation {
      try weights.norm(name + place, channels: channels, groups: Self.groups, epsilon: Self.epsilon)
    }
    let block = UNetBlock(
      name: name,
      UNetBlock.Parts(
        norm0: try norm(".in_layers.0", inputs),
        conv0: try weights.convolution(name + ".in_layers.2", from: inputs, to: outputs, resampling: resampling),
        affine: try weights.linear(name + ".emb_layers.1", from: embeddingWidth, to: told),
        norm1: try norm(".out_layers.0", outputs),
        conv1: try weights.convolution(name + ".out_layers.3", from: outputs, to: outputs),
        skip: skip, attention: attention), scale: 1, offset: offset)
    offset += block.width
    return block
  }

  func attention(_ name: String, _ channels: Int) throws -> UNetAttention {
    let heads = try structure.heads(of: channels, in: name, file: weights.file)
    let norm = try weights.norm(name + ".norm", channels: channels, groups: Self.groups, epsilon: Self.epsilon)
    func layer(_ part: String, _ outputs: Int) throws -> ResamplingConvolution {
      // Over positions in one row.
      let row = try weights.tensor("\(name).\(part).weight", [outputs, channels, 1])
      return ResamplingConvolution(
        name: "\(name).\(part)", weights: Tensor(shape: [outputs, channels, 1, 1], scalars: row.scalars),
        bias: try weights.tensor("\(name).\(part).bias", [outputs]))
    }
    var inputs = try layer("qkv", 3 * channels)
    if !structure.hasNewOrder {
      let size = channels / heads
      let order = (0..<3).flatMap { part in
        (0..<channels).map { (3 * ($0 / size) + part) * size + $0 % size }
      }
      inputs = inputs.reordered(order) { _, _ in }
    }
    return UNetAttention(heads: heads, norm: norm, inputs: inputs, projection: try layer("proj_out", channels))
  }
}
