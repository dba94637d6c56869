import Checkpoints
import Foundation
import Tensor

extension DiffusionUNet {
  /// UNet2DModel of diffusers (`models/unets/unet_2d.py`), version 0.38.0.
  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ settings: UNet2DConfiguration, _ weights: UNetWeights) throws {
    guard settings.layerCount <= Self.largestStepCount else {
      throw DiffusionError.wiring(
        file: weights.file, module: "",
        reason: "has \(settings.layerCount) blocks, at most \(Self.largestStepCount) are read")
    }
    let maker = DiffusersMaker(settings, weights)
    let channels = settings.blockChannels
    let embedding = try maker.embedding()
    var encoder: [Step] = [
      .convolution(try weights.convolution("conv_in", from: settings.inputChannels, to: channels[0]))
    ]
    var skips = [channels[0]]
    var current = channels[0]
    for (level, type) in settings.downBlocks.enumerated() {
      let name = "down_blocks.\(level)"
      let attends = UNet2DConfiguration.downBlockTypes[type] ?? false
      for layer in 0..<settings.layersPerBlock {
        encoder.append(.block(try maker.block(name, layer, from: current, to: channels[level], attends: attends)))
        current = channels[level]
        skips.append(current)
      }
      guard level < channels.count - 1 else { continue }
      encoder.append(try maker.reduction(name, type, channels: current))
      skips.append(current)
    }
    var decoder: [Step] = []
    if settings.hasMiddle {
      decoder += try maker.middle(channels: current).map { .block($0) }
    }
    for (level, type) in settings.upBlocks.enumerated() {
      let name = "up_blocks.\(level)"
      let attends = UNet2DConfiguration.upBlockTypes[type] ?? false
      let outputs = channels[channels.count - 1 - level]
      for layer in 0...settings.layersPerBlock {
        let inputs = current + (skips.popLast() ?? 0)
        decoder.append(.block(try maker.block(name, layer, from: inputs, to: outputs, attends: attends)))
        current = outputs
      }
      guard level < channels.count - 1 else { continue }
      decoder.append(try maker.enlargement(name, type, channels: current))
    }
    let last = (
      norm: try weights.norm("conv_norm_out", channels: current, groups: settings.groups, epsilon: settings.epsilon),
      conv: try weights.convolution("conv_out", from: current, to: settings.outputChannels)
    )
    try weights.requireAllUsed()
    try self.init(
      file: weights.file, resolution: settings.sampleSize, channels: settings.inputChannels, classes: settings.classes,
      hasNullClass: false, embedding: embedding, encoder: encoder, decoder: decoder, last: last)
  }
}

/// Makes the parts of a UNet2DModel one after the other: each block's part of the modulation begins where that of the one before ends.
private final class DiffusersMaker {
  private let settings: UNet2DConfiguration
  private let weights: UNetWeights
  private var offset = 0

  init(_ settings: UNet2DConfiguration, _ weights: UNetWeights) {
    (self.settings, self.weights) = (settings, weights)
  }

  func embedding() throws -> NoiseEmbedding {
    let (inputs, width) = (settings.blockChannels[0], settings.embeddingWidth)
    let label =
      settings.classes == 0
      ? nil
      : HostLinear(
        columns: try weights.tensor("class_embedding.weight", [settings.classes, width]))
    return NoiseEmbedding(
      isSong: false, sinesFirst: !settings.flipsSinesToCosines,
      frequencies: NoiseEmbedding.stepFrequencies(
        inputs / 2, divisor: Double(inputs / 2) - settings.frequencyShift),
      first: try weights.linear("time_embedding.linear_1", from: inputs, to: width),
      second: try weights.linear("time_embedding.linear_2", from: width, to: width), label: label)
  }

  /// ResnetBlock2D, and the attention of its place behind it.
  func block(_ name: String, _ layer: Int, from inputs: Int, to outputs: Int, attends: Bool) throws -> UNetBlock {
    let attention =
      attends
      ? try weights.attention(
        "\(name).attentions.\(layer)", channels: outputs, headChannels: settings.headChannels,
        norm: (settings.groups, settings.epsilon)) : nil
    return try residual("\(name).resnets.\(layer)", from: inputs, to: outputs, attention: attention)
  }

  /// A block with attention and one without.
  func middle(channels: Int) throws -> [UNetBlock] {
    var attention: UNetAttention?
    if settings.middleAttends {
      // Without a word of its own, it is normalised only where blocks are not adaptive.
      let groups = settings.attentionGroups ?? (settings.isAdaptive ? nil : settings.groups)
      attention = try weights.attention(
        "mid_block.attentions.0", channels: channels, headChannels: settings.headChannels,
        norm: groups.map { ($0, settings.epsilon) })
    }
    return [
      try residual(
        "mid_block.resnets.0", from: channels, to: channels, attention: attention, divisor: settings.middleDivisor),
      try residual("mid_block.resnets.1", from: channels, to: channels, divisor: settings.middleDivisor),
    ]
  }

  func reduction(_ name: String, _ type: String, channels: Int) throws -> DiffusionUNet.Step {
    let place = name + ".downsamplers.0"
    if type == "ResnetDownsampleBlock2D" || type == "AttnDownBlock2D" && settings.halvesByBlocks {
      return .block(try residual(place, from: channels, to: channels, resampling: Resampling(isUp: false)))
    }
    return .reducing(
      StridedConvolution(
        name: place + ".conv", weights: try weights.tensor(place + ".conv.weight", [channels, channels, 3, 3]),
        bias: try weights.tensor(place + ".conv.bias", [channels]), padsAround: settings.padsAround))
  }

  func enlargement(_ name: String, _ type: String, channels: Int) throws -> DiffusionUNet.Step {
    let place = name + ".upsamplers.0"
    if type == "ResnetUpsampleBlock2D" || type == "AttnUpBlock2D" && settings.doublesByBlocks {
      return .block(try residual(place, from: channels, to: channels, resampling: Resampling(isUp: true)))
    }
    return .convolution(
      try weights.convolution(place + ".conv", from: channels, to: channels, resampling: Resampling(isUp: true)))
  }

  /// - Parameter divisor: of both sums.
  private func residual(
    _ name: String, from inputs: Int, to outputs: Int, attention: UNetAttention? = nil, resampling: Resampling? = nil,
    divisor: Double = 1
  ) throws -> UNetBlock {
    let (groups, epsilon) = (settings.groups, settings.epsilon)
    var skip: ResamplingConvolution?
    if inputs != outputs {
      skip = try weights.convolution(
        name + ".conv_shortcut", from: inputs, to: outputs, size: 1, resampling: resampling)
    } else if let resampling {
      skip = ResamplingConvolution(name: name + ".resampled", channels: inputs, resampling: resampling)
    }
    let block = UNetBlock(
      name: name,
      UNetBlock.Parts(
        norm0: try weights.norm(name + ".norm1", channels: inputs, groups: groups, epsilon: epsilon),
        conv0: try weights.convolution(name + ".conv1", from: inputs, to: outputs, resampling: resampling),
        affine: try weights.linear(
          name + ".time_emb_proj", from: settings.embeddingWidth, to: settings.isAdaptive ? 2 * outputs : outputs),
        norm1: try weights.norm(name + ".norm2", channels: outputs, groups: groups, epsilon: epsilon),
        conv1: try weights.convolution(name + ".conv2", from: outputs, to: outputs),
        skip: skip, attention: attention), scale: Float(1 / divisor), offset: offset)
    offset += block.width
    return block
  }
}
