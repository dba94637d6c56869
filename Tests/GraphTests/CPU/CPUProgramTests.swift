import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

@Suite struct ExecutorTests {
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
    workspace.run()
    let first = bits(workspace)
    // Inputs keep their values, everything else is written anew.
    poison(workspace)
    workspace.run()
    #expect(bits(workspace) == first)
    workspace.run()
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
    workspace.runFirstStage()
    for round in 0..<4 {
      if round > 0 {
        // In the last rounds only one of the two changes.
        for name in round == 1 ? ["late", "later"] : ["late"] {
          let tensor = random.tensor(try #require(random.given[name]).shape)
          random.given[name] = tensor
          try workspace.set(name, to: tensor)
        }
      }
      workspace.runSecondStage()
      let separate = try CPUWorkspace(alone)
      for name in alone.inputNames { try separate.set(name, to: #require(random.given[name])) }
      poison(separate)
      separate.run()
      #expect(bits(workspace) == bits(separate), "round \(round)")
    }
  }

  /// Forward once, then a backward pass per class.
  @Test func oneForwardPassServesSeveralCotangents() throws {
    var graph = Graph()
    let x = graph.input("x", [3, 4])
    let w = graph.constant(Tensor(shape: [5, 4], scalars: (0..<20).map { Float($0 % 7) / 4 - 0.5 }))
    let logits = try graph.linear(graph.tanh(x), w)
    let cotangent = graph.input("cotangent", [3, 5])
    let gradient = try graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    let workspace = try CPUWorkspace(cpuProgram(graph, outputs: [logits, gradient], lateInputs: ["cotangent"]))
    let image = Tensor(shape: [3, 4], scalars: (0..<12).map { Float($0) / 12 })
    try workspace.set("x", to: image)
    workspace.runFirstStage()
    let forward = workspace.output(0)
    for label in 0..<5 {
      var oneHot = Tensor(shape: [3, 5], repeating: 0)
      for row in 0..<3 { oneHot.scalars[row * 5 + label] = 1 }
      try workspace.set("cotangent", to: oneHot)
      workspace.runSecondStage()
      let expected = try graph.evaluate([logits, gradient], inputs: ["x": image, "cotangent": oneHot])
      #expect(workspace.output(0) == expected[0] && workspace.output(0) == forward)
      #expect(workspace.output(1) == expected[1])
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

  @Test func aBatchThatIsNotFullIsFilledWithZeros() throws {
    var graph = Graph()
    let x = graph.input("x", [4, 2])
    let y = try graph.add(x, graph.constant(1))
    let workspace = try CPUWorkspace(cpuProgram(graph, outputs: [y]))
    try workspace.set("x", to: Tensor(shape: [4, 2], repeating: 9))
    [Float(5), 6, 7].withUnsafeBufferPointer { workspace.set("x", to: $0) }
    workspace.run()
    #expect(workspace.output(0).scalars == [6, 7, 8, 1, 1, 1, 1, 1])
    workspace.set("x", to: UnsafeBufferPointer(start: nil, count: 0))
    workspace.run()
    #expect(workspace.output(0).scalars == [Float](repeating: 1, count: 8))
  }

  @Test func outputsMayBeInputsConstantsAndViews() throws {
    var graph = Graph()
    let x = graph.input("x", [2, 3])
    let constant = graph.constant(Tensor(shape: [2], scalars: [1, 2]))
    let view = try graph.reshape(x, to: [3, 2])
    let constantView = try graph.reshape(constant, to: [1, 2])
    let tensor = Tensor(shape: [2, 3], scalars: [1, 2, 3, 4, 5, 6])
    let results = try graph.evaluate([x, constant, view, constantView, x], inputs: ["x": tensor])
    #expect(results[0] == tensor && results[4] == tensor)
    #expect(results[1].scalars == [1, 2])
    #expect(results[2] == tensor.reshaped(to: [3, 2]))
    #expect(results[3].shape == [1, 2])
  }

  @Test func emptyBatches() throws {
    var graph = Graph()
    let x = graph.input("x", [0, 3, 6, 6])
    let w = graph.constant(Tensor(shape: [4, 3, 3, 3], repeating: 1))
    let hidden = try graph.relu(graph.conv2d(x, w, ConvolutionGeometry()))
    let pooled = try graph.maxPool2d(
      hidden, PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2)))
    let logits = try graph.linear(
      graph.flatten(graph.globalAveragePool(pooled)), graph.constant(Tensor(shape: [2, 4], repeating: 1)))
    let gradient = try graph.gradient(of: graph.softmax(logits), withRespectTo: [x])[0]
    let results = try graph.evaluate([logits, gradient], inputs: ["x": Tensor(shape: [0, 3, 6, 6], scalars: [])])
    #expect(results.map(\.shape) == [[0, 2], [0, 3, 6, 6]])
  }
}
