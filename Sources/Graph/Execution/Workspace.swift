import Tensor

/// The memory of one worker that runs a `Program`. Not for use from two threads at once; it may itself spread each operator
/// over several, with the same results.
public final class Workspace {
  public let program: Program
  let arena: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  private let team: ThreadTeam?
  private let kernels: [(step: Program.Step, arguments: KernelArguments)]

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
      let (shared, prepared): (UnsafeMutablePointer<Float>, UnsafePointer<Float>) =
        switch step.preparation {
        case .once(let offset): (sharedScratch, UnsafePointer(program.constants.base + offset))
        case .everyRun(let count): (sharedScratch + count, UnsafePointer(sharedScratch))
        }
      return (
        step,
        KernelArguments(
          inputs: step.inputs.map { Self.address($0, program, arena) }, inputShapes: step.inputShapes,
          output: arena + step.output, outputShape: step.outputShape, layouts: step.layouts, scratch: scratch,
          sharedScratch: shared, prepared: prepared, team: team, scratchStride: program.scratchCount)
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

  /// The memory of an input, to be filled in place; nil where the optimised program does not need it.
  public func inputBuffer(_ name: String) -> UnsafeMutableBufferPointer<Float>? {
    program.inputs[name].map { UnsafeMutableBufferPointer(start: arena + $0.offset, count: $0.shape.count) }
  }

  /// Runs both stages.
  public func run() {
    runFirstStage()
    runSecondStage()
  }

  /// What does not depend on the late inputs.
  public func runFirstStage() {
    for index in 0..<program.firstStageCount { runStep(index) }
  }

  /// What depends on the late inputs; may be repeated with other values of them.
  public func runSecondStage() {
    for index in program.firstStageCount..<kernels.count { runStep(index) }
  }

  private func runStep(_ index: Int) {
    let (step, arguments) = kernels[index]
    if case .everyRun = step.preparation {
      step.operation.prepare(
        arguments.inputs[1], inputs: step.inputShapes, output: step.outputShape,
        into: UnsafeMutablePointer(mutating: arguments.prepared))
    }
    step.operation.evaluate(arguments)
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
