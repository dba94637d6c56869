import Tensor
import Testing
import _TestSupport

@testable import Graph

/// The operators that imported networks need beside those of `OperatorCases`.
@Suite(.everyBackend) struct SelectionOperatorTests {
  static let families = [
    OperatorFamily("larger") { s in
      let shape = s.shape(rank: 3)
      return try s.graph.larger(s.input(shape), s.input([shape[1], 1]))
    },
    OperatorFamily("smaller") { s in
      let shape = s.shape(rank: 2)
      return try s.graph.smaller(s.input([shape[1]]), s.input(shape))
    },
    OperatorFamily("power") { s in
      let shape = s.shape(rank: 2)
      return try s.graph.power(s.positiveInput(shape), s.input([shape[1]]))
    },
    OperatorFamily("power-constant") { s in
      try s.graph.power(s.positiveInput(s.shape(rank: 2)), s.graph.constant(-1.5))
    },
    OperatorFamily("remainder") { s in
      let shape = s.shape(rank: 2)
      // Three and a half divisors, give or take a little: far from the places where the quotient jumps.
      let divisor = try s.positiveInput([shape[1]])
      let little = try s.graph.multiply(s.graph.sin(s.input(shape)), s.graph.constant(0.1))
      let dividend = try s.graph.multiply(s.graph.add(little, s.graph.constant(3.5)), divisor)
      return try s.graph.remainder(dividend, divisor, signOfDividend: s.integer(0...1) == 0)
    },
    OperatorFamily("sin") { s in try s.graph.sin(s.input(s.shape(rank: 2))) },
    OperatorFamily("cos") { s in try s.graph.cos(s.input(s.shape(rank: 3))) },
    OperatorFamily("arc-tangent") { s in try s.graph.atan(s.input(s.shape(rank: 2))) },
    // Inside of [-1, 1]: half a sine.
    OperatorFamily("arc-sine") { s in
      try s.graph.asin(s.graph.multiply(s.graph.sin(s.input(s.shape(rank: 2))), s.graph.constant(0.5)))
    },
    OperatorFamily("arc-cosine") { s in
      try s.graph.acos(s.graph.multiply(s.graph.sin(s.input(s.shape(rank: 2))), s.graph.constant(0.5)))
    },
    OperatorFamily("hyperbolic-sine") { s in try s.graph.sinh(s.input(s.shape(rank: 2))) },
    OperatorFamily("hyperbolic-cosine") { s in try s.graph.cosh(s.input(s.shape(rank: 2))) },
    OperatorFamily("area-sine") { s in try s.graph.asinh(s.input(s.shape(rank: 2))) },
    OperatorFamily("area-cosine") { s in
      try s.graph.acosh(s.graph.add(s.positiveInput(s.shape(rank: 2)), s.graph.constant(1.5)))
    },
    OperatorFamily("area-tangent") { s in
      try s.graph.atanh(s.graph.multiply(s.graph.sin(s.input(s.shape(rank: 2))), s.graph.constant(0.5)))
    },
    OperatorFamily("norm") { s in try s.graph.norm(s.positiveInput(s.shape(rank: 3)), axes: [1, 2]) },
    OperatorFamily("elu") { s in try s.graph.elu(s.input(s.shape(rank: 2)), alpha: 0.7, scale: 1.3, rate: 0.9) },
    OperatorFamily("thresholded-relu") { s in
      try s.graph.thresholdedReLU(s.input(s.shape(rank: 2)), threshold: 0)
    },
    OperatorFamily("select") { s in
      let shape = s.shape(rank: 3)
      let condition = s.graph.constant(
        Tensor(shape: [shape[2]], scalars: (0..<shape[2]).map { $0 % 2 == 0 ? 1 : 0 }))
      return try s.graph.select(condition, s.input(shape), s.input([shape[1], 1]))
    },
    OperatorFamily("take") { s in
      let shape = s.shape(rank: 3)
      let indices = (0..<s.integer(1...5)).map { _ in s.integer(0...shape[1] - 1) }
      return try s.graph.take(s.input(shape), axis: 1, indices: indices)
    },
    OperatorFamily("spread") { s in
      try s.graph.spread(
        s.input(s.shape(rank: 3)), axis: s.integer(0...2), step: s.integer(1...3), low: s.integer(0...2),
        high: s.integer(0...2))
    },
  ]

  @Test(arguments: families) func derivativesAgree(_ family: OperatorFamily) throws {
    for seed in 0..<UInt64(8) {
      var sampler = OperatorSampler(seed: seed &* 31 &+ UInt64(family.name.utf8.count))
      let output = try family.build(&sampler)
      let problems = try sampler.check(output).problems(seed: seed)
      #expect(problems.isEmpty, "\(family.name), seed \(seed): \(sampler.shapes): \(problems)")
    }
  }

  private func row(_ values: [Float]) -> Tensor { Tensor(shape: [values.count], scalars: values) }

  @Test func values() throws {
    let x = row([-2.5, -0.5, 0.5, 1.5, 2.5, 2.7])
    #expect(try Rounding(direction: .nearest)([x]).scalars == [-2, 0, 0, 2, 2, 3])
    #expect(try Rounding(direction: .down)([x]).scalars == [-3, -1, 0, 1, 2, 2])
    #expect(try Rounding(direction: .up)([x]).scalars == [-2, 0, 1, 2, 3, 3])
    #expect(try Rounding(direction: .towardZero)([x]).scalars == [-2, 0, 0, 1, 2, 2])
    #expect(try Equal()([x, row([0.5])]).scalars == [0, 0, 1, 0, 0, 0])
    #expect(try Larger()([x, row([0.6])]).scalars == [0.6, 0.6, 0.6, 1.5, 2.5, 2.7])
    #expect(try Power()([row([2, 3, 4]), row([3, 2, 0.5])]).scalars == [8, 9, 2])
    let (dividends, divisors) = (row([7, -7, 7, -7, 1, -1, 6]), row([3, 3, -3, -3, .infinity, .infinity, -3]))
    #expect(try Remainder(sign: .dividend)([dividends, divisors]).scalars == [1, -1, 1, -1, 1, -1, 0])
    #expect(try Remainder(sign: .divisor)([dividends, divisors]).scalars == [1, 2, -2, -1, 1, .infinity, 0])
    #expect(try Remainder(sign: .dividend)([row([.infinity, 1]), row([3, 0])]).scalars.allSatisfy(\.isNaN))
    #expect(try Take(axis: 0, indices: [5, 0, 0])([x]).scalars == [2.7, -2.5, -2.5])
    #expect(
      try TakeTranspose(take: Take(axis: 0, indices: [1, 0, 1]), extent: 3)([row([1, 2, 4])]).scalars == [2, 5, 0])
    let elu = try ELU(alpha: 2, scale: 3)([row([-1, 2])]).scalars
    #expect(abs(elu[0] - 6 * (-0.632_120_56)) < 1e-6 && elu[1] == 6)
  }

  /// Axes that are exchanged go by tiles.
  @Test(arguments: [[0, 2, 1], [2, 1, 0], [2, 0, 1], [1, 2, 0], [1, 0, 2]])
  func transposesOfAnySize(_ permutation: [Int]) throws {
    let shape: Shape = [3, 35, 18]
    let x = Tensor(shape: shape, scalars: (0..<shape.count).map { Float($0) })
    let got = try Transpose(permutation: permutation)([x])
    var index = 0
    for i in 0..<got.shape[0] {
      for j in 0..<got.shape[1] {
        for k in 0..<got.shape[2] {
          let place = zip([i, j, k], permutation).reduce(0) { $0 + $1.0 * shape.strides[$1.1] }
          #expect(got.scalars[index] == Float(place))
          index += 1
        }
      }
    }
  }

  /// What is not selected may be anything.
  @Test func selectionIgnoresWhatIsNotSelected() throws {
    let selected = try Select()([row([1, 0, 2]), row([1, .nan, 3]), row([.infinity, 5, .nan])])
    #expect(selected.scalars == [1, 5, 3])
  }

  @Test func equalOperandsShareTheDerivative() throws {
    var graph = Graph()
    let (a, b) = (graph.input("a", [2]), graph.input("b", [2]))
    let larger = try graph.larger(a, b)
    let gradients = try graph.gradient(of: larger, withRespectTo: [a, b])
    let results = try graph.evaluate(gradients, inputs: ["a": row([1, 2]), "b": row([1, 3])])
    #expect(results.map(\.scalars) == [[0.5, 0], [0.5, 1]])
  }

  /// On the bounds of a limit the derivative is 1 or 0, as asked for.
  @Test func limitsIncludeTheirBoundsOrNot() throws {
    for includes in [true, false] {
      var graph = Graph()
      let x = graph.input("x", [5])
      let limited = try graph.clip(x, lower: 0, upper: 6, includesBounds: includes)
      let tangent = graph.constant(Tensor(shape: [5], repeating: 1))
      let outputs =
        try graph.gradient(of: limited, withRespectTo: [x]) + graph.jvp(of: [limited], tangents: [(x, tangent)])
      let results = try graph.evaluate(outputs, inputs: ["x": row([-1, 0, 3, 6, 7])])
      let bound: Float = includes ? 1 : 0
      #expect(results.map(\.scalars) == [[0, bound, 1, bound, 0], [0, bound, 1, bound, 0]])
    }
  }

  /// A norm of zeros has the derivative 0, forwards and backwards, and so has a root of another order.
  @Test func rootsOfZerosHaveADerivative() throws {
    for order in 2...3 {
      var graph = Graph()
      let x = graph.input("x", [2, 2])
      let magnitudes = try graph.absoluteValue(x)
      let powers = try order == 2 ? graph.multiply(x, x) : graph.power(magnitudes, graph.constant(3))
      let norm = try graph.root(ofPowers: graph.sum(powers, axes: [1]), order: order)
      let tangent = graph.constant(Tensor(shape: [2, 2], repeating: 1))
      // First built, then evaluated: the graph is a value.
      let outputs =
        try [norm] + graph.gradient(of: norm, withRespectTo: [x]) + graph.jvp(of: [norm], tangents: [(x, tangent)])
      let results = try graph.evaluate(outputs, inputs: ["x": Tensor(shape: [2, 2], scalars: [0, 0, 0, 5])])
      #expect(results[0].scalars[0] == 0 && abs(results[0].scalars[1] - 5) < 1e-5)
      #expect(zip(results[1].scalars, [0, 0, 0, 1] as [Float]).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(results[2].scalars[0] == 0 && abs(results[2].scalars[1] - 1) < 1e-5)
    }
  }

  @Test func roundingHasNoDerivative() throws {
    var graph = Graph()
    let x = graph.input("x", [2])
    let gradient = try graph.gradient(of: graph.floor(x), withRespectTo: [x])
    #expect(try graph.evaluate(gradient, inputs: ["x": row([0.5, 3])])[0].scalars == [0, 0])
  }

  @Test func placesOutsideAreErrors() {
    #expect(throws: GraphError.self) { try Take(axis: 0, indices: [3]).shape(of: [[3]]) }
    #expect(throws: GraphError.self) { try Take(axis: 1, indices: [0]).shape(of: [[3]]) }
    #expect(throws: GraphError.self) {
      try TakeTranspose(take: Take(axis: 0, indices: [4]), extent: 4).shape(of: [[1]])
    }
    #expect(throws: GraphError.self) { try Select().shape(of: [[2], [2], [1]]) }
  }
}
