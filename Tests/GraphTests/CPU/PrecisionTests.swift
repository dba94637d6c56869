import Tensor
import Testing

@testable import CPU
@testable import Graph

@Suite struct PrecisionTests {
  private func network(batch: Int) throws -> (Graph, Graph.Value) {
    var graph = Graph()
    let x = graph.input("x", [batch, 16, 12, 12])
    let values = RandomStream(seed: 3, name: "weights").normals(item: 0, count: 32 * 16 * 9)
    let weights = graph.constant(Tensor(shape: [32, 16, 3, 3], scalars: values.map { Float($0) / 12 }))
    let y = try graph.relu(graph.conv2d(x, weights, ConvolutionGeometry(padding: 1)))
    return (graph, y)
  }

  private func run(_ precision: Precision, _ image: Tensor) throws -> [Float] {
    let (graph, y) = try network(batch: 1)
    let workspace = try CPUWorkspace(cpuProgram(graph, outputs: [y], precision: precision))
    try workspace.set("x", to: image)
    try workspace.run()
    return workspace.output(0).scalars
  }

  /// The two differ, by no more than their errors.
  @Test func exactIsAnotherSum() throws {
    let values = RandomStream(seed: 3, name: "image").normals(item: 0, count: 16 * 144)
    let image = Tensor(shape: [1, 16, 12, 12], scalars: values.map { Float($0) })
    let (fast, exact) = (try run(.fast, image), try run(.exact, image))
    let largest = exact.map(abs).max() ?? 0
    let difference = zip(fast, exact).map { abs($0 - $1) }.max() ?? 0
    #expect(fast != exact)
    #expect(difference < 5e-6 * largest)
  }

  /// Weight gradients, too.
  @Test func exactIsAnotherSumOfWeightGradients() throws {
    var graph = Graph()
    let (image, output): (Shape, Shape) = ([4, 16, 14, 15], [4, 24, 14, 15])
    let x = graph.input("x", image), weights = graph.input("weights", [24, 16, 3, 3]), g = graph.input("g", output)
    let y = try graph.conv2d(x, weights, ConvolutionGeometry(padding: 1))
    let gradient = try graph.gradient(of: [(y, g)], withRespectTo: [weights])[0]
    func run(_ precision: Precision) throws -> [Float] {
      let workspace = try CPUWorkspace(cpuProgram(graph, outputs: [gradient], precision: precision))
      for (item, (name, shape)) in [("x", image), ("g", output)].enumerated() {
        let values = RandomStream(seed: 3, name: "gradient").normals(item: item, count: shape.count)
        try workspace.set(name, to: Tensor(shape: shape, scalars: values.map { Float($0) }))
      }
      try workspace.run()
      return workspace.output(0).scalars
    }
    let (fast, exact) = (try run(.fast), try run(.exact))
    let largest = exact.map(abs).max() ?? 0
    let difference = zip(fast, exact).map { abs($0 - $1) }.max() ?? 0
    #expect(fast != exact)
    #expect(difference < 7e-6 * largest)
  }

  /// A sum of 2,304 products, of which the root mean square error would be 6e-7 of the result if they were added one by one.
  @Test func longSumsAreSumsOfPartialSums() throws {
    let stream = RandomStream(seed: 3, name: "wide")
    let values = stream.normals(item: 0, count: 256 * 81).map { Float($0) }
    let filters = stream.normals(item: 1, count: 4 * 256 * 9).map { Float($0) / 48 }
    var graph = Graph()
    let x = graph.input("x", [1, 256, 9, 9])
    let y = try graph.conv2d(
      x, graph.constant(Tensor(shape: [4, 256, 3, 3], scalars: filters)), ConvolutionGeometry(padding: 0))
    let workspace = try CPUWorkspace(cpuProgram(graph, outputs: [y], precision: .exact))
    try workspace.set("x", to: Tensor(shape: [1, 256, 9, 9], scalars: values))
    try workspace.run()
    let got = workspace.output(0).scalars
    var squares = 0.0
    for index in got.indices {
      let (k, row, column) = (index / 49, index / 7 % 7, index % 7)
      var sum = 0.0
      for channel in 0..<256 {
        for tap in 0..<9 {
          let pixel = values[channel * 81 + (row + tap / 3) * 9 + column + tap % 3]
          sum += Double(filters[(k * 256 + channel) * 9 + tap]) * Double(pixel)
        }
      }
      squares += (Double(got[index]) - sum) * (Double(got[index]) - sum)
    }
    #expect((squares / Double(got.count)).squareRoot() < 2.5e-7)
  }

  /// Where the first weights lie that a program has prepared.
  private func weights(_ program: CPUProgram) throws -> UnsafePointer<Float> {
    let offset = program.steps.lazy.compactMap { step -> Int? in
      if case .once(let offset) = step.preparation { offset } else { nil }
    }.first
    return try program.constants.address(at: #require(offset))
  }

  /// Programs of one network for several batch sizes have one copy of its weights; of another network, or at another precision,
  /// their own.
  @Test func constantsAreShared() throws {
    let (graph, y) = try network(batch: 2)
    let (other, otherY) = try network(batch: 5)
    let first = try cpuProgram(graph, outputs: [y])
    let place = try weights(first)
    #expect(try weights(cpuProgram(other, outputs: [otherY], sharingConstantsOf: first)) == place)
    #expect(try weights(cpuProgram(other, outputs: [otherY])) != place)
    #expect(
      try weights(cpuProgram(other, outputs: [otherY], precision: .exact, sharingConstantsOf: first)) != place)
    var changed = Graph()
    let x = changed.input("x", [5, 16, 12, 12])
    let filters = changed.constant(Tensor(shape: [32, 16, 3, 3], repeating: 0.5))
    let z = try changed.relu(changed.conv2d(x, filters, ConvolutionGeometry(padding: 1)))
    #expect(try weights(cpuProgram(changed, outputs: [z], sharingConstantsOf: first)) != place)
  }

  /// Also where a constant of another size stands before them, and where what was shared is all that is left of the first program.
  @Test func weightsBehindOthersAreShared() throws {
    func program(batch: Int, sharing other: CPUProgram? = nil) throws -> CPUProgram {
      var graph = Graph()
      let x = graph.input("x", [batch, 3, 6, 6])
      let offset = graph.constant(Tensor(shape: [batch, 3, 6, 6], repeating: 0.25))
      let filters = (0..<2).map { _ in
        graph.constant(Tensor(shape: [3, 3, 3, 3], scalars: (0..<81).map { Float($0) / 81 - 0.4 }))
      }
      let geometry = ConvolutionGeometry(padding: 1)
      let y = try graph.conv2d(graph.add(x, offset), filters[0], geometry)
      let z = try graph.conv2d(graph.relu(y), filters[1], geometry)
      return try cpuProgram(graph, outputs: [z], sharingConstantsOf: other)
    }
    func output(_ program: CPUProgram, batch: Int) throws -> [Float] {
      let workspace = try CPUWorkspace(program)
      try workspace.set("x", to: Tensor(shape: [batch, 3, 6, 6], repeating: 0.5))
      try workspace.run()
      return workspace.output(0).scalars
    }
    var first: CPUProgram? = try program(batch: 1)
    let place = try first.map(weights)
    let second = try program(batch: 3, sharing: first)
    #expect(try weights(second) == place)
    let expected = try first.map { try output($0, batch: 1) }
    first = nil
    #expect(try Array(output(second, batch: 3).prefix(108)) == expected)
  }
}
