import Tensor
import Testing
import _TestSupport

@testable import Graph

/// An image's numbers have the same bits whatever else is in the batch, and wherever in the batch it stands.
@Suite(.everyBackend) struct BatchInvarianceTests {
  private static let imageCount = 64

  private struct Network: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let image: Shape
    let build: @Sendable (inout Layers, Graph.Value) throws -> Graph.Value

    init(_ name: String, _ image: Shape, _ build: @escaping @Sendable (inout Layers, Graph.Value) throws -> Graph.Value)
    {
      (testDescription, self.image, self.build) = (name, image, build)
    }
  }

  /// Makes weights; the same ones for every batch size.
  private struct Layers {
    var graph = Graph()
    private var generator = SeededGenerator(seed: 77)

    mutating func weights(_ shape: Shape) -> Graph.Value {
      let scale = 2 / Float(max(1, shape.droppingFirst.count)).squareRoot()
      return graph.constant(
        Tensor(
          shape: shape,
          scalars: (0..<shape.count).map { _ in scale * Float.random(in: -1...1, using: &generator) }))
    }

    mutating func conv(
      _ x: Graph.Value, _ outputs: Int, _ window: Int, _ geometry: ConvolutionGeometry = ConvolutionGeometry()
    ) throws -> Graph.Value {
      let channels = graph.shape(of: x)[1] / geometry.groups
      return try graph.conv2d(x, weights([outputs, channels, window, window]), geometry)
    }

    mutating func linear(_ x: Graph.Value, _ outputs: Int) throws -> Graph.Value {
      let columns = graph.shape(of: x).dimensions.last ?? 1
      return try graph.linear(x, weights([outputs, columns]), bias: weights([outputs]))
    }

    mutating func batchNorm(_ x: Graph.Value) throws -> Graph.Value {
      let row: Shape = [graph.shape(of: x)[1]]
      let variance = graph.constant(Tensor(shape: row, repeating: 0.5))
      return try graph.batchNorm(
        x, scale: weights(row), shift: weights(row), mean: weights(row), variance: variance, epsilon: 1e-5)
    }
  }

  private static let networks = [
    Network("residual", [3, 9, 11]) { layers, x in
      var y = try layers.graph.relu(layers.batchNorm(layers.conv(x, 17, 3, ConvolutionGeometry(padding: 1))))
      let main = try layers.batchNorm(layers.conv(y, 17, 3, ConvolutionGeometry(padding: 1)))
      y = try layers.graph.relu(layers.graph.add(main, y))
      y = try layers.graph.maxPool2d(y, PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2)))
      y = try layers.graph.relu(layers.conv(y, 32, 3, ConvolutionGeometry(stride: 2, padding: 1)))
      return try layers.linear(layers.graph.flatten(layers.graph.globalAveragePool(y)), 10)
    },
    // Every image is one position wide in the end: products with a single column.
    Network("to one position", [2, 5, 5]) { layers, x in
      var y = try layers.graph.softplus(layers.conv(x, 40, 5), beta: 3)
      y = try layers.graph.tanh(layers.conv(y, 33, 1))
      y = try layers.conv(y, 7, 1)
      return try layers.graph.flatten(y)
    },
    Network("groups", [6, 8, 8]) { layers, x in
      var y = try layers.graph.silu(layers.conv(x, 12, 3, ConvolutionGeometry(padding: 1, groups: 6)))
      y = try layers.graph.gelu(layers.conv(y, 9, 3, ConvolutionGeometry(stride: 2, dilation: 2, groups: 3)))
      y = try layers.graph.groupNorm(y, groups: 3, scale: nil, shift: nil, epsilon: 1e-5)
      return try layers.linear(layers.graph.flatten(y), 21)
    },
    Network("normalised", [16, 12, 12]) { layers, x in
      var y = try layers.conv(x, 32, 3, ConvolutionGeometry(padding: 1))
      y = try layers.graph.silu(layers.graph.groupNorm(y, groups: 4, scale: nil, shift: nil, epsilon: 1e-5))
      y = try layers.conv(y, 32, 3, ConvolutionGeometry(padding: 1))
      return try layers.linear(layers.graph.flatten(layers.graph.globalAveragePool(y)), 10)
    },
    Network("perceptron", [1, 28, 28]) { layers, x in
      var y = try layers.graph.relu(layers.linear(layers.graph.flatten(x), 131))
      y = try layers.graph.layerNorm(y, scale: nil, shift: nil, epsilon: 1e-5)
      y = try layers.graph.relu(layers.linear(y, 16))
      return try layers.graph.logSoftmax(layers.linear(y, 10))
    },
    Network("attention", [5, 4, 4]) { layers, x in
      let n = layers.graph.shape(of: x)[0]
      let tokens = try layers.graph.transpose(layers.graph.reshape(x, to: [n, 5, 16]), [0, 2, 1])
      let (q, k, v) = (try layers.linear(tokens, 6), try layers.linear(tokens, 6), try layers.linear(tokens, 7))
      let weights = try layers.graph.softmax(layers.graph.matmul(q, layers.graph.swapLastAxes(k)))
      let mixed = try layers.graph.matmul(weights, v)
      return try layers.linear(layers.graph.flatten(mixed), 3)
    },
    Network("transposed", [4, 3, 3]) { layers, x in
      var y = try layers.graph.transposedConv2d(
        x, layers.weights([4, 5, 3, 3]), ConvolutionGeometry(stride: 2, padding: 1), outputPadding: (1, 1))
      y = try layers.graph.relu(layers.graph.upsampleNearest(y, factor: 2))
      y = try layers.graph.averagePool2d(
        y, PoolingWindow(height: 3, width: 3, geometry: ConvolutionGeometry(stride: 3)))
      return try layers.linear(layers.graph.flatten(y), 5)
    },
  ]

  /// Logits and input gradients of images `range`, run with batches of `batch`; the last may not be full.
  private func run(_ network: Network, batch: Int, _ images: Tensor, _ range: Range<Int>) throws -> [[UInt32]] {
    var layers = Layers()
    let x = layers.graph.input("x", network.image.prepending(batch))
    let logits = try network.build(&layers, x)
    let classes = layers.graph.shape(of: logits)[1]
    // A cotangent that differs between the classes, the same for every image.
    let row = Tensor(shape: [1, classes], scalars: (0..<classes).map { Float($0 * 7 % 5) / 3 - 0.5 })
    let cotangent = try layers.graph.broadcast(layers.graph.constant(row), to: [batch, classes])
    let gradient = try layers.graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    let program = try TestedBackend.current.compile(layers.graph, outputs: [logits, gradient])
    let workspace = try program.makeWorkspace(threads: 1)
    var results: [[UInt32]] = []
    for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
      let end = min(range.upperBound, start + batch)
      try images[batch: start..<end].scalars.withUnsafeBufferPointer { try workspace.set("x", to: $0) }
      try workspace.run()
      let (rows, gradients) = (try workspace.output(0), try workspace.output(1))
      for image in 0..<(end - start) {
        results.append((Array(rows.item(image)) + Array(gradients.item(image))).map(\.bitPattern))
      }
    }
    return results
  }

  @Test(arguments: networks.indices)
  func bitsDoNotDependOnTheBatch(_ index: Int) throws {
    // A device's do: its runs are always of the same number.
    guard !TestedBackend.current.needsEqualRuns else { return }
    let network = Self.networks[index]
    let shape = network.image.prepending(Self.imageCount)
    let images = Tensor(
      shape: shape,
      scalars: RandomStream(seed: 21, name: "images").normals(item: index, count: shape.count).map { Float($0) })
    let all = 0..<Self.imageCount
    let expected = try run(network, batch: 64, images, all)
    #expect(Set(expected).count == Self.imageCount, "the images' results must differ")
    for batch in [1, 2, 3, 5, 7, 16] {
      #expect(try run(network, batch: batch, images, all) == expected, "\(network.testDescription), batch \(batch)")
    }
    // Other positions in the batch.
    #expect(try run(network, batch: 7, images, 5..<64) == Array(expected[5...]))
  }

  /// Row i of a product has the same bits alone or among many, for every count of rows and columns; short sums and long
  /// ones take different kernels.
  @Test(arguments: [1, 37, 128, 129, 150])
  func rowsOfAProduct(_ inner: Int) throws {
    for columns in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 50] {
      let b = normals([inner, columns], "b")
      let a = normals([13, inner], "a")
      let all = try MatrixProduct()([a, b])
      for row in 0..<13 {
        #expect(try MatrixProduct()([a[batch: row..<row + 1], b]).scalars == Array(all.item(row)))
        for column in 0..<columns {
          var exact = 0.0
          for k in 0..<inner {
            exact += Double(a.scalars[row * inner + k]) * Double(b.scalars[k * columns + column])
          }
          let error = abs(Double(all.scalars[row * columns + column]) - exact)
          #expect(error < 1e-4)
        }
      }
    }
  }

  private func normals(_ shape: Shape, _ name: String) -> Tensor {
    let values = RandomStream(seed: 1, name: name).normals(item: 0, count: shape.count)
    return Tensor(shape: shape, scalars: values.map { Float($0) })
  }
}
