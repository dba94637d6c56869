import Tensor
import _TestSupport

@testable import Graph

/// A random graph of what networks consist of: residual blocks with batch norm, shared values, views, several outputs.
struct RandomGraph {
  var graph = Graph()
  var given: [String: Tensor] = [:]
  var outputs: [Graph.Value] = []
  private var generator: SeededGenerator
  /// Values that later nodes may use.
  private var pool: [Graph.Value] = []

  /// - Parameter stages: the first has early inputs only; the second may use late ones.
  init(seed: UInt64, nodes: Int, stages: Int = 1) throws {
    generator = SeededGenerator(seed: seed)
    pool = [input("x", [2, 3, 6, 4]), input("y", [2, 3, 6, 4])]
    for _ in 0..<nodes { try appendNode() }
    if stages == 2 {
      pool.append(input("late", [2, 3, 6, 4]))
      pool.append(input("later", [2, 3, 1, 1]))
      for _ in 0..<nodes { try appendNode() }
    }
    // Outputs may be intermediate values, views of each other, or inputs.
    for _ in 0..<3 { outputs.append(pick()) }
    if let last = pool.last { outputs.append(last) }
  }

  mutating func integer(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  mutating func tensor(_ shape: Shape, positive: Bool = false) -> Tensor {
    Tensor(
      shape: shape,
      scalars: (0..<shape.count).map { _ in
        let number = Float(Int.random(in: -64...64, using: &generator)) / 64
        return positive ? abs(number) + 0.25 : number
      })
  }

  private mutating func input(_ name: String, _ shape: Shape) -> Graph.Value {
    given[name] = tensor(shape)
    return graph.input(name, shape)
  }

  private mutating func weights(_ shape: Shape, positive: Bool = false) -> Graph.Value {
    graph.constant(tensor(shape, positive: positive))
  }

  /// Recent values are preferred, so that the graph is deep.
  private mutating func pick() -> Graph.Value {
    let recent = integer(0...1) == 0 ? max(0, pool.count - 3) : 0
    return pool[integer(recent...pool.count - 1)]
  }

  /// A value of rank 4.
  private mutating func image() throws -> Graph.Value {
    let value = pick()
    let shape = graph.shape(of: value)
    if shape.rank == 4 { return value }
    return try graph.reshape(value, to: [shape[0], shape.droppingFirst.count, 1, 1])
  }

  private mutating func activation(_ x: Graph.Value) throws -> Graph.Value {
    switch integer(0...5) {
    case 0, 1, 2: try graph.relu(x)
    case 3: try graph.relu(x, slope: 0.1)
    case 4: try graph.tanh(x)
    default: try graph.softplus(x)
    }
  }

  private mutating func batchNorm(_ x: Graph.Value) throws -> Graph.Value {
    let row: Shape = [graph.shape(of: x)[1]]
    return try graph.batchNorm(
      x, scale: weights(row), shift: weights(row), mean: weights(row), variance: weights(row, positive: true),
      epsilon: 1e-3)
  }

  private mutating func appendNode() throws {
    let value: Graph.Value
    switch integer(0...11) {
    case 0, 1:
      // Convolution, batch norm, activation; the values between are sometimes used again.
      let x = try image()
      let channels = graph.shape(of: x)[1]
      let convolved = try graph.conv2d(x, weights([integer(1...4), channels, 3, 3]), ConvolutionGeometry(padding: 1))
      if integer(0...3) == 0 { pool.append(convolved) }
      let normalised = try batchNorm(convolved)
      if integer(0...3) == 0 { pool.append(normalised) }
      value = try activation(normalised)
    case 2, 3:
      // Residual block.
      let x = try image()
      let channels = graph.shape(of: x)[1]
      let convolved = try graph.conv2d(
        x, weights([channels, channels, 3, 3]), ConvolutionGeometry(padding: 1))
      let main = try batchNorm(convolved)
      value = try activation(integer(0...1) == 0 ? graph.add(main, x) : graph.add(x, main))
    case 4:
      let x = try image()
      let shape = graph.shape(of: x)
      value = try graph.linear(
        graph.flatten(x), weights([integer(1...5), shape.droppingFirst.count]), bias: nil)
    case 5:
      let x = pick()
      value = try graph.reshape(x, to: [graph.shape(of: x)[0], graph.shape(of: x).droppingFirst.count])
    case 6:
      value = try activation(pick())
    case 7:
      let x = pick()
      value = try graph.multiply(graph.add(x, graph.constant(0.5)), graph.constant(integer(0...1) == 0 ? 1 : -0.75))
    case 8:
      // Two values of one shape, where there are such; else of the broadcast of one.
      let x = pick()
      let others = pool.filter { graph.shape(of: $0) == graph.shape(of: x) }
      value = try graph.add(x, others[integer(0...others.count - 1)])
    case 9:
      let x = pick()
      let rank = graph.shape(of: x).rank
      let total = try graph.mean(x, axes: Array(1..<rank))
      value = try graph.subtract(x, total)
    case 10:
      let x = try image()
      value = try graph.transpose(
        graph.transpose(x, [0, 1, 3, 2]), integer(0...1) == 0 ? [0, 1, 3, 2] : [0, 2, 1, 3])
    default:
      value = try graph.stopGradient(batchNorm(image()))
    }
    pool.append(value)
  }
}
