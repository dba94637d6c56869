import Checkpoints
import JSON

/// `config.json` of a UNet2DModel of diffusers, with the defaults of diffusers 0.38.0 for what a file leaves out.
struct UNet2DConfiguration: Sendable {
  /// Side of the square images.
  let sampleSize: Int
  let inputChannels: Int
  let outputChannels: Int
  let flipsSinesToCosines: Bool
  let frequencyShift: Double
  let downBlocks: [String]
  let hasMiddle: Bool
  let upBlocks: [String]
  let blockChannels: [Int]
  let layersPerBlock: Int
  /// By which both sums of a block in the middle are divided.
  let middleDivisor: Double
  /// Whether halving convolutions pad all around, and not at the lower and right edge alone.
  let padsAround: Bool
  /// Whether blocks with attention are halved and doubled by residual blocks, and not by convolutions.
  let halvesByBlocks: Bool
  let doublesByBlocks: Bool
  /// Channels of an attention head; nil for one head.
  let headChannels: Int?
  let groups: Int
  /// Of the attention in the middle, where the file says.
  let attentionGroups: Int?
  let epsilon: Double
  /// Whether blocks are told of time by factors and summands, and not by summands alone.
  let isAdaptive: Bool
  let middleAttends: Bool
  /// 0 for a network that knows none.
  let classes: Int
  /// Numbers of what blocks are told of time and class.
  let embeddingWidth: Int

  /// Which blocks there may be, and whether they attend.
  static let downBlockTypes = ["DownBlock2D": false, "AttnDownBlock2D": true, "ResnetDownsampleBlock2D": false]
  static let upBlockTypes = ["UpBlock2D": false, "AttnUpBlock2D": true, "ResnetUpsampleBlock2D": false]

  /// Residual blocks of all levels.
  var layerCount: Int { blockChannels.count * (2 * layersPerBlock + 1) }

  /// - Throws: `JSONError`, `DiffusionError.otherSetting`, naming the file.
  init(_ file: CheckpointFile) throws {
    let settings = try DiffusersSettings(file)
    try Self.checkKind(settings)
    inputChannels = try settings.integer("in_channels", in: 1...64) ?? 3
    let outputs = try settings.integer("out_channels", in: 1...128) ?? 3
    guard outputs == inputChannels || outputs == 2 * inputChannels else {
      throw settings.refusal(
        "out_channels", "\(outputs)", expected: "as many as in_channels, \(inputChannels), or twice as many")
    }
    outputChannels = outputs
    flipsSinesToCosines = try settings.flag("flip_sin_to_cos") ?? true
    frequencyShift = Double(try settings.integer("freq_shift", in: 0...1) ?? 0)

    let channels = try Self.channels(settings)
    blockChannels = channels
    downBlocks = try Self.blocks(settings, "down_block_types", Self.downBlockTypes, levels: channels.count)
    upBlocks = try Self.blocks(settings, "up_block_types", Self.upBlockTypes, levels: channels.count)
    sampleSize = try Self.side(settings, levels: channels.count)
    hasMiddle = !settings.isNull("mid_block_type")
    layersPerBlock = try settings.integer("layers_per_block", in: 1...64) ?? 2
    middleDivisor = try settings.number("mid_block_scale_factor", in: 1e-3...1e3) ?? 1
    padsAround = try settings.integer("downsample_padding", in: 0...1) ?? 1 == 1
    halvesByBlocks = try settings.text("downsample_type", among: ["conv", "resnet"]) == "resnet"
    doublesByBlocks = try settings.text("upsample_type", among: ["conv", "resnet"]) == "resnet"
    middleAttends = try settings.flag("add_attention") ?? true

    // Null is one head; where nothing is said, a head has 8 channels.
    headChannels =
      settings.contains("attention_head_dim") ? try settings.integer("attention_head_dim", in: 1...1 << 16) : 8
    groups = try settings.integer("norm_num_groups", in: 1...1 << 16) ?? 32
    attentionGroups = try settings.integer("attn_norm_num_groups", in: 1...1 << 16)
    epsilon = try settings.number("norm_eps", in: 1e-12...1) ?? 1e-5
    isAdaptive =
      try settings.text("resnet_time_scale_shift", among: ["default", "scale_shift"]) == "scale_shift"
    classes = try settings.integer("num_class_embeds", in: 1...1 << 16) ?? 0
    embeddingWidth = try settings.integer("time_embedding_dim", in: 1...1 << 18) ?? 4 * channels[0]
  }

  /// Settings that have one value here, or the network is another one.
  private static func checkKind(_ settings: DiffusersSettings) throws {
    guard try settings.text("_class_name", among: ["UNet2DModel"]) != nil else {
      throw settings.refusal("_class_name", "left out", expected: "`UNet2DModel`")
    }
    guard try settings.flag("center_input_sample") != true else {
      throw settings.refusal("center_input_sample", "true", expected: "false, a network of images in [-1, 1]")
    }
    _ = try settings.text("time_embedding_type", among: ["positional"])
    _ = try settings.text("act_fn", among: ["silu", "swish"])
    _ = try settings.text("mid_block_type", among: ["UNetMidBlock2D"])
    if let kind = settings.value("class_embed_type") {
      throw settings.refusal(
        "class_embed_type", DiffusersSettings.shown(kind), expected: "null, a vector for each class")
    }
  }

  private static func channels(_ settings: DiffusersSettings) throws -> [Int] {
    let expected = "1 to 16 even numbers from 4 to 65,536"
    let channels =
      try settings.list("block_out_channels", of: expected) { value -> Int? in
        guard case .integer(let count) = value, (4...1 << 16).contains(count), count % 2 == 0 else { return nil }
        return Int(count)
      } ?? [224, 448, 672, 896]
    guard (1...16).contains(channels.count) else {
      throw settings.refusal("block_out_channels", "a list of \(channels.count)", expected: expected)
    }
    return channels
  }

  private static func blocks(
    _ settings: DiffusersSettings, _ setting: String, _ known: [String: Bool], levels: Int
  ) throws -> [String] {
    let names = known.keys.sorted().map { "`\($0)`" }.joined(separator: ", ")
    guard
      let blocks = try settings.list(
        setting, of: names,
        { value -> String? in
          value.stringValue.flatMap { known[$0] == nil ? nil : $0 }
        })
    else { throw settings.refusal(setting, "left out", expected: "a list of \(names)") }
    guard blocks.count == levels else {
      throw settings.refusal(
        setting, "a list of \(blocks.count)", expected: "\(levels), one for each of block_out_channels")
    }
    return blocks
  }

  /// One number or two say it.
  private static func side(_ settings: DiffusersSettings, levels: Int) throws -> Int {
    let factor = 1 << (levels - 1)
    let expected = "the side of square images, a multiple of \(factor) up to 4096"
    var sides: [JSONValue] = []
    switch settings.value("sample_size") {
    case .array(let both)?: sides = both
    case let one?: sides = [one]
    case nil: break
    }
    guard case .integer(let side)? = sides.first, sides.count <= 2, sides.allSatisfy({ $0 == sides.first }),
      (1...4096).contains(side), Int(side).isMultiple(of: factor)
    else {
      throw settings.refusal(
        "sample_size", settings.value("sample_size").map(DiffusersSettings.shown) ?? "left out", expected: expected)
    }
    return Int(side)
  }
}
