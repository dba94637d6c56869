import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

/// Networks whose values lie channels last in memory compute what they compute with planes, bit by bit.
@Suite struct LayoutTests {
  private struct Network {
    var graph = Graph()
    private var stream = 0

    mutating func weights(_ shape: Shape) -> Graph.Value {
      stream += 1
      let scale = 2 / Float(max(1, shape.droppingFirst.count)).squareRoot()
      let values = RandomStream(seed: 3, name: "weights").normals(item: stream, count: shape.count)
      return graph.constant(Tensor(shape: shape, scalars: values.map { scale * Float($0) }))
    }

    mutating func conv(
      _ x: Graph.Value, _ outputs: Int, _ window: Int, stride: Int = 1
    ) throws -> Graph.Value {
      let y = try graph.conv2d(
        x, weights([outputs, graph.shape(of: x)[1], window, window]),
        ConvolutionGeometry(stride: stride, padding: window / 2))
      return try graph.add(y, weights([1, outputs, 1, 1]))
    }

    mutating func linear(_ x: Graph.Value) throws -> Graph.Value {
      let rows = try graph.flatten(x)
      return try graph.linear(rows, weights([10, graph.shape(of: rows)[1]]))
    }

    /// A residual block; where it changes the shape, with a convolution of one pixel beside it.
    mutating func block(
      _ x: Graph.Value, _ channels: Int, stride: Int, _ activation: (inout Graph, Graph.Value) throws -> Graph.Value
    ) throws -> Graph.Value {
      let inner = try activation(&graph, conv(x, channels, 3, stride: stride))
      let main = try conv(inner, channels, 3)
      let isSame = stride == 1 && graph.shape(of: x)[1] == channels
      return try activation(&graph, graph.add(main, isSame ? x : conv(x, channels, 1, stride: stride)))
    }
  }

  private typealias Activation = (inout Graph, Graph.Value) throws -> Graph.Value

  /// Logits and input gradients of a small residual network.
  private func residual(
    _ pool: (inout Graph, Graph.Value) throws -> Graph.Value, _ activation: Activation
  ) throws -> (graph: Graph, outputs: [Graph.Value]) {
    var network = Network()
    let x = network.graph.input("x", [3, 3, 16, 12])
    var y = try activation(&network.graph, network.conv(x, 32, 3))
    y = try network.block(y, 32, stride: 1, activation)
    y = try network.block(y, 48, stride: 2, activation)
    let logits = try network.linear(pool(&network.graph, y))
    let cotangent = network.graph.input("cotangent", [3, 10])
    let gradient = try network.graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    return (network.graph, [logits, gradient])
  }

  /// Every node by itself, which is planar.
  private func planar(
    _ graph: Graph, _ outputs: [Graph.Value], _ inputs: [String: Tensor]
  ) throws -> [Tensor] {
    var tensors: [Tensor] = []
    for value in graph.values {
      switch graph[value].source {
      case .input(let name): tensors.append(try #require(inputs[name]))
      case .constant(let tensor): tensors.append(tensor)
      case .apply(let operation, let operands): tensors.append(try operation(operands.map { tensors[$0.index] }))
      }
    }
    return outputs.map { tensors[$0.index] }
  }

  /// - Returns: how many values lie channels last.
  private func check(_ graph: Graph, _ outputs: [Graph.Value]) throws -> Int {
    var inputs: [String: Tensor] = [:]
    for value in graph.values {
      guard case .input(let name) = graph[value].source else { continue }
      let shape = graph.shape(of: value)
      let values = RandomStream(seed: 5, name: name).normals(item: 0, count: shape.count)
      inputs[name] = Tensor(shape: shape, scalars: values.map { Float($0) })
    }
    let optimised = try graph.optimised(for: outputs, on: CPUBackend())
    let expected = try planar(optimised.graph, optimised.outputs, inputs)
    for threads in [1, 2] {
      let workspace = try CPUWorkspace(cpuProgram(graph, outputs: outputs, lateInputs: ["cotangent"]), threads: threads)
      for (name, tensor) in inputs { try workspace.set(name, to: tensor) }
      // Twice: nothing of the first run may matter.
      for _ in 0..<2 { try workspace.run() }
      for (index, tensor) in expected.enumerated() {
        #expect(workspace.output(index).scalars.map(\.bitPattern) == tensor.scalars.map(\.bitPattern), "\(index)")
      }
    }
    let kernels = try optimised.graph.kernels(on: CPUBackend())
    let plan = LayoutPlan(optimised.graph, outputs: optimised.outputs) {
      kernels[$0]?.layoutSupport ?? LayoutSupport()
    }
    for value in optimised.outputs { #expect(plan.layout(of: value) == .planar) }
    return optimised.graph.values.filter { plan.layout(of: $0) == .channelsLast }.count
  }

  private static let pools: [@Sendable (inout Graph, Graph.Value) throws -> Graph.Value] = [
    { try $0.globalAveragePool($1) },
    { try $0.averagePool2d($1, PoolingWindow(height: 8, width: 6, geometry: ConvolutionGeometry(stride: 8))) },
    { try $0.averagePool2d($1, PoolingWindow(height: 3, width: 2, geometry: ConvolutionGeometry(stride: 2))) },
  ]

  private static let activations: [@Sendable (inout Graph, Graph.Value) throws -> Graph.Value] = [
    { try $0.relu($1) }, { try $0.silu($1) }, { try $0.softplus($1, beta: 3) },
    { try $0.clip($1, lower: -0.25, upper: 0.5, includesBounds: false) },
  ]

  @Test(arguments: pools.indices, activations.indices)
  func residualNetworks(_ pool: Int, _ activation: Int) throws {
    let (graph, outputs) = try residual(Self.pools[pool], Self.activations[activation])
    // Two values of each of six convolutions at least, forward and backward.
    #expect(try check(graph, outputs) >= 12)
  }

  /// Windows that overlap: the sums of their transpose have an order, the same in either layout. Of equals max pooling takes the first.
  @Test(arguments: [(3, 3, 1), (3, 4, 2), (2, 5, 1), (2, 2, 2)], [false, true])
  func poolingBetweenConvolutions(_ pool: (Int, Int, Int), isMaximum: Bool) throws {
    var network = Network()
    let x = network.graph.input("x", [2, 3, 13, 12])
    // What max pooling chooses from is not computed by Winograd's algorithm, but by itself it would be.
    var y = try network.graph.relu(network.conv(network.conv(x, 32, 3), 32, isMaximum ? 1 : 3))
    let window = PoolingWindow(
      height: pool.0, width: pool.1, geometry: ConvolutionGeometry(stride: pool.2, padding: 1))
    y =
      isMaximum
      ? try network.graph.maxPool2d(y, window)
      : try network.graph.averagePool2d(y, window, includesPadding: pool.2 == 1)
    y = try network.graph.relu(network.conv(y, 48, 3))
    let logits = try network.linear(network.graph.globalAveragePool(network.conv(y, 32, 3)))
    let cotangent = network.graph.input("cotangent", [2, 10])
    let gradient = try network.graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    #expect(try check(network.graph, [logits, gradient]) >= (isMaximum ? 6 : 4))
  }

  /// Lengths of pixels, that each channel is divided by.
  @Test func unitPixels() throws {
    var network = Network()
    let x = network.graph.input("x", [2, 3, 9, 10])
    let y = try network.graph.relu(network.conv(network.conv(x, 32, 3), 32, 3))
    let squares = try network.graph.sum(network.graph.multiply(y, y), axes: [1])
    let unit = try network.graph.divide(
      y, network.graph.add(network.graph.squareRoot(squares), network.graph.constant(1e-10)))
    let pixels = try network.graph.flatten(network.graph.transpose(unit, [0, 2, 3, 1]))
    let count = try check(network.graph, [pixels])
    #expect(count == 4)
  }

  /// A convolution of images, which are planes, leaves its channels last, and so does what comes after.
  @Test func partsOfANetwork() throws {
    var network = Network()
    let x = network.graph.input("x", [2, 3, 24, 24])
    var y = try network.graph.relu(network.conv(x, 32, 3))
    y = try network.graph.maxPool2d(y, PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2)))
    y = try network.graph.relu(network.conv(y, 64, 3))
    y = try network.graph.relu(network.conv(y, 64, 3))
    let logits = try network.linear(network.graph.globalAveragePool(y))
    let channelsLast = try check(network.graph, [logits])
    #expect(channelsLast == 4)
    // A value that is asked for is planar, and its neighbours with it.
    #expect(try check(network.graph, [logits, y]) == 3)
  }

  /// Gradients of weights and the sums of batch normalisation take images as they lie, those of few channels and of depthwise layers
  /// too.
  @Test func training() throws {
    for (channels, groups) in [(16, 1), (3, 1), (32, 32)] {
      var graph = Graph()
      let x = graph.input("x", [13, channels, 8, 8])
      let first = graph.input("first", [32, channels / groups, 3, 3]), second = graph.input("second", [32, 32, 3, 3])
      let row = graph.constant(Tensor(shape: [32], repeating: 0.5))
      let z = try graph.conv2d(x, first, ConvolutionGeometry(padding: 1, groups: groups))
      let y = try graph.relu(graph.batchNormTraining(z, scale: row, shift: row, epsilon: 1e-5).output)
      let total = try graph.sum(graph.conv2d(y, second, ConvolutionGeometry(padding: 1)), axes: [0, 1, 2, 3])
      let one = graph.constant(Tensor(shape: graph.shape(of: total), repeating: 1))
      let gradients = try graph.gradient(of: [(total, one)], withRespectTo: [first, second])
      #expect(try check(graph, gradients) > 0, "\(channels) channels, \(groups) groups")
    }
  }

  @Test func stridesAndPlaces() {
    let shape: Shape = [2, 3, 4, 5]
    #expect(ImageLayout.planar.strides(of: shape) == [60, 20, 5, 1])
    #expect(ImageLayout.channelsLast.strides(of: shape) == [60, 1, 15, 3])
    #expect(ImageLayout.planar.plane(4, of: shape) == (80, 1))
    #expect(ImageLayout.channelsLast.plane(4, of: shape) == (61, 3))
  }

  /// A limit belongs to the layer before it, its derivative to the one whose gradient it gates.
  @Test func limitsAreJoined() throws {
    let (graph, outputs) = try residual(Self.pools[0], Self.activations[3])
    let optimised = try graph.optimised(for: outputs, on: CPUBackend())
    let apart = optimised.graph.nodes.count {
      if case .apply(let operation, _) = $0.source { operation is Clip || operation is Gate } else { false }
    }
    // The derivative of the last limit gates what comes from pooling.
    #expect(apart == 1)
  }

  /// Joined maps, one of them from pooling and so planar, normalised before their activation as in DenseNet.
  @Test func joinedMaps() throws {
    var network = Network()
    let x = network.graph.input("x", [2, 3, 24, 20])
    let window = PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2))
    var y = try network.graph.maxPool2d(network.graph.relu(network.conv(x, 24, 3)), window)
    for _ in 0..<3 {
      let channels = network.graph.shape(of: y)[1]
      let variance = network.graph.constant(Tensor(shape: [channels], repeating: 0.5))
      let normalised = try network.graph.batchNorm(
        y, scale: network.weights([channels]), shift: network.weights([channels]), mean: network.weights([channels]),
        variance: variance, epsilon: 1e-5)
      let narrow = try network.graph.relu(network.conv(network.graph.relu(normalised), 32, 1))
      y = try network.graph.concatenate([y, network.conv(narrow, 20, 3)], axis: 1)
    }
    let logits = try network.linear(network.graph.globalAveragePool(network.conv(y, 40, 1)))
    let cotangent = network.graph.input("cotangent", [2, 10])
    let gradient = try network.graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    let optimised = try network.graph.optimised(for: [logits, gradient], on: CPUBackend())
    let normalisations = optimised.graph.nodes.count {
      if case .apply(is FusedChannels, _) = $0.source { true } else { false }
    }
    #expect(normalisations >= 3)
    #expect(try check(network.graph, [logits, gradient]) >= 12)
  }

  /// Factors per image and channel: squeeze and excitation.
  @Test func factorsPerChannel() throws {
    var network = Network()
    let x = network.graph.input("x", [3, 3, 12, 10])
    var y = try network.graph.silu(network.conv(x, 32, 3))
    let squeezed = try network.graph.silu(network.conv(network.graph.globalAveragePool(y), 16, 1))
    y = try network.graph.multiply(y, network.graph.sigmoid(network.conv(squeezed, 32, 1)))
    y = try network.graph.multiply(network.weights([32, 1, 1]), network.conv(y, 32, 1))
    let logits = try network.linear(network.graph.globalAveragePool(network.conv(y, 48, 1)))
    let cotangent = network.graph.input("cotangent", [3, 10])
    let gradient = try network.graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    #expect(try check(network.graph, [logits, gradient]) >= 8)
  }

  /// Linear layers on the channels of pixels between convolutions, as in ConvNeXt: the exchange of axes is a copy.
  @Test func exchangedAxes() throws {
    var network = Network()
    let x = network.graph.input("x", [2, 3, 9, 11])
    let y = try network.conv(x, 32, 3)
    let pixels = try network.graph.transpose(network.conv(y, 32, 3), [0, 2, 3, 1])
    let rows = try network.graph.reshape(pixels, to: [2 * 99, 32])
    let mapped = try network.graph.linear(network.graph.gelu(rows), network.weights([32, 32]))
    let back = try network.graph.transpose(network.graph.reshape(mapped, to: [2, 9, 11, 32]), [0, 3, 1, 2])
    let part = try network.graph.slice(network.graph.add(back, y), axis: 1, start: 5, count: 24)
    let logits = try network.linear(network.graph.globalAveragePool(network.conv(part, 32, 3)))
    let cotangent = network.graph.input("cotangent", [2, 10])
    let gradient = try network.graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    let count = try check(network.graph, [logits, gradient])
    #expect(count == 10)
  }

  /// Shortcuts that leave out pixels and add channels of zeros, as in ResNet-20 of CIFAR-10 (option A), and padding by another value.
  @Test(arguments: [(0, 16), (3, 13)], [Float(0), 0.5])
  func paddedShortcuts(_ channels: (low: Int, high: Int), _ value: Float) throws {
    var network = Network()
    let x = network.graph.input("x", [2, 3, 12, 14])
    let y = try network.graph.relu(network.conv(x, 16, 3))
    let z = try network.graph.relu(network.graph.add(network.conv(y, 16, 3), y))
    var short = try network.graph.slice(z, axis: 2, start: 0, count: 6, step: 2)
    short = try network.graph.slice(short, axis: 3, start: 1, count: 7, step: 2)
    short = try network.graph.pad(short, low: [0, channels.low, 0, 0], high: [0, channels.high, 0, 0], value: value)
    let width = 16 + channels.low + channels.high
    let inner = try network.graph.relu(network.conv(z, width, 3, stride: 2))
    let sum = try network.graph.relu(network.graph.add(network.conv(inner, width, 3), short))
    let logits = try network.linear(network.graph.globalAveragePool(network.conv(sum, 32, 3)))
    let cotangent = network.graph.input("cotangent", [2, 10])
    let gradient = try network.graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])[0]
    let count = try check(network.graph, [logits, gradient])
    #expect(count == 12)
  }

  /// Convolutions with group normalisation between them, as in U-Nets for diffusion.
  @Test(arguments: [(32, 8), (48, 4), (64, 64), (20, 5)])
  func groupNormalisation(_ channels: Int, _ groups: Int) throws {
    var network = Network()
    let x = network.graph.input("x", [3, 16, 12, 12])
    let offset = network.graph.input("offset", [3, channels, 1, 1])
    var y = try network.conv(x, channels, 3)
    for _ in 0..<2 {
      let inner = try network.graph.groupNorm(
        network.graph.add(y, offset), groups: groups, scale: network.weights([channels]),
        shift: network.weights([channels]), epsilon: 1e-5)
      y = try network.graph.add(network.conv(network.graph.silu(inner), channels, 3), y)
    }
    let output = try network.linear(network.graph.globalAveragePool(y))
    let optimised = try network.graph.optimised(for: [output], on: CPUBackend())
    let steps = optimised.graph.nodes.count {
      if case .apply(is FusedNormalisation, _) = $0.source { true } else { false }
    }
    #expect(steps == 2)
    let lastCount = try check(network.graph, [output])
    if channels >= 32 { #expect(lastCount > 4) }
  }
}
