import Graph
import Tensor

/// A U-Net of a diffusion model, as a file describes it: which blocks there are, and in which order they are run.
struct DiffusionUNet: DiffusionNetwork {
  let resolution: Int
  let channels: Int
  let classes: Int
  let hasNullClass: Bool
  private(set) var width = 0
  private let embedding: NoiseEmbedding
  private let encoder: [Step]
  private let decoder: [Step]
  /// SongUNet has its own among the steps of the decoder.
  private let last: (norm: GroupNormalisation, conv: ResamplingConvolution)?

  enum Step: Sendable {
    case block(UNetBlock)
    case convolution(ResamplingConvolution)
    /// A convolution that halves the image by its stride.
    case reducing(StridedConvolution)
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

  static let largestStepCount = 1000

  /// - Parameters:
  ///   - encoder: each convolution and block, in order; all of them leave what the decoder joins again.
  ///   - last: what makes the output of the decoder's value; nil where the decoder's steps make it.
  /// - Throws: `DiffusionError.wiring` where channels do not fit each other.
  init(
    file: String, resolution: Int, channels: Int, classes: Int, hasNullClass: Bool, embedding: NoiseEmbedding,
    encoder: [Step], decoder: [Step], last: (norm: GroupNormalisation, conv: ResamplingConvolution)?
  ) throws {
    (self.resolution, self.channels, self.classes, self.hasNullClass) = (resolution, channels, classes, hasNullClass)
    (self.embedding, self.encoder, self.decoder, self.last) = (embedding, encoder, decoder, last)
    width = blocks.reduce(0) { $0 + $1.width }
    try check(file)
  }

  /// Channels as they go from step to step, so that a contradiction is said in the file's words and not in the engine's.
  private func check(_ file: String) throws {
    func wrong(_ name: String, _ inputs: Int, _ current: Int) -> DiffusionError {
      .wiring(
        file: file, module: name,
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
      case .reducing(let convolution):
        guard convolution.channels == current else { throw wrong(convolution.name, convolution.channels, current) }
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
      case .convolution(let convolution):
        guard convolution.inputs == current else { throw wrong(convolution.name, convolution.inputs, current) }
        current = convolution.outputs
      case .enlargement(let convolution):
        guard convolution.inputs == output else { throw wrong(convolution.name, convolution.inputs, output ?? 0) }
        output = convolution.outputs
      case .output(_, let convolution):
        guard convolution.inputs == current else { throw wrong(convolution.name, convolution.inputs, current) }
        guard output == nil || output == convolution.outputs else {
          throw wrong(convolution.name, convolution.outputs, output ?? 0)
        }
        output = convolution.outputs
      case .reducing, .reduction, .injection, .residual: break
      }
    }
    if let last {
      guard last.conv.inputs == current else { throw wrong(last.conv.name, last.conv.inputs, current) }
      output = last.conv.outputs
    }
    guard let output, output >= channels else {
      throw DiffusionError.wiring(
        file: file, module: "", reason: "gives \(output ?? 0) channels, its images have \(channels)")
    }
  }

  private var blocks: [UNetBlock] {
    (encoder + decoder).compactMap { if case .block(let block) = $0 { block } else { nil } }
  }

  func modulation(noise: Double, label: Int?, trace: (String, [Double]) -> Void) -> [Float] {
    let vector = embedding.vector(noise: noise, label: label, trace: trace)
    return blocks.flatMap { $0.modulation(vector, trace: trace) }
  }

  /// Networks that estimate variances too give only the first channels.
  func append(
    to images: Graph.Value, modulation: Graph.Value, _ graph: inout Graph, trace: (String, Graph.Value) -> Void
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
      case .reducing(let convolution):
        value = traced(convolution.name, try convolution.append(to: value, &graph))
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
      case .convolution(let convolution): value = try convolved(convolution, value, &graph)
      case .enlargement(let convolution): output = try output.map { try convolved(convolution, $0, &graph) }
      case .output(let norm, let convolution):
        let normalised = traced(norm.name, try norm.append(to: value, &graph))
        let part = try convolved(convolution, graph.silu(normalised), &graph)
        output = try output.map { try graph.add(part, $0) } ?? part
      case .reducing, .reduction, .injection, .residual: break
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
