import Synchronization
import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

/// Weights that are read when they are asked for, in programs.
@Suite struct ReadWeightsTests {
  private final class File: Sendable {
    let reads = Mutex(0)
    let numbers: [Float]

    init(_ count: Int) {
      numbers = RandomStream(seed: 3, name: "read-weights").normals(item: 0, count: count).map { Float($0) }
    }

    func source() -> TensorSource {
      TensorSource {
        self.reads.withLock { $0 += 1 }
        return self.numbers
      }
    }
  }

  /// A linear layer scaled by channels, as a file's weights `[48, 256]` are transposed for it.
  private static func graph(_ weights: Tensor, batch: Int, withGradient: Bool) throws -> (Graph, [Graph.Value]) {
    var graph = Graph()
    let x = graph.input("x", [batch, 256])
    let matrix = try graph.swapLastAxes(graph.constant(weights))
    let scale = graph.constant(Tensor(shape: [48], scalars: (0..<48).map { 1 + Float($0) / 64 }))
    let y = try graph.multiply(graph.matmul(x, matrix), scale)
    guard withGradient else { return (graph, [y]) }
    let (folded, values) = try graph.folded(for: [x, y], on: CPUBackend())
    var both = folded
    let cotangent = both.input("cotangent", [batch, 48])
    let gradient = try both.gradient(of: [(values[1], cotangent)], withRespectTo: [values[0]])
    return (both, [values[1]] + gradient)
  }

  @Test func resultsAreThoseOfWeightsInMemory() throws {
    let file = File(256 * 48)
    let images = Tensor(shape: [3, 256], scalars: Array(file.numbers[..<768]))
    let cotangents = Tensor(shape: [3, 48], scalars: Array(file.numbers[768..<912]))
    func results(_ weights: Tensor) throws -> [Tensor] {
      let (graph, outputs) = try Self.graph(weights, batch: 3, withGradient: true)
      return try graph.evaluate(outputs, inputs: ["x": images, "cotangent": cotangents], on: CPUBackend())
    }
    #expect(
      try results(Tensor(shape: [48, 256], source: file.source()))
        == results(Tensor(shape: [48, 256], scalars: file.numbers)))
  }

  /// The same numbers in another shape become others.
  @Test func whatIsComputedDependsOnTheShape() throws {
    let file = File(256 * 48)
    let source = file.source()
    var graph = Graph()
    var transposed: [Graph.Value] = []
    for shape in [[256, 48], [48, 256]] as [Shape] {
      transposed.append(try graph.swapLastAxes(graph.constant(Tensor(shape: shape, source: source))))
    }
    let (folded, values) = try graph.folded(for: transposed, on: CPUBackend())
    for (value, shape) in zip(values, [[48, 256], [256, 48]] as [Shape]) {
      let tensor = try #require(folded.constantTensor(value))
      #expect(tensor.source != nil && tensor.shape == shape)
      let expected = (0..<shape.count).map { file.numbers[$0 % shape[1] * shape[0] + $0 / shape[1]] }
      #expect(tensor.scalars == expected)
    }
  }

  @Test func programsShareWhatWasReadForOne() throws {
    let file = File(256 * 48)
    let weights = Tensor(shape: [48, 256], source: file.source())
    let (graph, outputs) = try Self.graph(weights, batch: 1, withGradient: false)
    let single = try cpuProgram(graph, outputs: outputs)
    let reads = file.reads.withLock { $0 }
    #expect(reads > 0)
    let (larger, values) = try Self.graph(weights, batch: 4, withGradient: false)
    let program = try cpuProgram(larger, outputs: values, sharingConstantsOf: single)
    #expect(file.reads.withLock { $0 } == reads)
    #expect(single.steps.count == 1 && program.steps.count == 1)
    guard case .once(let mine) = program.steps[0].preparation, case .once(let other) = single.steps[0].preparation
    else {
      Issue.record("a linear layer without prepared weights")
      return
    }
    #expect(program.constants.address(at: mine) == single.constants.address(at: other))
  }

  /// A layer that ends with GELU by itself has the weights of one whose GELU is a step, for its derivative.
  @Test func layersThatEndOtherwiseShareTheirWeights() throws {
    let file = File(256 * 256)
    var graph = Graph()
    let x = graph.input("x", [2, 256])
    let weights = graph.constant(Tensor(shape: [256, 256], source: file.source()))
    let y = try graph.gelu(graph.matmul(x, weights))
    let cotangent = graph.input("cotangent", [2, 256])
    let gradient = try graph.gradient(of: [(y, cotangent)], withRespectTo: [x])
    let both = try cpuProgram(graph, outputs: [y] + gradient)
    let reads = file.reads.withLock { $0 }
    let forward = try cpuProgram(graph, outputs: [y], sharingConstantsOf: both)
    #expect(file.reads.withLock { $0 } == reads)
    #expect(forward.steps.count == 1 && both.steps.count > 2)
    guard case .once(let mine) = forward.steps[0].preparation, case .once(let other) = both.steps[0].preparation else {
      Issue.record("a linear layer without prepared weights")
      return
    }
    #expect(forward.constants.address(at: mine) == both.constants.address(at: other))
  }
}
