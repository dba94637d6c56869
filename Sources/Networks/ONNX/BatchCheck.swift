import Graph
import Tensor

/// Whether a graph computes each image by itself whatever the batch, found by trying: exporters write the batch into
/// Reshape and its like, where it is wrong for another one and not always with an error.
struct BatchCheck {
  /// Images per pass: any number, or one after the other.
  let runsInBatches: Bool
  /// Logits `[2, K]` of the images that were tried.
  let logits: Tensor
  let note: String?
  /// What was tried and is right, for this processor, by its number of images.
  let programs: [Int: any CompiledProgram]

  /// - Parameters:
  ///   - threads: that prepare weights.
  ///   - memory: what a pass may use, in bytes; nil for what the machine leaves it.
  /// - Throws: what the graph has to object to a single image, `ONNXImportError.batch` where it needs several,
  ///   `ONNXImportError.normalisesOverBatch` where it needs them to tell images apart.
  init(_ network: ONNXNetwork, threads: Int, memory: Int? = nil) throws {
    let declared = network.input.batch ?? 1
    let single: any CompiledProgram
    let alone: [Tensor]
    do {
      single = try Self.program(network, images: 1, threads: threads, memory: memory)
      alone = try Self.run(single, [0..<1, 1..<2], network.inputShape)
    } catch  where declared > 1 && !(error is CancellationError) {
      throw ONNXImportError.batch(file: network.file, declared: declared, reason: "\(error)")
    }
    logits = .concatenating(alone)
    do {
      let pair = try Self.program(
        network, images: 2, sharingConstantsOf: single, threads: threads, memory: memory)
      let together = try Self.run(pair, [0..<2], network.inputShape)[0]
      let scale = logits.scalars.reduce(Float(1e-6)) { max($0, abs($1)) }
      let isSame = zip(together.scalars, logits.scalars).allSatisfy { abs($0 - $1) <= 1e-4 * scale || $0 == $1 }
      // Statistics of a batch of one leave nothing of the image.
      if !isSame, zip(alone[0].scalars, alone[1].scalars).allSatisfy({ abs($0 - $1) <= 1e-6 * scale }) {
        throw ONNXImportError.normalisesOverBatch(file: network.file)
      }
      runsInBatches = isSame
      programs = isSame ? [1: single, 2: pair] : [1: single]
      note = isSame ? nil : "the graph mixes the images of a batch; it is run image by image"
    } catch ONNXImportError.normalisesOverBatch(let file) {
      throw ONNXImportError.normalisesOverBatch(file: file)
    } catch let error as ONNXImportError {
      runsInBatches = false
      programs = [1: single]
      note = "the graph is made for single images (\(error)); it is run image by image"
    }
  }

  private static func program(
    _ network: ONNXNetwork, images: Int, sharingConstantsOf other: (any CompiledProgram)? = nil, threads: Int,
    memory: Int?
  ) throws -> any CompiledProgram {
    let (graph, _, logits) = try network.graph(batch: images)
    let program = try Engine.host.compile(graph, outputs: [logits], sharingConstantsOf: other, threads: threads)
    try program.checkMemory(file: network.file, images: images, workers: 1, memory: memory)
    return program
  }

  /// The logits of batches of the program's size, of the images at these places. An image may be the largest tensor that there can be: it is drawn once the
  /// graph is known to take it, and only the images of one batch are there at a time.
  private static func run(
    _ program: any CompiledProgram, _ batches: [Range<Int>], _ shape: Shape
  ) throws -> [Tensor] {
    try WorkspacePool(program).withWorkspace { workspace in
      try batches.map { places in
        try workspace.set("images", to: images(places, shape: shape))
        try workspace.run()
        return try workspace.output(0)
      }
    }
  }

  private static func images(_ places: Range<Int>, shape: Shape) -> Tensor {
    let stream = RandomStream(seed: 0, name: "onnx-batch-check")
    let (start, count, block) = (places.lowerBound * shape.count, places.count * shape.count, 1 << 16)
    return Tensor(shape: shape.prepending(places.count)) { output in
      for first in stride(from: 0, to: count, by: block) {
        let positions = start + first..<start + min(first + block, count)
        for (offset, value) in stream.uniforms(item: 0, positions: positions).enumerated() {
          output[first + offset] = Float(value)
        }
      }
    }
  }

  /// Whether every row is a distribution: not negative, and of sum 1.
  var areProbabilities: Bool {
    (0..<logits.batch).allSatisfy { row in
      let values = logits.item(row)
      return values.allSatisfy { $0 >= 0 } && abs(values.reduce(0) { $0 + Double($1) } - 1) < 1e-4
    }
  }
}
