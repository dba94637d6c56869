import Graph
import Tensor

/// The memory of one worker that runs a `CPUProgram`. Not for use from two threads at once; it may itself spread each operator
/// over several, with the same results.
final class CPUWorkspace: Workspace {
  let compiled: CPUProgram
  private let memory: FloatMemory
  private let scratchMemory: FloatMemory
  private let team: ThreadTeam?
  private let kernels: [(step: CPUProgram.Step, arguments: KernelArguments)]

  var program: any CompiledProgram { compiled }

  /// - Parameter threads: what each operator is spread over.
  /// - Throws: `GraphError.allocation`.
  init(_ program: CPUProgram, threads: Int = 1) throws(GraphError) {
    compiled = program
    let what = "one run of the graph"
    // Before the threads are started: they need nothing to be undone.
    let memory = try FloatMemory(program.arenaCount, for: what)
    let (threadScratch, overflow) = program.scratchCount.multipliedReportingOverflow(by: max(1, threads))
    let (scratchCount, alsoOverflow) = threadScratch.addingReportingOverflow(program.sharedScratchCount)
    guard !overflow, !alsoOverflow else { throw .allocation(what: what, bytes: .max) }
    let scratchMemory = try FloatMemory(scratchCount, for: what)
    let team = threads > 1 ? ThreadTeam(threads: threads) : nil
    let (arena, scratch) = (memory.base, scratchMemory.base)
    let sharedScratch = scratch + program.scratchCount * max(1, threads)
    self.team = team
    (self.memory, self.scratchMemory) = (memory, scratchMemory)
    kernels = program.steps.map { step in
      let (shared, prepared): (UnsafeMutablePointer<Float>, UnsafePointer<Float>) =
        switch step.preparation {
        case .none: (sharedScratch, UnsafePointer(sharedScratch))
        case .once(let offset): (sharedScratch, program.constants.address(at: offset))
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

  var arena: UnsafeMutablePointer<Float> { memory.base }
  var scratch: UnsafeMutablePointer<Float> { scratchMemory.base }

  private static func address(
    _ location: CPUProgram.Location, _ program: CPUProgram, _ arena: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    switch location {
    case .arena(let offset): UnsafePointer(arena + offset)
    case .constant(let offset): program.constants.address(at: offset)
    }
  }

  /// Where an input lies; nil where the optimised program does not need it.
  private func place(of name: String) -> (offset: Int, shape: Shape)? {
    if let input = compiled.plan.inputs[name] { return input }
    // What was misspelt would be computed with whatever the arena holds.
    precondition(compiled.plan.unneededInputs.contains(name), "`\(name)` is no input of the graph")
    return nil
  }

  func set(_ name: String, to tensor: Tensor) throws(GraphError) {
    guard let input = place(of: name) else { return }
    guard input.shape == tensor.shape else {
      throw .inputShape(name: name, expected: input.shape, got: tensor.shape)
    }
    tensor.scalars.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { (arena + input.offset).update(from: base, count: source.count) }
    }
  }

  func set(_ name: String, to source: UnsafeBufferPointer<Float>) {
    guard let input = place(of: name) else { return }
    let target = arena + input.offset
    let count = source.count
    // Cut short, it would be another batch.
    precondition(count <= input.shape.count, "\(count) numbers for the input `\(name)` of shape \(input.shape)")
    if let base = source.baseAddress { target.update(from: base, count: count) }
    (target + count).update(repeating: 0, count: input.shape.count - count)
  }

  func inputBuffer(_ name: String) -> UnsafeMutableBufferPointer<Float>? {
    compiled.plan.inputs[name].map { UnsafeMutableBufferPointer(start: arena + $0.offset, count: $0.shape.count) }
  }

  func runFirstStage() throws { try run(0..<compiled.plan.firstStageCount) }

  func runSecondStage() throws { try run(compiled.plan.firstStageCount..<kernels.count) }

  private func run(_ steps: Range<Int>) throws {
    let cancellation = Cancellation.current
    for index in steps {
      try cancellation?.check()
      runStep(index)
    }
  }

  private func runStep(_ index: Int) {
    let (step, arguments) = kernels[index]
    if case .everyRun = step.preparation {
      step.kernel.prepare(arguments.inputs[1], into: UnsafeMutablePointer(mutating: arguments.prepared))
    }
    step.kernel.evaluate(arguments)
  }

  func outputBuffer(_ index: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      start: Self.address(compiled.outputs[index], compiled, arena), count: compiled.outputShapes[index].count)
  }
}
