import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor

/// A tiny network of NVlabs/edm with random weights, as its code would build it, and as its trainer or a state dict would hold it.
package struct EDMFixture {
  package enum Architecture: String, CaseIterable, Sendable {
    case ddpmpp, ncsnpp
    /// SongUNet with `encoder_type` and `decoder_type` skip, which no published network has.
    case ncsnppSkip = "ncsnpp-skip"
    case adm
  }

  package var architecture = Architecture.ddpmpp
  package var preconditioner = "EDMPrecond"
  package var classes = 0
  package var labelDropout = 0.0
  package var resolution = 8
  package var channels = 3
  package var seed: UInt64 = 1

  /// Channels at full size, and at half size.
  private static let widths = [8, 16]

  package init(
    _ architecture: Architecture = .ddpmpp, preconditioner: String = "EDMPrecond", classes: Int = 0,
    resolution: Int = 8,
    channels: Int = 3, seed: UInt64 = 1
  ) {
    self.architecture = architecture
    self.preconditioner = preconditioner
    self.classes = classes
    self.resolution = resolution
    self.channels = channels
    self.seed = seed
  }

  /// The snapshot as a file.
  /// - Parameter change: of the network under `ema`.
  package func snapshot(
    name: String = "network.pkl", _ change: (inout Module) -> Void = { _ in }
  ) -> CheckpointFile {
    var network = network
    change(&network)
    var pickle = SnapshotPickle()
    pickle.snapshot(network)
    return CheckpointFile(name: name, data: pickle.data)
  }

  /// The state dict of the same network.
  package func stateDict(name: String = "network.safetensors") throws -> CheckpointFile {
    func tensors(_ module: Module, _ prefix: String) -> [TensorToWrite] {
      let own = (module.parameters + module.buffers).compactMap { name, tensor in
        tensor.map { TensorToWrite(name: prefix + name, shape: $0.shape.dimensions, floats: $0.scalars) }
      }
      return own + module.children.flatMap { tensors($0.module, prefix + $0.name + ".") }
    }
    return CheckpointFile(name: name, data: try SafetensorsWriter.encode(tensors(network, "")))
  }

  /// A description with this `architecture`.
  package static func description(_ architecture: String) throws -> ModelDescription {
    var description = ModelDescription(id: "told", name: "Told")
    description.architecture = try JSONDecoding.parse(Data(architecture.utf8), source: "test")
    return description
  }

  // MARK: - The network

  /// As `network.py` builds it.
  package struct Module: Sendable {
    package enum Setting: Sendable {
      case integer(Int)
      case number(Double)
      /// A NumPy scalar.
      case numpy(Double)
      case flag(Bool)
      case none
    }

    package var className: String
    package var settings: [(name: String, value: Setting)] = []
    package var parameters: [(name: String, tensor: Tensor?)] = []
    package var buffers: [(name: String, tensor: Tensor?)] = []
    package var children: [(name: String, module: Module)] = []

    package subscript(child: String) -> Module {
      get { children.first { $0.name == child }?.module ?? Module(className: "none") }
      set {
        guard let index = children.firstIndex(where: { $0.name == child }) else { return }
        children[index].module = newValue
      }
    }

    package mutating func set(_ name: String, _ value: Setting) {
      settings.removeAll { $0.name == name }
      settings.append((name, value))
    }
  }

  private var isSong: Bool { architecture != .adm }
  private var embeddingWidth: Int { 4 * Self.widths[0] }
  private var filter: [Float] { architecture == .ncsnpp || architecture == .ncsnppSkip ? [1, 3, 3, 1] : [1, 1] }

  package var network: Module {
    var outermost = Module(className: preconditioner)
    outermost.settings = [
      ("img_resolution", .integer(resolution)), ("img_channels", .integer(channels)), ("label_dim", .integer(classes)),
      ("use_fp16", .flag(false)), ("sigma_min", .integer(0)), ("sigma_max", .number(.infinity)),
    ]
    switch preconditioner {
    case "VPPrecond":
      outermost.settings += [("beta_d", .number(19.9)), ("beta_min", .number(0.1)), ("M", .integer(1000))]
    case "iDDPMPrecond":
      outermost.settings.append(("M", .integer(8)))
      let levels = (0...8).map { Float(20 * pow(0.4, Double($0))) }
      outermost.buffers.append(("u", Tensor(shape: [9], scalars: levels)))
    case "EDMPrecond": outermost.settings.append(("sigma_data", .number(0.5)))
    default: break
    }
    outermost.children.append(("model", unet))
    return outermost
  }

  private var unet: Module {
    let (full, half) = (Self.widths[0], Self.widths[1])
    var net = Module(className: isSong ? "SongUNet" : "DhariwalUNet")
    net.settings = [("label_dropout", labelDropout == 0 ? .integer(0) : .number(labelDropout))]
    let noiseWidth = architecture == .ncsnpp ? 2 * full : full
    var noise = Module(className: architecture == .ncsnpp ? "FourierEmbedding" : "PositionalEmbedding")
    if architecture == .ncsnpp {
      noise.buffers = [("freqs", random("freqs", [noiseWidth / 2], scale: 2))]
    } else {
      noise.settings = [
        ("num_channels", .integer(noiseWidth)), ("max_positions", .integer(10_000)), ("endpoint", .flag(isSong)),
      ]
    }
    net.children.append(("map_noise", noise))
    if classes > 0 {
      net.children.append(
        ("map_label", linear("map_label", classes, isSong ? noiseWidth : embeddingWidth, hasBias: isSong)))
    } else {
      net.settings.append(("map_label", .none))
    }
    net.children.append(("map_layer0", linear("map_layer0", noiseWidth, embeddingWidth)))
    net.children.append(("map_layer1", linear("map_layer1", embeddingWidth, embeddingWidth)))

    var inside = Module(className: "ModuleDict")
    let (large, small) = ("\(resolution)x\(resolution)_", "\(resolution / 2)x\(resolution / 2)_")
    func add(_ name: String, _ module: Module, to list: inout Module) { list.children.append((name, module)) }
    add(large + "conv", conv("enc.conv", channels, full, 3), to: &inside)
    add(large + "block0", block("enc.0", full, full), to: &inside)
    add(small + "down", block("enc.down", full, full, direction: "down"), to: &inside)
    if architecture == .ncsnppSkip {
      add(small + "aux_down", conv("enc.aux_down", channels, channels, 0, direction: "down"), to: &inside)
      add(small + "aux_skip", conv("enc.aux_skip", channels, full, 1), to: &inside)
    } else if architecture == .ncsnpp {
      add(small + "aux_residual", conv("enc.aux", channels, full, 3, direction: "down", isFused: true), to: &inside)
    }
    add(small + "block0", block("enc.1", full, half, heads: isSong ? 1 : 2), to: &inside)
    net.children.append(("enc", inside))

    var outside = Module(className: "ModuleDict")
    add(small + "in0", block("dec.in0", half, half, heads: isSong ? 1 : 2), to: &outside)
    add(small + "in1", block("dec.in1", half, half), to: &outside)
    add(small + "block0", block("dec.0", 2 * half, half), to: &outside)
    add(small + "block1", block("dec.1", half + full, half, heads: isSong ? 1 : 2), to: &outside)
    if architecture == .ncsnppSkip {
      add(small + "aux_norm", norm("dec.norm1", half), to: &outside)
      add(small + "aux_conv", conv("dec.aux1", half, channels, 3), to: &outside)
    }
    add(large + "up", block("dec.up", half, half, direction: "up"), to: &outside)
    add(large + "block0", block("dec.2", half + full, full), to: &outside)
    add(large + "block1", block("dec.3", 2 * full, full), to: &outside)
    if architecture == .ncsnppSkip {
      add(large + "aux_up", conv("dec.aux_up", channels, channels, 0, direction: "up"), to: &outside)
    }
    if isSong {
      add(large + "aux_norm", norm("dec.norm0", full), to: &outside)
      add(large + "aux_conv", conv("dec.aux0", full, channels, 3), to: &outside)
    }
    net.children.append(("dec", outside))
    if !isSong {
      let outputs = preconditioner == "iDDPMPrecond" ? 2 * channels : channels
      net.children.append(("out_norm", norm("out_norm", full)))
      net.children.append(("out_conv", conv("out_conv", full, outputs, 3)))
    }
    return net
  }

  // MARK: - Its modules

  private func random(_ name: String, _ shape: Shape, scale: Double, mean: Double = 0) -> Tensor {
    let normals = RandomStream(seed: seed, name: name).normals(item: 0, count: shape.count)
    return Tensor(shape: shape, scalars: normals.map { Float(mean + scale * $0) })
  }

  private func linear(_ name: String, _ inputs: Int, _ outputs: Int, hasBias: Bool = true) -> Module {
    var module = Module(className: "Linear")
    module.settings = [("in_features", .integer(inputs)), ("out_features", .integer(outputs))]
    let scale = 1 / Double(inputs).squareRoot()
    module.parameters.append(("weight", random(name + ".weight", [outputs, inputs], scale: scale)))
    if hasBias {
      module.parameters.append(("bias", random(name + ".bias", [outputs], scale: 0.1)))
    } else {
      module.settings.append(("bias", .none))
    }
    return module
  }

  private func norm(_ name: String, _ channels: Int) -> Module {
    var module = Module(className: "GroupNorm")
    module.settings = [("num_groups", .integer(min(32, channels / 4))), ("eps", .number(isSong ? 1e-6 : 1e-5))]
    module.parameters = [
      ("weight", random(name + ".weight", [channels], scale: 0.1, mean: 1)),
      ("bias", random(name + ".bias", [channels], scale: 0.1)),
    ]
    return module
  }

  /// - Parameter window: 0 for one that only resamples.
  private func conv(
    _ name: String, _ inputs: Int, _ outputs: Int, _ window: Int, direction: String? = nil, isFused: Bool = false
  ) -> Module {
    var module = Module(className: "Conv2d")
    module.settings = [
      ("in_channels", .integer(inputs)), ("out_channels", .integer(outputs)), ("up", .flag(direction == "up")),
      ("down", .flag(direction == "down")), ("fused_resample", .flag(isFused)),
    ]
    if window > 0 {
      let scale = 1 / Double(inputs * window * window).squareRoot()
      module.parameters = [
        ("weight", random(name + ".weight", [outputs, inputs, window, window], scale: scale)),
        ("bias", random(name + ".bias", [outputs], scale: 0.1)),
      ]
    } else {
      module.settings += [("weight", .none), ("bias", .none)]
    }
    let sum = filter.reduce(0, +)
    let outer = filter.flatMap { row in filter.map { row * $0 / (sum * sum) } }
    let size = filter.count
    module.buffers = [
      ("resample_filter", direction == nil ? nil : Tensor(shape: [1, 1, size, size], scalars: outer))
    ]
    return module
  }

  private func block(
    _ name: String, _ inputs: Int, _ outputs: Int, heads: Int = 0, direction: String? = nil
  ) -> Module {
    var module = Module(className: "UNetBlock")
    module.settings = [
      ("in_channels", .integer(inputs)), ("out_channels", .integer(outputs)),
      ("emb_channels", .integer(embeddingWidth)),
      ("num_heads", .integer(heads)), ("dropout", .number(0.13)),
      ("skip_scale", isSong ? .numpy(0.5.squareRoot()) : .integer(1)), ("adaptive_scale", .flag(!isSong)),
    ]
    module.children = [
      ("norm0", norm(name + ".norm0", inputs)),
      ("conv0", conv(name + ".conv0", inputs, outputs, 3, direction: direction)),
      ("affine", linear(name + ".affine", embeddingWidth, outputs * (isSong ? 1 : 2))),
      ("norm1", norm(name + ".norm1", outputs)), ("conv1", conv(name + ".conv1", outputs, outputs, 3)),
    ]
    if inputs != outputs || direction != nil {
      // SongUNet projects wherever it resamples.
      let window = inputs != outputs || isSong ? 1 : 0
      module.children.append(("skip", conv(name + ".skip", inputs, outputs, window, direction: direction)))
    } else {
      module.settings.append(("skip", .none))
    }
    if heads > 0 {
      module.children += [
        ("norm2", norm(name + ".norm2", outputs)), ("qkv", conv(name + ".qkv", outputs, 3 * outputs, 1)),
        ("proj", conv(name + ".proj", outputs, outputs, 1)),
      ]
    }
    return module
  }
}
