import Graph
import Tensor
import Testing
import _TestSupport

/// Gradient-norm regularisation: the squared input gradient differentiated with respect to the weights.
@Suite(.everyBackend) struct NetworkDerivativeTests {
  private struct Network {
    var graph = Graph()
    var given: [String: Tensor] = [:]
    var parameters: [(name: String, value: Graph.Value)] = []
    let image: Graph.Value
    let cotangent: Graph.Value
    let logits: Graph.Value

    /// The network of `generate.py`.
    init(_ golden: Fixtures.NetworkCase) throws {
      var graph = Graph()
      var given: [String: Tensor] = [:]
      func input(_ name: String, _ tensor: Tensor) -> Graph.Value {
        given[name] = tensor
        return graph.input(name, tensor.shape)
      }
      image = input("image", golden.image.tensor)
      cotangent = input("cotangent", golden.cotangent.tensor)
      var parameters: [String: Graph.Value] = [:]
      for (name, packed) in golden.parameters.sorted(by: { $0.key < $1.key }) {
        let value = input(name, packed.tensor)
        parameters[name] = value
        self.parameters.append((name, value))
      }
      func parameter(_ name: String) throws -> Graph.Value { try #require(parameters[name]) }
      func activation(_ x: Graph.Value) throws -> Graph.Value {
        switch golden.name {
        case "relu": try graph.relu(x)
        case "gelu": try graph.gelu(x)
        default: try graph.softplus(x, beta: 5)
        }
      }
      var y = try graph.conv2d(image, parameter("conv1"), ConvolutionGeometry(padding: 1))
      let (scale, shift) = (try parameter("scale"), try parameter("shift"))
      if golden.training {
        y = try graph.batchNormTraining(y, scale: scale, shift: shift, epsilon: 1e-3).output
      } else {
        y = try graph.batchNorm(
          y, scale: scale, shift: shift, mean: graph.constant(golden.mean.tensor),
          variance: graph.constant(golden.variance.tensor), epsilon: 1e-3)
      }
      y = try activation(y)
      y = try graph.maxPool2d(y, PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2)))
      let main = try graph.conv2d(y, parameter("conv2"), ConvolutionGeometry(stride: 2, padding: 1))
      let shortcut = try graph.averagePool2d(
        y, PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2), ceil: true))
      y = try activation(graph.add(main, shortcut))
      y = try graph.flatten(graph.globalAveragePool(y))
      logits = try graph.linear(y, parameter("weight"), bias: parameter("bias"))
      self.graph = graph
      self.given = given
    }
  }

  private func expectClose(_ tensor: Tensor, _ reference: [Double], _ what: String, tolerance: Double) {
    let scale = reference.reduce(1e-3) { max($0, abs($1)) }
    let excess = Agreement.excess(tensor.scalars, reference, absolute: tolerance * scale, relative: tolerance)
    #expect(excess <= 1, "\(what): off by \(excess) tolerances")
  }

  @Test(arguments: Fixtures.networks)
  func gradientNormRegularisation(_ golden: Fixtures.NetworkCase) throws {
    var network = try Network(golden)
    let parameters = network.parameters.map(\.value)
    let gradient = try network.graph.gradient(
      of: [(network.logits, network.cotangent)], withRespectTo: [network.image])[0]
    let square = try network.graph.multiply(gradient, gradient)
    let loss = try network.graph.sum(square, axes: [0, 1, 2, 3])
    let regularised = try network.graph.gradient(of: loss, withRespectTo: parameters + [network.image])
    let wanted = [network.logits, gradient, loss] + regularised
    for results in [
      try network.graph.evaluate(wanted, inputs: network.given),
      try ReferenceInterpreter.evaluate(network.graph, wanted, inputs: network.given),
    ] {
      expectClose(results[0], golden.logits, "logits", tolerance: 1e-5)
      expectClose(results[1], golden.gradient, "input gradient", tolerance: 1e-5)
      expectClose(results[2], [golden.loss], "loss", tolerance: 1e-5)
      for (name, tensor) in zip(network.parameters.map(\.name) + ["image"], results[3...]) {
        let reference = try #require(golden.regularised[name])
        expectClose(
          tensor, reference.isEmpty ? tensor.scalars.map { _ in 0 } : reference, "d loss / d \(name)", tolerance: 5e-5)
      }
    }
  }

  /// Hessian-vector products, forward over reverse, against the finite difference of the gradient.
  @Test(arguments: Fixtures.networks.filter { $0.name != "relu" })
  func hessianVectorProduct(_ golden: Fixtures.NetworkCase) throws {
    var network = try Network(golden)
    let direction = network.graph.input("direction", golden.image.tensor.shape)
    let gradient = try network.graph.gradient(
      of: [(network.logits, network.cotangent)], withRespectTo: [network.image])[0]
    let product = try network.graph.jvp(of: [gradient], tangents: [(network.image, direction)])[0]
    let count = golden.image.tensor.shape.count
    var given = network.given
    // Off the grid of the golden image, on which max pooling has ties.
    let offsets = RandomStream(seed: 6, name: "offset").normals(item: 0, count: count).map { Float($0) / 8 }
    let image = zip(golden.image.tensor.scalars, offsets).map { $0 + $1 }
    given["image"] = Tensor(shape: golden.image.tensor.shape, scalars: image)
    let v = RandomStream(seed: 5, name: "direction").normals(item: 0, count: count).map { Float($0) / 16 }
    given["direction"] = Tensor(shape: golden.image.tensor.shape, scalars: v)
    let exact = try network.graph.evaluate([product], inputs: given)[0]
    func evaluated(at step: Float) throws -> [Float] {
      var moved = given
      moved["image"] = Tensor(
        shape: golden.image.tensor.shape, scalars: zip(image, v).map { $0 + step * $1 })
      return try network.graph.evaluate([gradient], inputs: moved)[0].scalars
    }
    let step: Float = 1 / 256
    let (high, low) = (try evaluated(at: step), try evaluated(at: -step))
    let difference: [Double] = zip(high, low).map { Double($0 - $1) / Double(2 * step) }
    var error = 0.0
    var size = 0.0
    for (value, reference) in zip(exact.scalars, difference) {
      let deviation = Double(value) - reference
      error += deviation * deviation
      size += reference * reference
    }
    #expect((error / size).squareRoot() < 0.005)
  }
}
