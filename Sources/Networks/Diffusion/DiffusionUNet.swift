import Graph
import Tensor

/// SongUNet (DDPM++ and NCSN++ of Song et al. 2021) or DhariwalUNet (ADM of Dhariwal and Nichol 2021) of NVlabs/edm, as a file
/// describes it: which blocks there are, and in which order they are run.
struct DiffusionUNet: Sendable {
  /// Side of its images.
  let resolution: Int
  let channels: Int
  /// 0 for a network that knows none.
  let classes: Int
  /// Whether it was trained without a label now and then, which an all-zero label vector stands for.
  let hasNullClass: Bool
  /// Numbers of the modulation of all blocks.
  private(set) var width = 0
  private let embedding: NoiseEmbedding
  private let encoder: [Step]
  private let decoder: [Step]
  /// Of DhariwalUNet; SongUNet has its own among the steps of the decoder.
  private let last: (norm: GroupNormalisation, conv: ResamplingConvolution)?

  private enum Step: Sendable {
    case block(UNetBlock)
    case convolution(ResamplingConvolution)
    /// Of the image itself, reduced.
    case reduction(ResamplingConvolution)
    /// Added to the current value: of the reduced image.
    case injection(ResamplingConvolution)
    /// Added to the current value, and taken for the reduced image from then on.
    case residual(ResamplingConvolution)
    /// Of the output so far.
    case enlargement(ResamplingConvolution)
    /// Added to the output so far.
    case output(GroupNormalisation, ResamplingConvolution)
  }

  private static let largestStepCount = 1000

  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ modules: DiffusionModules) throws {
    let isSong = try modules.className(DiffusionModules.network, among: ["SongUNet", "DhariwalUNet"]) == "SongUNet"
    let outermost = DiffusionModules.preconditioner
    resolution = try modules.integer("img_resolution", of: outermost, in: 1...4096)
    channels = try modules.integer("img_channels", of: outermost, in: 1...64)
    classes = try modules.integer("label_dim", of: outermost, in: 0...1 << 16)
    hasNullClass = try modules.number("label_dropout", of: DiffusionModules.network, in: 0...1) > 0
    let embedding = try NoiseEmbedding(modules, isSong: isSong, classes: classes)
    self.embedding = embedding
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
    encoder = try inside.map { child in
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
    decoder = steps
    if isSong {
      last = nil
    } else {
      let convolution = try ResamplingConvolution("out_conv", modules)
      last = (try GroupNormalisation("out_norm", modules, channels: convolution.inputs), convolution)
    }
    width = offset
    try check(modules)
  }

  /// Channels as they go from step to step, so that a contradiction is said in the file's words and not in the engine's.
  private func check(_ modules: DiffusionModules) throws {
    func wrong(_ name: String, _ inputs: Int, _ current: Int) -> DiffusionError {
      .wiring(
        file: modules.file, module: name,
        reason: "takes \(inputs) channels where there are \(current); the file is damaged")
    }
    var (current, aside) = (channels, channels)
    var skips: [Int] = []
    for step in encoder {
      switch step {
      case .block(let block):
        guard block.inputs == current else { throw wrong(block.name, block.inputs, current) }
        current = block.outputs
        skips.append(current)
      case .convolution(let convolution):
        guard convolution.inputs == current else { throw wrong(convolution.name, convolution.inputs, current) }
        current = convolution.outputs
        skips.append(current)
      case .reduction(let convolution):
        guard convolution.inputs == aside else { throw wrong(convolution.name, convolution.inputs, aside) }
        aside = convolution.outputs
      case .injection(let convolution), .residual(let convolution):
        guard convolution.inputs == aside else { throw wrong(convolution.name, convolution.inputs, aside) }
        guard convolution.outputs == current, !skips.isEmpty else {
          throw wrong(convolution.name, convolution.outputs, current)
        }
        if case .residual = step { aside = current }
      case .enlargement, .output: break
      }
    }
    var output: Int?
    for step in decoder {
      switch step {
      case .block(let block):
        if block.inputs != current { current += skips.popLast() ?? 0 }
        guard block.inputs == current else { throw wrong(block.name, block.inputs, current) }
        current = block.outputs
      case .enlargement(let convolution):
        guard convolution.inputs == output else { throw wrong(convolution.name, convolution.inputs, output ?? 0) }
        output = convolution.outputs
      case .output(_, let convolution):
        guard convolution.inputs == current else { throw wrong(convolution.name, convolution.inputs, current) }
        guard output == nil || output == convolution.outputs else {
          throw wrong(convolution.name, convolution.outputs, output ?? 0)
        }
        output = convolution.outputs
      case .convolution, .reduction, .injection, .residual: break
      }
    }
    if let last {
      guard last.conv.inputs == current else { throw wrong(last.conv.name, last.conv.inputs, current) }
      output = last.conv.outputs
    }
    guard let output, output >= channels else {
      throw DiffusionError.wiring(
        file: modules.file, module: "", reason: "gives \(output ?? 0) channels, its images have \(channels)")
    }
  }

  private var blocks: [UNetBlock] {
    (encoder + decoder).compactMap { if case .block(let block) = $0 { block } else { nil } }
  }

  /// What all blocks are told of noise and class, `width` numbers.
  /// - Parameters:
  ///   - noise: as the preconditioning says it.
  ///   - label: nil for a vector of zeros where there are classes.
  func modulation(
    noise: Double, label: Int?, trace: (String, [Double]) -> Void = { _, _ in }
  ) -> [Float] {
    let vector = embedding.vector(noise: noise, label: label, trace: trace)
    return blocks.flatMap { $0.modulation(vector, trace: trace) }
  }

  /// F of scaled images, of which networks that estimate variances too give only the first channels.
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - modulation: `[N, width]`.
  ///   - trace: given what each module gives.
  func append(
    to images: Graph.Value, modulation: Graph.Value, _ graph: inout Graph,
    trace: (String, Graph.Value) -> Void = { _, _ in }
  ) throws -> Graph.Value {
    func traced(_ name: String, _ value: Graph.Value) -> Graph.Value {
      trace(name, value)
      return value
    }
    func convolved(
      _ convolution: ResamplingConvolution, _ value: Graph.Value, _ graph: inout Graph
    ) throws -> Graph.Value {
      traced(convolution.name, try convolution.append(to: value, &graph))
    }
    var value = images
    var aside = images
    var skips: [Graph.Value] = []
    for step in encoder {
      switch step {
      case .block(let block):
        value = try block.append(to: value, modulation: modulation, &graph, trace: trace)
        skips.append(value)
      case .convolution(let convolution):
        value = try convolved(convolution, value, &graph)
        skips.append(value)
      case .reduction(let convolution): aside = try convolved(convolution, aside, &graph)
      case .injection(let convolution):
        value = try graph.add(value, convolved(convolution, aside, &graph))
        skips[skips.count - 1] = value
      case .residual(let convolution):
        let sum = try graph.add(value, convolved(convolution, aside, &graph))
        value = try graph.multiply(sum, graph.constant(Float(0.5.squareRoot())))
        skips[skips.count - 1] = value
        aside = value
      case .enlargement, .output: break
      }
    }
    var output: Graph.Value?
    for step in decoder {
      switch step {
      case .block(let block):
        if graph.shape(of: value)[1] != block.inputs, let skip = skips.popLast() {
          value = try graph.concatenate([value, skip], axis: 1)
        }
        value = try block.append(to: value, modulation: modulation, &graph, trace: trace)
      case .enlargement(let convolution): output = try output.map { try convolved(convolution, $0, &graph) }
      case .output(let norm, let convolution):
        let normalised = traced(norm.name, try norm.append(to: value, &graph))
        let part = try convolved(convolution, graph.silu(normalised), &graph)
        output = try output.map { try graph.add(part, $0) } ?? part
      case .convolution, .reduction, .injection, .residual: break
      }
    }
    if let last {
      let normalised = traced(last.norm.name, try last.norm.append(to: value, &graph))
      output = try convolved(last.conv, graph.silu(normalised), &graph)
    }
    guard let output else { preconditionFailure("a network without output got past its check") }
    return graph.shape(of: output)[1] == channels
      ? output : try graph.slice(output, axis: 1, start: 0, count: channels)
  }
}
