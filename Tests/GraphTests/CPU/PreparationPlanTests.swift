import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

/// Forms of weights that take much memory are made in every run, where that costs little, and change no bit.
@Suite struct PreparationPlanTests {
  /// Two convolutions by Winograd's algorithm, of which the second has four times the weights, and a matrix product.
  private func network(images: Int) throws -> (graph: Graph, output: Graph.Value) {
    var generator = SeededGenerator(seed: 5)
    func random(_ shape: Shape) -> Tensor {
      Tensor(shape: shape, scalars: (0..<shape.count).map { _ in Float.random(in: -1...1, using: &generator) })
    }
    var graph = Graph()
    let x = graph.input("x", [images, 16, 64, 64])
    let first = try graph.conv2d(x, graph.constant(random([16, 16, 3, 3])), ConvolutionGeometry(padding: 1))
    let second = try graph.conv2d(first, graph.constant(random([64, 16, 3, 3])), ConvolutionGeometry(padding: 1))
    return (graph, second)
  }

  private func everyRun(_ program: CPUProgram) -> [Bool] {
    program.steps.filter { $0.kernel.preparedCount > 0 }.map {
      if case .everyRun = $0.preparation { true } else { false }
    }
  }

  @Test func formsThatTakeLittleAreMadeOnce() throws {
    let (graph, output) = try network(images: 2)
    #expect(everyRun(try cpuProgram(graph, outputs: [output])) == [false, false])
  }

  /// Whatever the number of images: the programs of one network have the same constants.
  @Test(arguments: [1, 2, 16]) func formsThatTakeMuchAreMadeInEveryRun(_ images: Int) throws {
    let (graph, output) = try network(images: images)
    let once = try cpuProgram(graph, outputs: [output])
    let every = try cpuProgram(graph, outputs: [output], spareForms: 0)
    #expect(everyRun(every) == [true, true])
    var generator = SeededGenerator(seed: 6)
    let x = Tensor(
      shape: [images, 16, 64, 64],
      scalars: (0..<images * 16 * 64 * 64).map { _ in Float.random(in: -1...1, using: &generator) })
    let results = try [once, every].map { program in
      let workspace = try CPUWorkspace(program)
      try workspace.set("x", to: x)
      // Twice: the second run makes them anew.
      try workspace.run()
      try workspace.run()
      return workspace.output(0).scalars.map(\.bitPattern)
    }
    #expect(results[0] == results[1])
  }

  /// The form of many weights for few pixels would cost more than it saves.
  @Test func formsThatCostMuchAreMadeOnce() throws {
    var graph = Graph()
    let x = graph.input("x", [1, 64, 4, 4])
    let weights = graph.constant(Tensor(shape: [64, 64, 3, 3], repeating: 1))
    let y = try graph.conv2d(x, weights, ConvolutionGeometry(padding: 1))
    #expect(everyRun(try cpuProgram(graph, outputs: [y], spareForms: 0)) == [false])
  }
}
