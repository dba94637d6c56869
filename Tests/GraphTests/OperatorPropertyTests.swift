import Tensor
import Testing
import _TestSupport

@testable import Graph

/// Derivatives of every operator over seeded random shapes and attributes, without reference numbers.
@Suite(.everyBackend) struct OperatorPropertyTests {
  @Test(arguments: OperatorFamily.all)
  func derivativesAgree(_ family: OperatorFamily) throws {
    for seed in 0..<UInt64(8) {
      var sampler = OperatorSampler(
        seed: seed &* 1000 &+ UInt64(family.name.utf8.reduce(0) { $0 * 31 % 997 + Int($1) }))
      let output = try family.build(&sampler)
      let problems = try sampler.check(output).problems(seed: seed)
      #expect(
        problems.isEmpty, "\(TestedBackend.current.name), \(family.name), seed \(seed): \(sampler.shapes), \(problems)")
    }
  }
}

/// Draws shapes and makes the inputs of one operator.
struct OperatorSampler {
  var graph = Graph()
  private(set) var shapes: [Shape] = []
  private var inputs: [(name: String, value: Graph.Value)] = []
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func integer(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
  mutating func flag() -> Bool { Bool.random(using: &generator) }
  mutating func shape(rank: Int, upTo largest: Int = 4) -> Shape { Shape((0..<rank).map { _ in integer(1...largest) }) }

  mutating func input(_ shape: Shape) -> Graph.Value {
    let name = "x\(inputs.count)"
    shapes.append(shape)
    inputs.append((name, graph.input(name, shape)))
    return inputs[inputs.count - 1].value
  }

  /// Values of 0.3 to about 3, for logarithms and divisors.
  mutating func positiveInput(_ shape: Shape) throws -> Graph.Value {
    let x = input(shape)
    return try graph.add(graph.softplus(x), graph.constant(0.3))
  }

  /// Distinct numbers of all inputs together, none near 0, so that no kink of a rectifier or maximum lies within the
  /// step of the finite difference.
  mutating func check(_ output: Graph.Value) -> DerivativeCheck {
    let total = shapes.reduce(0) { $0 + $1.count }
    let gap = 4 / Float(max(8, total))
    var numbers = (0..<total).map { (Float($0) - Float(total / 2) + 0.5) * gap }
    numbers.shuffle(using: &generator)
    var point: [String: Tensor] = [:]
    for (input, shape) in zip(inputs, shapes) {
      point[input.name] = Tensor(shape: shape, scalars: Array(numbers.suffix(shape.count)))
      numbers.removeLast(shape.count)
    }
    var check = DerivativeCheck(graph: graph, output: output, inputs: inputs, point: point)
    check.step = min(1 / 64, gap / 4)
    return check
  }
}

struct OperatorFamily: Sendable, CustomTestStringConvertible {
  let name: String
  let build: @Sendable (inout OperatorSampler) throws -> Graph.Value

  init(_ name: String, _ build: @escaping @Sendable (inout OperatorSampler) throws -> Graph.Value) {
    self.name = name
    self.build = build
  }

  var testDescription: String { name }

  static let all: [OperatorFamily] = layers + elementwise + binary + reductions + movement

  private static let layers = [
    OperatorFamily("conv2d") { s in
      let groups = s.integer(1...3)
      let (h, w) = (s.integer(1...3), s.integer(1...3))
      let geometry = ConvolutionGeometry(
        stride: (s.integer(1...3), s.integer(1...3)),
        padding: (s.integer(0...2), s.integer(0...2), s.integer(0...2), s.integer(0...2)),
        dilation: (s.integer(1...2), s.integer(1...2)), groups: groups)
      let channels = s.integer(1...2)
      let x = s.input([s.integer(1...3), groups * channels, s.integer(5...7), s.integer(5...7)])
      return try s.graph.conv2d(x, s.input([groups * s.integer(1...2), channels, h, w]), geometry)
    },
    OperatorFamily("transposed-conv2d") { s in
      let groups = s.integer(1...2)
      let stride = (s.integer(1...3), s.integer(1...3))
      let geometry = ConvolutionGeometry(
        stride: stride, padding: (s.integer(0...1), s.integer(0...1), s.integer(0...1), 0), groups: groups)
      let channels = groups * s.integer(1...2)
      let x = s.input([s.integer(1...2), channels, s.integer(2...4), s.integer(2...4)])
      let weights = s.input([channels, s.integer(1...2), 3, 2])
      return try s.graph.transposedConv2d(
        x, weights, geometry, outputPadding: (s.integer(0...stride.0 - 1), s.integer(0...stride.1 - 1)))
    },
    OperatorFamily("max-pool2d") { s in
      var window = pooling(&s)
      // A window wholly in the padding gives minus infinity.
      window.height = max(2, window.height)
      window.width = max(2, window.width)
      return try s.graph.maxPool2d(s.input([s.integer(1...2), 2, s.integer(4...7), s.integer(4...7)]), window)
    },
    OperatorFamily("average-pool2d") { s in
      let window = pooling(&s)
      let x = s.input([s.integer(1...2), 2, s.integer(4...7), s.integer(4...7)])
      return try s.graph.averagePool2d(x, window, includesPadding: s.flag())
    },
    OperatorFamily("matmul") { s in
      let leading = s.shape(rank: s.integer(0...2), upTo: 2).dimensions
      let (m, k, n) = (s.integer(1...6), s.integer(1...5), s.integer(1...20))
      let left = s.input(Shape(leading + [m, k]))
      return try s.graph.matmul(left, s.input(Shape((s.flag() ? leading : []) + [k, n])))
    },
    OperatorFamily("linear") { s in
      let (k, n) = (s.integer(1...5), s.integer(1...18))
      return try s.graph.linear(s.input([s.integer(1...5), k]), s.input([n, k]), bias: s.input([n]))
    },
    OperatorFamily("batch-norm") { s in
      let x = s.input(s.shape(rank: s.integer(2...4)))
      let row: Shape = [s.graph.shape(of: x)[1]]
      return try s.graph.batchNorm(
        x, scale: s.input(row), shift: s.input(row), mean: s.input(row), variance: s.positiveInput(row), epsilon: 1e-2)
    },
    OperatorFamily("batch-norm-training") { s in
      let x = s.input([s.integer(2...4), s.integer(1...3), s.integer(1...3), 2])
      let row: Shape = [s.graph.shape(of: x)[1]]
      return try s.graph.batchNormTraining(x, scale: s.input(row), shift: s.input(row), epsilon: 0.1).output
    },
    OperatorFamily("group-norm") { s in
      let groups = s.integer(1...3)
      let x = s.input([s.integer(1...2), groups * s.integer(1...2), 2, s.integer(2...3)])
      let row: Shape = [s.graph.shape(of: x)[1]]
      return try s.graph.groupNorm(x, groups: groups, scale: s.input(row), shift: s.input(row), epsilon: 0.1)
    },
    OperatorFamily("layer-norm") { s in
      let shape = s.shape(rank: 3).prepending(2)
      let count = s.integer(2...3)
      let row = Shape(Array(shape.dimensions.suffix(count)))
      return try s.graph.layerNorm(
        s.input(shape), axes: count, scale: s.input(row), shift: s.input(row), epsilon: 0.1)
    },
    OperatorFamily("upsample-nearest") { s in
      try s.graph.upsampleNearest(s.input(s.shape(rank: 4)), factor: s.integer(1...3))
    },
  ]

  private static func pooling(_ s: inout OperatorSampler) -> PoolingWindow {
    PoolingWindow(
      height: s.integer(1...3), width: s.integer(1...3),
      geometry: ConvolutionGeometry(
        stride: (s.integer(1...3), s.integer(1...3)),
        padding: (s.integer(0...1), s.integer(0...1), s.integer(0...1), s.integer(0...1))),
      ceil: s.flag())
  }

  private static func unary(
    _ name: String, _ build: @escaping @Sendable (inout Graph, Graph.Value) throws -> Graph.Value
  ) -> OperatorFamily {
    OperatorFamily(name) { s in
      let x = s.input(s.shape(rank: s.integer(0...4)))
      return try build(&s.graph, x)
    }
  }

  private static let elementwise = [
    unary("negate") { try $0.negate($1) }, unary("exp") { try $0.exp($1) }, unary("abs") { try $0.absoluteValue($1) },
    unary("tanh") { try $0.tanh($1) }, unary("sigmoid") { try $0.sigmoid($1) }, unary("silu") { try $0.silu($1) },
    unary("erf") { try $0.erf($1) }, unary("relu") { try $0.relu($1) }, unary("leaky") { try $0.relu($1, slope: 0.1) },
    unary("reversed") { try $0.relu($1, slope: -2) }, unary("softplus") { try $0.softplus($1, beta: 2) },
    unary("gelu") { try $0.gelu($1) }, unary("gelu-tanh") { try $0.gelu($1, tanhApproximation: true) },
    // 1.04 is no input: they are odd multiples of half the gap.
    unary("clip") { try $0.clip($1, lower: -8, upper: 9) },
    OperatorFamily("log") { s in try s.graph.log(s.positiveInput(s.shape(rank: 2))) },
    OperatorFamily("sqrt") { s in try s.graph.squareRoot(s.positiveInput(s.shape(rank: 3))) },
  ]

  /// Two operands of random ranks, some extents 1.
  private static func operands(_ s: inout OperatorSampler) -> (Shape, Shape) {
    let full = s.shape(rank: s.integer(0...4), upTo: 3)
    func operand() -> Shape {
      Shape(full.dimensions.suffix(s.integer(0...full.rank)).map { s.integer(0...2) == 0 ? 1 : $0 })
    }
    return (operand(), operand())
  }

  private static let binary = [
    OperatorFamily("add") { s in
      let (a, b) = operands(&s)
      return try s.graph.add(s.input(a), s.input(b))
    },
    OperatorFamily("subtract") { s in
      let (a, b) = operands(&s)
      return try s.graph.subtract(s.input(a), s.input(b))
    },
    OperatorFamily("multiply") { s in
      let (a, b) = operands(&s)
      return try s.graph.multiply(s.input(a), s.input(b))
    },
    OperatorFamily("divide") { s in
      let (a, b) = operands(&s)
      return try s.graph.divide(s.input(a), s.positiveInput(b))
    },
    OperatorFamily("gate") { s in
      let (a, b) = operands(&s)
      return try s.graph.apply(Gate(slope: 0.3), [s.input(a), s.input(b)])
    },
    OperatorFamily("same operand twice") { s in
      let x = s.input(s.shape(rank: 2))
      return try s.graph.multiply(s.graph.add(x, x), s.graph.tanh(x))
    },
  ]

  private static func axes(_ s: inout OperatorSampler, _ rank: Int) -> [Int] {
    (0..<rank).filter { _ in s.flag() }
  }

  private static let reductions = [
    OperatorFamily("sum") { s in
      let rank = s.integer(1...4)
      return try s.graph.sum(s.input(s.shape(rank: rank)), axes: axes(&s, rank))
    },
    OperatorFamily("mean") { s in
      let rank = s.integer(1...4)
      return try s.graph.mean(s.input(s.shape(rank: rank)), axes: axes(&s, rank))
    },
    OperatorFamily("maximum") { s in
      let rank = s.integer(1...4)
      return try s.graph.maximum(s.input(s.shape(rank: rank)), axes: axes(&s, rank))
    },
    OperatorFamily("softmax") { s in try s.graph.softmax(s.input(s.shape(rank: s.integer(1...3)))) },
    OperatorFamily("log-softmax") { s in try s.graph.logSoftmax(s.input(s.shape(rank: s.integer(1...3)))) },
  ]

  private static let movement = [
    OperatorFamily("transpose") { s in
      let rank = s.integer(1...4)
      var keys = (0..<rank).map { ($0, s.integer(0...1000)) }
      keys.sort { $0.1 < $1.1 }
      return try s.graph.transpose(s.input(s.shape(rank: rank)), keys.map(\.0))
    },
    OperatorFamily("reshape") { s in
      let shape = s.shape(rank: 3)
      return try s.graph.reshape(s.input(shape), to: [shape[2], shape[0] * shape[1]])
    },
    OperatorFamily("broadcast") { s in
      let full = s.shape(rank: s.integer(1...4), upTo: 3)
      let own = Shape(full.dimensions.suffix(s.integer(0...full.rank)).map { s.flag() ? 1 : $0 })
      return try s.graph.broadcast(s.input(own), to: full)
    },
    OperatorFamily("slice") { s in
      let extents = (0..<3).map { _ in s.integer(1...7) }
      let starts = extents.map { s.integer(0...$0 - 1) }
      let steps = extents.map { _ in s.integer(1...3) }
      let counts = (0..<3).map { s.integer(1...(extents[$0] - 1 - starts[$0]) / steps[$0] + 1) }
      return try s.graph.apply(Slice(starts: starts, counts: counts, steps: steps), [s.input(Shape(extents))])
    },
    OperatorFamily("pad") { s in
      let rank = s.integer(1...3)
      func amounts() -> [Int] { (0..<rank).map { _ in s.integer(0...2) } }
      let pad = Pad(low: amounts(), high: amounts(), interior: amounts(), value: 0.5)
      return try s.graph.apply(pad, [s.input(s.shape(rank: rank))])
    },
    OperatorFamily("concatenate") { s in
      let shape = s.shape(rank: 3)
      let axis = s.integer(0...2)
      let parts = (0..<s.integer(1...3)).map { _ in
        var extents = shape.dimensions
        extents[axis] = s.integer(1...3)
        return s.input(Shape(extents))
      }
      return try s.graph.concatenate(parts, axis: axis)
    },
  ]
}
