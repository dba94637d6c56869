import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

/// Where values lie, and what steps leave there.
@Suite struct CPUProgramTests {
  /// NaN in every number that no input holds: what is read before it is written shows.
  private func poison(_ workspace: CPUWorkspace) {
    let program = workspace.compiled
    var isInput = [Bool](repeating: false, count: program.arenaCount)
    for (offset, shape) in program.plan.inputs.values {
      for index in offset..<offset + shape.count { isInput[index] = true }
    }
    for index in 0..<program.arenaCount where !isInput[index] { workspace.arena[index] = .nan }
    for index in 0..<program.scratchCount { workspace.scratch[index] = .nan }
  }

  private func bits(_ workspace: CPUWorkspace) -> [[UInt32]] {
    workspace.compiled.outputShapes.indices.map { workspace.outputBuffer($0).map(\.bitPattern) }
  }

  @Test(arguments: 0..<40)
  func nothingStaleIsRead(_ seed: UInt64) throws {
    let random = try RandomGraph(seed: 2000 + seed, nodes: 16)
    let program = try cpuProgram(random.graph, outputs: random.outputs)
    let workspace = try CPUWorkspace(program)
    for name in program.inputNames { try workspace.set(name, to: #require(random.given[name])) }
    try workspace.run()
    let first = bits(workspace)
    // Inputs keep their values, everything else is written anew.
    poison(workspace)
    try workspace.run()
    #expect(bits(workspace) == first)
    try workspace.run()
    #expect(bits(workspace) == first)
    let expected = try ReferenceInterpreter.evaluate(random.graph, random.outputs, inputs: random.given)
    for (index, reference) in expected.enumerated() {
      let scale = reference.scalars.reduce(1) { max($0, abs(Double($1))) }
      #expect(
        Agreement.excess(workspace.output(index), reference, absolute: 1e-4 * scale, relative: 1e-4) <= 1)
    }
  }

  /// The second stage repeated after one first stage gives what separate runs give, whatever was set when.
  @Test(arguments: 0..<40)
  func theSecondStageRepeats(_ seed: UInt64) throws {
    var random = try RandomGraph(seed: 3000 + seed, nodes: 9, stages: 2)
    let late: Set<String> = ["late", "later"]
    let program = try cpuProgram(random.graph, outputs: random.outputs, lateInputs: late)
    let alone = try cpuProgram(random.graph, outputs: random.outputs)
    let workspace = try CPUWorkspace(program)
    for name in program.inputNames { try workspace.set(name, to: #require(random.given[name])) }
    try workspace.runFirstStage()
    for round in 0..<4 {
      if round > 0 {
        // In the last rounds only one of the two changes.
        for name in round == 1 ? ["late", "later"] : ["late"] {
          let tensor = random.tensor(try #require(random.given[name]).shape)
          random.given[name] = tensor
          try workspace.set(name, to: tensor)
        }
      }
      try workspace.runSecondStage()
      let separate = try CPUWorkspace(alone)
      for name in alone.inputNames { try separate.set(name, to: #require(random.given[name])) }
      poison(separate)
      try separate.run()
      #expect(bits(workspace) == bits(separate), "round \(round)")
    }
  }

  @Test func memoryIsShared() throws {
    var graph = Graph()
    let x = graph.input("x", [1, 8, 16, 16])
    var y = x
    let depth = 10
    for layer in 0..<depth {
      let w = graph.constant(Tensor(shape: [8, 8, 3, 3], repeating: Float(layer) / 100))
      y = try graph.tanh(graph.conv2d(y, w, ConvolutionGeometry(padding: 1)))
    }
    let program = try cpuProgram(graph, outputs: [y])
    let one = 8 * 16 * 16
    // The input, and two values alive at a time.
    #expect(program.arenaCount == 3 * one)
    #expect(program.workspaceBytes == 4 * (program.arenaCount + program.scratchCount))
    for seed in 0..<20 {
      let random = try RandomGraph(seed: UInt64(4000 + seed), nodes: 25)
      let program = try cpuProgram(random.graph, outputs: random.outputs)
      let sum = program.steps.reduce(0) { $0 + MemoryPlan.aligned($1.outputShape.count) }
      let inputs = program.plan.inputs.values.reduce(0) { $0 + MemoryPlan.aligned($1.shape.count) }
      #expect(program.arenaCount <= sum + inputs)
    }
  }
}
