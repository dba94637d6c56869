import BenchCore
import Checkpoints
import JSON

/// The modules of a state dict: what its names and shapes tell, and what they do not, as the published networks have it
/// (NVlabs/edm `training/networks.py` with the options of `train.py`).
///
/// Not to be told from tensors: the preconditioning, but for that of iDDPM, which has a buffer; the number of heads; factors and
/// epsilons. EDM's preconditioning is taken unless the description says otherwise.
struct PublishedModules {
  private(set) var list: [(name: String, record: ModuleRecord)] = []
  private let shapes: [String: [Int]]
  private let file: String
  private let isSong: Bool
  private let headChannels: Int?

  /// What `architecture` of a description may say of a state dict.
  private struct Told: Decodable {
    var preconditioning: String?
    /// Channels of each attention head.
    var headChannels: Int?
  }

  /// - Throws: `DiffusionError`, `JSONError`.
  init(_ shapes: [String: [Int]], file: String, _ description: ModelDescription?) throws {
    self.shapes = shapes
    self.file = file
    if shapes["out_gain"] != nil {
      throw DiffusionError.cannotTell(
        file: file, what: "the balances of EDM2's sums and the filters of its resampling",
        advice: "name the snapshot (.pkl) that it was taken from")
    }
    isSong = shapes.keys.contains { $0.hasPrefix("dec.") && $0.hasSuffix("_aux_conv.weight") }
    let told = try description?.architecture.map { try description?.layers(Told.self, in: $0) } ?? nil
    headChannels = told?.headChannels
    guard isSong || shapes["out_conv.weight"] != nil, let width = shapes["map_layer0.weight"], width.count == 2,
      let first = Self.levels(of: shapes.keys, in: "enc").first,
      let image = shapes["enc.\(first)x\(first)_conv.weight"],
      image.count == 4
    else {
      let some = shapes.keys.sorted().prefix(3).map { "`\($0)`" }.joined(separator: ", ")
      throw DiffusionError.notASnapshot(
        file: file, found: "its tensors (\(some), ...) are not those of SongUNet or DhariwalUNet")
    }
    try addOutermost(resolution: first, channels: image[1], told?.preconditioning)
    addEmbedding(width: width[1])
    try addEncoder(channels: image[1])
    try addDecoder(channels: image[1])
  }

  // MARK: - The parts

  private mutating func add(_ name: String, _ className: String, _ settings: [String: ModuleRecord.Setting] = [:]) {
    list.append(
      (
        name,
        ModuleRecord(name: name, classPath: className, hasTensors: true, hasChildren: false, settings: settings)
      ))
  }

  private mutating func addOutermost(resolution: Int, channels: Int, _ told: String?) throws {
    let own = shapes["u"] == nil ? "EDMPrecond" : "iDDPMPrecond"
    if let told, !EDMPreconditioning.classes.contains(told) {
      throw DiffusionError.otherClass(
        file: file, module: "", got: told, expected: EDMPreconditioning.classes)
    }
    // Checkpoints of the other kind have the same names and shapes; nothing but their name tells them.
    if told == nil, own == "EDMPrecond", file.lowercased().contains("baseline") {
      throw DiffusionError.cannotTell(
        file: file, what: "its preconditioning, and by its name it is a baseline, whose is not EDM's",
        advice: "say it in a model.json beside it: \"architecture\": {\"preconditioning\": \"VPPrecond\"}, or VEPrecond"
      )
    }
    add(
      DiffusionModules.preconditioner, told ?? own,
      [
        "img_resolution": .number(Double(resolution)), "img_channels": .number(Double(channels)),
        "label_dim": .number(Double(shapes["map_label.weight"]?.last ?? 0)), "sigma_data": .number(0.5),
        "beta_d": .number(19.9), "beta_min": .number(0.1), "M": .number(1000),
      ])
    add(DiffusionModules.network, isSong ? "SongUNet" : "DhariwalUNet", ["label_dropout": .number(0)])
  }

  private mutating func addEmbedding(width: Int) {
    add(
      "map_noise", shapes["map_noise.freqs"] == nil ? "PositionalEmbedding" : "FourierEmbedding",
      ["num_channels": .number(Double(width)), "max_positions": .number(10_000), "endpoint": .flag(isSong)])
    for layer in ["map_layer0", "map_layer1", "map_label"] where shapes[layer + ".weight"] != nil {
      add(layer, "Linear")
    }
  }

  private mutating func addEncoder(channels: Int) throws {
    let levels = Self.levels(of: shapes.keys, in: "enc")
    for (number, level) in levels.enumerated() {
      let place = "enc.\(level)x\(level)_"
      if number == 0 {
        addConvolution(place + "conv")
      } else {
        try addBlock(place + "down", direction: "down")
        addConvolution(place + "aux_down", direction: "down", channels: channels)
        addConvolution(place + "aux_skip")
        addConvolution(place + "aux_residual", direction: "down", isFused: true)
      }
      try addBlocks(place)
    }
  }

  private mutating func addDecoder(channels: Int) throws {
    for level in Self.levels(of: shapes.keys, in: "dec").reversed() {
      let place = "dec.\(level)x\(level)_"
      for name in ["in0", "in1"] { try addBlock(place + name) }
      try addBlock(place + "up", direction: "up")
      try addBlocks(place)
      addConvolution(place + "aux_up", direction: "up", channels: channels)
      addNormalisation(place + "aux_norm")
      addConvolution(place + "aux_conv")
    }
    addNormalisation("out_norm")
    addConvolution("out_conv")
  }

  private mutating func addBlocks(_ place: String) throws {
    var number = 0
    while shapes["\(place)block\(number).norm0.weight"] != nil {
      try addBlock("\(place)block\(number)")
      number += 1
    }
  }

  private mutating func addBlock(_ name: String, direction: String? = nil) throws {
    guard let input = shapes[name + ".norm0.weight"]?.first, let output = shapes[name + ".conv0.weight"]?.first,
      let affine = shapes[name + ".affine.weight"]?.first
    else { return }
    let hasAttention = shapes[name + ".qkv.weight"] != nil
    // SongUNet has one head wherever it has attention, DhariwalUNet one for every 64 channels.
    let share = headChannels ?? (isSong ? output : 64)
    guard !hasAttention || share >= 1 && output >= share else {
      throw DiffusionError.cannotTell(
        file: file,
        what:
          "the number of attention heads of `\(name)`, whose \(output) channels are fewer than the published 64 a head",
        advice: "say it in a model.json beside it: \"architecture\": {\"headChannels\": 32}")
    }
    add(
      name, "UNetBlock",
      [
        "in_channels": .number(Double(input)), "out_channels": .number(Double(output)),
        "num_heads": .number(hasAttention ? Double(output / share) : 0),
        "skip_scale": .number(isSong ? 0.5.squareRoot() : 1), "adaptive_scale": .flag(affine != output),
      ])
    for norm in ["norm0", "norm1", "norm2"] { addNormalisation("\(name).\(norm)") }
    addConvolution(name + ".conv0", direction: direction)
    addConvolution(name + ".conv1")
    addConvolution(name + ".skip", direction: direction, channels: input)
    addConvolution(name + ".qkv")
    addConvolution(name + ".proj")
    add(name + ".affine", "Linear")
  }

  private mutating func addNormalisation(_ name: String) {
    guard let channels = shapes[name + ".weight"]?.first else { return }
    add(
      name, "GroupNorm",
      ["num_groups": .number(Double(max(1, min(32, channels / 4)))), "eps": .number(isSong ? 1e-6 : 1e-5)])
  }

  /// Where there is one of this name.
  /// - Parameter channels: of one without weights, which only resamples.
  private mutating func addConvolution(
    _ name: String, direction: String? = nil, isFused: Bool = false, channels: Int? = nil
  ) {
    let weights = shapes[name + ".weight"]
    let filter = shapes[name + ".resample_filter"]
    guard weights != nil || filter != nil else { return }
    add(
      name, "Conv2d",
      [
        "in_channels": .number(Double(weights?.dropFirst().first ?? channels ?? 0)),
        "out_channels": .number(Double(weights?.first ?? channels ?? 0)), "up": .flag(direction == "up"),
        "down": .flag(direction == "down"), "fused_resample": .flag(isFused),
      ])
  }

  /// The sizes of the levels in `enc` or `dec`, largest first.
  private static func levels(of names: Dictionary<String, [Int]>.Keys, in part: String) -> [Int] {
    var found: Set<Int> = []
    for name in names where name.hasPrefix(part + ".") {
      let digits = name.dropFirst(part.count + 1).prefix { $0.isNumber }
      if let level = Int(digits), (1...4096).contains(level) { found.insert(level) }
    }
    return found.sorted(by: >)
  }
}
