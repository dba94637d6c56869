import Tensor

/// The memory of one worker that runs a `Program`. Not for use from two threads at once; it may itself spread each operator
/// over several, with the same results.
public final class Workspace {
  public let program: Program
  let arena: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  private let team: ThreadTeam?
  private let kernels: [(operation: any Operator, arguments: KernelArguments)]

  /// - Parameter threads: what each operator is spread over. One where images are spread over workspaces; several where the
  ///   images of a batch depend on each other, as with batch normalisation in training.
  public init(_ program: Program, threads: Int = 1) {
    self.program = program
    let team = threads > 1 ? ThreadTeam(threads: threads) : nil
    let arena = UnsafeMutablePointer<Float>.allocateAligned(program.arenaCount)
    let scratch = UnsafeMutablePointer<Float>.allocateAligned(
      program.scratchCount * max(1, threads) + program.sharedScratchCount)
    let sharedScratch = scratch + program.scratchCount * max(1, threads)
    self.team = team
    self.arena = arena
    self.scratch = scratch
    kernels = program.steps.map { step in
      (
        step.operation,
        KernelArguments(
          inputs: step.inputs.map { Self.address($0, program, arena) }, inputShapes: step.inputShapes,
          output: arena + step.output, outputShape: step.outputShape, scratch: scratch, sharedScratch: sharedScratch,
          team: team, scratchStride: program.scratchCount)
      )
    }
  }

  deinit {
    arena.deallocate()
    scratch.deallocate()
  }

  private static func address(
    _ location: Program.Location, _ program: Program, _ arena: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    switch location {
    case .arena(let offset): UnsafePointer(arena + offset)
    case .constant(let offset): UnsafePointer(program.constants.base + offset)
    }
  }

  /// Copies a tensor to an input, which keeps it until it is set again. Inputs that the optimised program does not need
  /// are ignored.
  /// - Throws: `GraphError.inputShape`.
  public func set(_ name: String, to tensor: Tensor) throws(GraphError) {
    guard let input = program.inputs[name] else { return }
    guard input.shape == tensor.shape else {
      throw .inputShape(name: name, expected: input.shape, got: tensor.shape)
    }
    tensor.scalars.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { (arena + input.offset).update(from: base, count: source.count) }
    }
  }

  /// Copies `source` to the start of an input and fills the rest with zeros: a batch that is not full.
  public func set(_ name: String, to source: UnsafeBufferPointer<Float>) {
    guard let input = program.inputs[name] else { return }
    let target = arena + input.offset
    let count = min(source.count, input.shape.count)
    if let base = source.baseAddress { target.update(from: base, count: count) }
    (target + count).update(repeating: 0, count: input.shape.count - count)
  }

  /// Runs both stages.
  public func run() {
    runFirstStage()
    runSecondStage()
  }

  /// What does not depend on the late inputs.
  public func runFirstStage() {
    for (operation, arguments) in kernels[..<program.firstStageCount] { operation.evaluate(arguments) }
  }

  /// What depends on the late inputs; may be repeated with other values of them.
  public func runSecondStage() {
    for (operation, arguments) in kernels[program.firstStageCount...] { operation.evaluate(arguments) }
  }

  /// The memory of an output, valid until the next run.
  public func outputBuffer(_ index: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      start: Self.address(program.outputs[index], program, arena), count: program.outputShapes[index].count)
  }

  public func output(_ index: Int) -> Tensor {
    Tensor(shape: program.outputShapes[index], scalars: Array(outputBuffer(index)))
  }
}
