import Tensor
import Testing
import _TestSupport

@testable import Graph

/// Many directions per image at once against one direction at a time, and against reverse mode.
@Suite(.everyBackend) struct RepeatedForwardModeTests {
  private static let latent = 5

  /// A decoder with every kind of node: linear layers, views, activations with and without a stored derivative, a value used
  /// twice, normalisation.
  private static func decode(_ graph: inout Graph, _ code: Graph.Value) throws -> Graph.Value {
    var generator = SeededGenerator(seed: 9)
    func weights(_ shape: Shape) -> Tensor {
      Tensor(shape: shape, scalars: (0..<shape.count).map { _ in Float.random(in: -0.5...0.5, using: &generator) })
    }
    let batch = graph.shape(of: code)[0]
    var y = try graph.linear(
      code, graph.constant(weights([24, latent])), bias: graph.constant(weights([24])))
    y = try graph.reshape(y, to: [batch, 4, 2, 3])
    y = try graph.silu(y)
    let up = try graph.transposedConv2d(
      y, graph.constant(weights([4, 3, 4, 4])), ConvolutionGeometry(stride: 2, padding: 1))
    let wide = try graph.conv2d(
      graph.upsampleNearest(y, factor: 2), graph.constant(weights([3, 4, 3, 3])), ConvolutionGeometry(padding: 1))
    y = try graph.relu(graph.add(up, wide), slope: 0.1)
    y = try graph.groupNorm(y, groups: 1, scale: nil, shift: nil, epsilon: 0.1)
    return try graph.conv2d(
      graph.softplus(y, beta: 2), graph.constant(weights([2, 3, 3, 3])), ConvolutionGeometry(padding: 1))
  }

  private static func random(_ shape: Shape, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor(shape: shape, scalars: (0..<shape.count).map { _ in Float.random(in: -1...1, using: &generator) })
  }

  @Test func agreesWithPlainForwardMode() throws {
    let (images, directions, k) = (3, 4, Self.latent)
    let code = Self.random([images, k], seed: 1)
    let tangents = Self.random([images * directions, k], seed: 2)
    let (graph, derivative) = try Graph.repeatedForwardMode(
      images: images, directions: directions, item: [k], point: { $0.input("code", [images, k]) },
      tangent: { $0.input("directions", [images * directions, k]) }, network: Self.decode)
    #expect(graph.shape(of: derivative) == [images * directions, 2, 4, 6])
    let together = try graph.evaluate([derivative], inputs: ["code": code, "directions": tangents])[0]

    var plain = Graph()
    let input = plain.input("code", [1, k])
    let output = try Self.decode(&plain, input)
    let direction = plain.input("direction", [1, k])
    let single = try plain.jvp(of: [output], tangents: [(input, direction)])[0]
    for image in 0..<images {
      for index in 0..<directions {
        let row = image * directions + index
        let alone = try plain.evaluate(
          [single], inputs: ["code": code[batch: image..<image + 1], "direction": tangents[batch: row..<row + 1]])[0]
        for (got, want) in zip(together.item(row), alone.scalars) {
          #expect(abs(got - want) <= 1e-5 * max(1, abs(want)))
        }
      }
    }
  }

  /// The activations' derivatives are computed once per image: no sigmoid has the large batch.
  @Test func imagesAreComputedOnce() throws {
    let (images, directions, k) = (3, 4, Self.latent)
    let (graph, derivative) = try Graph.repeatedForwardMode(
      images: images, directions: directions, item: [k], point: { $0.input("code", [images, k]) },
      tangent: { $0.input("directions", [images * directions, k]) }, network: Self.decode)
    let live = graph.withoutDeadNodes([derivative]).graph
    let batches = live.nodes.compactMap { node -> Int? in
      guard case .apply(let operation, _) = node.source,
        operation is Sigmoid || operation is SiLU || operation is SiLUDerivative
      else { return nil }
      return node.shape[0]
    }
    #expect(!batches.isEmpty && batches.allSatisfy { $0 == images })
  }

  @Test func agreesWithReverseMode() throws {
    let k = Self.latent
    let code = Self.random([1, k], seed: 3)
    var identity = Tensor(shape: [k, k], repeating: 0)
    for index in 0..<k { identity.scalars[index * k + index] = 1 }
    let (graph, derivative) = try Graph.repeatedForwardMode(
      images: 1, directions: k, item: [k], point: { $0.input("code", [1, k]) },
      tangent: { $0.constant(identity) }, network: Self.decode)
    let columns = try graph.evaluate([derivative], inputs: ["code": code])[0]

    var reverse = Graph()
    let input = reverse.input("code", [1, k])
    let output = try Self.decode(&reverse, input)
    let cotangent = reverse.input("cotangent", reverse.shape(of: output))
    let gradient = try reverse.gradient(of: [(output, cotangent)], withRespectTo: [input])[0]
    for pixel in stride(from: 0, to: 48, by: 5) {
      var unit = Tensor(shape: [1, 2, 4, 6], repeating: 0)
      unit.scalars[pixel] = 1
      let row = try reverse.evaluate([gradient], inputs: ["code": code, "cotangent": unit])[0]
      for index in 0..<k { #expect(abs(row.scalars[index] - columns.item(index)[index * 48 + pixel]) < 1e-5) }
    }
  }

  @Test func outputsThatDoNotDependOnTheInput() throws {
    let (graph, derivative) = try Graph.repeatedForwardMode(
      images: 2, directions: 3, item: [4], point: { $0.input("code", [2, 4]) },
      tangent: { $0.input("directions", [6, 4]) },
      network: { graph, code in
        graph.constant(Tensor(shape: [graph.shape(of: code)[0], 2], repeating: 1))
      })
    #expect(try graph.evaluate([derivative], inputs: [:])[0] == Tensor(shape: [6, 2], repeating: 0))
  }

  @Test func wrongShapesAreErrors() {
    #expect(throws: GraphError.self) {
      try Graph.repeatedForwardMode(
        images: 2, directions: 3, item: [4], point: { $0.input("code", [3, 4]) },
        tangent: { $0.input("directions", [6, 4]) }, network: { _, code in code })
    }
    #expect(throws: GraphError.self) {
      try Graph.repeatedForwardMode(
        images: 2, directions: 3, item: [4], point: { $0.input("code", [2, 4]) },
        tangent: { $0.input("directions", [2, 4]) }, network: { _, code in code })
    }
  }
}
