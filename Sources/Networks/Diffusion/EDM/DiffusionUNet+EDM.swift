extension DiffusionUNet {
  /// SongUNet (DDPM++ and NCSN++ of Song et al. 2021) or DhariwalUNet (ADM of Dhariwal and Nichol 2021) of NVlabs/edm.
  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ modules: DiffusionModules) throws {
    let isSong = try modules.className(DiffusionModules.network, among: ["SongUNet", "DhariwalUNet"]) == "SongUNet"
    let outermost = DiffusionModules.preconditioner
    let resolution = try modules.integer("img_resolution", of: outermost, in: 1...4096)
    let channels = try modules.integer("img_channels", of: outermost, in: 1...64)
    let classes = try modules.integer("label_dim", of: outermost, in: 0...1 << 16)
    let hasNullClass = try modules.number("label_dropout", of: DiffusionModules.network, in: 0...1) > 0
    let embedding = try NoiseEmbedding(modules, isSong: isSong, classes: classes)
    let (inside, outside) = (modules.children(of: "enc"), modules.children(of: "dec"))
    guard inside.count + outside.count <= Self.largestStepCount else {
      throw DiffusionError.wiring(
        file: modules.file, module: "",
        reason: "has \(inside.count + outside.count) blocks, at most \(Self.largestStepCount) are read")
    }
    var offset = 0
    func block(_ name: String) throws -> Step {
      let block = try UNetBlock(name, modules, embedding: embedding.width, offset: offset)
      offset += block.width
      return .block(block)
    }
    let encoder: [Step] = try inside.map { child in
      let name = "enc." + child
      let isBlock = try modules.className(name, among: ["UNetBlock", "Conv2d"]) == "UNetBlock"
      if isBlock { return try block(name) }
      let convolution = try ResamplingConvolution(name, modules)
      if isSong, child.contains("aux_down") { return .reduction(convolution) }
      if isSong, child.contains("aux_skip") { return .injection(convolution) }
      if isSong, child.contains("aux_residual") { return .residual(convolution) }
      return .convolution(convolution)
    }
    var steps: [Step] = []
    var pending: String?
    for child in outside {
      let name = "dec." + child
      switch try modules.className(name, among: isSong ? ["UNetBlock", "Conv2d", "GroupNorm"] : ["UNetBlock"]) {
      case "GroupNorm": pending = name
      case "UNetBlock": steps.append(try block(name))
      default:
        let convolution = try ResamplingConvolution(name, modules)
        if child.contains("aux_up") {
          steps.append(.enlargement(convolution))
        } else if let norm = pending {
          steps.append(.output(try GroupNormalisation(norm, modules, channels: convolution.inputs), convolution))
          pending = nil
        } else {
          throw DiffusionError.wiring(
            file: modules.file, module: name, reason: "is an output without a normalisation before it")
        }
      }
    }
    var last: (norm: GroupNormalisation, conv: ResamplingConvolution)?
    if !isSong {
      let convolution = try ResamplingConvolution("out_conv", modules)
      last = (try GroupNormalisation("out_norm", modules, channels: convolution.inputs), convolution)
    }
    try self.init(
      file: modules.file, resolution: resolution, channels: channels, classes: classes, hasNullClass: hasNullClass,
      embedding: embedding, encoder: encoder, decoder: steps, last: last)
  }
}
