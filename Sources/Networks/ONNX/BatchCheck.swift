import Graph
import Tensor

/// Whether a graph computes each image by itself whatever the batch: proven by its operators (`BatchProof`), or found by trying. Exporters write
/// the batch into Reshape and its like, where it is wrong for another one and not always with an error.
struct BatchCheck {
  /// Images per pass: any number, or one after the other.
  let runsInBatches: Bool
  /// Whether the outputs are distributions, not negative and of sum 1: those of two images, where the last layer leaves it open (`ScoringLayer`).
  let areProbabilities: Bool
  let note: String?
  /// What was compiled for trying and is right.
  let tried: TriedPrograms

  /// - Parameters:
  ///   - threads: that prepare weights.
  ///   - memory: what a pass may use, in bytes; nil for what the machine leaves it.
  /// - Throws: what the graph has to object to a single image, `ONNXImportError.batch` where it needs several,
  ///   `ONNXImportError.normalisesOverBatch` where it needs them to tell images apart.
  init(_ network: ONNXNetwork, threads: Int, memory: Int? = nil) throws {
    let declared = network.input.batch ?? 1
    let imported: ImportedNetwork
    let single: any CompiledProgram
    let suitablePass: Int
    let givesScores: Bool
    do {
      imported = try network.imported(batch: 1)
      let folded = try imported.folded()
      suitablePass = ImagePasses.suitable(for: folded.graph)
      givesScores = ScoringLayer(folded)?.givesScores ?? false
      single = try Self.program(network, folded, images: 1, threads: threads, memory: memory)
    } catch  where declared > 1 && !(error is CancellationError) {
      throw ONNXImportError.batch(file: network.file, declared: declared, reason: "\(error)")
    }
    var alone: [Tensor] = []
    /// Of the first images, one by one. Most graphs need none to be known.
    func logits(_ count: Int) throws -> Tensor {
      if alone.count < count {
        alone += try Self.run(single, (alone.count..<count).map { $0..<$0 + 1 }, network.inputShape)
      }
      return .concatenating(Array(alone[..<count]))
    }
    var programs = [1: single]
    let problem: ONNXImportError?
    do {
      let two = try network.imported(batch: 2)
      if BatchProof.holds(one: (imported.graph, imported.logits), two: (two.graph, two.logits)) {
        (runsInBatches, problem) = (true, nil)
      } else {
        let pair = try Self.program(
          network, two.folded(), images: 2, sharingConstantsOf: single, threads: threads, memory: memory)
        let together = try Self.run(pair, [0..<2], network.inputShape)[0]
        (runsInBatches, problem) = (try Self.isSame(together, logits(2), file: network.file), nil)
        if runsInBatches { programs[2] = pair }
      }
    } catch ONNXImportError.normalisesOverBatch(let file) {
      throw ONNXImportError.normalisesOverBatch(file: file)
    } catch let error as ONNXImportError {
      (runsInBatches, problem) = (false, error)
    }
    let reason = problem.map { "is made for single images (\($0))" } ?? "mixes the images of a batch"
    note = runsInBatches ? nil : "the graph \(reason); it is run image by image"
    areProbabilities = try !givesScores && Self.areProbabilities(logits(1)) && Self.areProbabilities(logits(2))
    tried = TriedPrograms(programs: programs, suitablePass: suitablePass)
  }

  /// - Parameters:
  ///   - together, alone: logits `[2, K]` of the same images, in one batch and one by one.
  /// - Throws: `ONNXImportError.normalisesOverBatch`.
  private static func isSame(_ together: Tensor, _ alone: Tensor, file: String) throws -> Bool {
    let scale = alone.scalars.reduce(Float(1e-6)) { max($0, abs($1)) }
    let isSame = zip(together.scalars, alone.scalars).allSatisfy { abs($0 - $1) <= 1e-4 * scale || $0 == $1 }
    // Statistics of a batch of one leave nothing of the image.
    if !isSame, zip(alone.item(0), alone.item(1)).allSatisfy({ abs($0 - $1) <= 1e-6 * scale }) {
      throw ONNXImportError.normalisesOverBatch(file: file)
    }
    return isSame
  }

  private static func program(
    _ network: ONNXNetwork, _ folded: ImportedNetwork, images: Int,
    sharingConstantsOf other: (any CompiledProgram)? = nil,
    threads: Int, memory: Int?
  ) throws -> any CompiledProgram {
    let program = try Engine.host.compile(
      folded.graph, outputs: [folded.logits], sharingConstantsOf: other, threads: threads)
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

  private static func areProbabilities(_ logits: Tensor) -> Bool {
    (0..<logits.batch).allSatisfy { row in
      let values = logits.item(row)
      return values.allSatisfy { $0 >= 0 } && abs(values.reduce(0) { $0 + Double($1) } - 1) < 1e-4
    }
  }
}
