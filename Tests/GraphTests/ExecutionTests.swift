import Tensor
import Testing
import _TestSupport

@testable import Graph

/// What a program answers, whatever runs it.
@Suite(.everyBackend) struct ExecutionTests {
  /// Forward once, then a backward pass per class.
  @Test func oneForwardPassServesSeveralCotangents() throws {
    var graph = Graph()
    let x = graph.input("x", [3, 4])
    let w = graph.constant(Tensor(shape: [5, 4], scalars: (0..<20).map { Float($0 % 7) / 4 - 0.5 }))
    let logits = try graph.linear(graph.tanh(x), w)
    let cotangent = graph.input("cotangent", [3, 5])
    let gradient = try graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    let program = try TestedBackend.current.compile(graph, outputs: [logits, gradient], lateInputs: ["cotangent"])
    let workspace = try program.makeWorkspace(threads: 1)
    let image = Tensor(shape: [3, 4], scalars: (0..<12).map { Float($0) / 12 })
    try workspace.set("x", to: image)
    try workspace.runFirstStage()
    let forward = try workspace.output(0)
    for label in 0..<5 {
      var oneHot = Tensor(shape: [3, 5], repeating: 0)
      for row in 0..<3 { oneHot.scalars[row * 5 + label] = 1 }
      try workspace.set("cotangent", to: oneHot)
      try workspace.runSecondStage()
      let expected = try graph.evaluate([logits, gradient], inputs: ["x": image, "cotangent": oneHot])
      let logits = try workspace.output(0)
      #expect(logits == expected[0] && logits == forward)
      #expect(try workspace.output(1) == expected[1])
    }
  }

  @Test func aBatchThatIsNotFullIsFilledWithZeros() throws {
    var graph = Graph()
    let x = graph.input("x", [4, 2])
    let y = try graph.add(x, graph.constant(1))
    let workspace = try TestedBackend.current.compile(graph, outputs: [y]).makeWorkspace(threads: 1)
    try workspace.set("x", to: Tensor(shape: [4, 2], repeating: 9))
    try [Float(5), 6, 7].withUnsafeBufferPointer { try workspace.set("x", to: $0) }
    try workspace.run()
    #expect(try workspace.output(0).scalars == [6, 7, 8, 1, 1, 1, 1, 1])
    try workspace.set("x", to: UnsafeBufferPointer(start: nil, count: 0))
    try workspace.run()
    #expect(try workspace.output(0).scalars == [Float](repeating: 1, count: 8))
  }

  private static func incremented() throws -> any Workspace {
    var graph = Graph()
    let x = graph.input("x", [4, 2])
    _ = graph.input("unneeded", [3])
    let y = try graph.add(x, graph.constant(1))
    return try TestedBackend.current.compile(graph, outputs: [y]).makeWorkspace(threads: 1)
  }

  @Test func inputsThatNothingDependsOnMayBeSet() throws {
    let workspace = try Self.incremented()
    #expect(workspace.program.plan.unneededInputs == ["unneeded"] && workspace.program.inputNames == ["x"])
    try workspace.set("x", to: Tensor(shape: [4, 2], repeating: 9))
    try workspace.set("unneeded", to: Tensor(shape: [7], repeating: 1))
    try [Float(3)].withUnsafeBufferPointer { try workspace.set("unneeded", to: $0) }
    #expect(try workspace.inputBuffer("unneeded") == nil)
    try workspace.run()
    #expect(try workspace.output(0).scalars == [Float](repeating: 10, count: 8))
  }

  /// Ignored or cut short, they would have other numbers computed without a word.
  @Test func namesOfNoInputAndBatchesTooLongTrap() async {
    await #expect(processExitsWith: .failure) {
      try Self.incremented().set("z", to: Tensor(shape: [4, 2], repeating: 9))
    }
    await #expect(processExitsWith: .failure) {
      let workspace = try Self.incremented()
      try [Float(1)].withUnsafeBufferPointer { try workspace.set("z", to: $0) }
    }
    await #expect(processExitsWith: .failure) {
      let workspace = try Self.incremented()
      try [Float](repeating: 1, count: 9).withUnsafeBufferPointer { try workspace.set("x", to: $0) }
    }
    // What the three do before they trap does not.
    await #expect(processExitsWith: .success) {
      let workspace = try Self.incremented()
      try [Float](repeating: 1, count: 8).withUnsafeBufferPointer { try workspace.set("x", to: $0) }
    }
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
