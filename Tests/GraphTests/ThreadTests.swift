import Tensor
import Testing
import _TestSupport

@testable import Graph

/// Operators spread over threads give the same bits as on one.
@Suite(.everyBackend) struct ThreadTests {
  /// A training step of a network with every kind of divided operator.
  @Test func bitsDoNotDependOnThreads() throws {
    var graph = Graph()
    let shape: Shape = [16, 3, 24, 25]
    let x = graph.input("x", shape)
    func parameter(_ name: String, _ shape: Shape) -> (String, Graph.Value) { (name, graph.input(name, shape)) }
    let parameters = [
      parameter("w1", [8, 3, 3, 3]), parameter("scale", [8]), parameter("shift", [8]),
      parameter("w2", [10, 8 * 12 * 12]),
      parameter("b2", [10]),
    ].reduce(into: [:]) { $0[$1.0] = $1.1 }
    func value(_ name: String) throws -> Graph.Value { try #require(parameters[name]) }
    var y = try graph.conv2d(x, value("w1"), ConvolutionGeometry(padding: 1))
    y = try graph.batchNormTraining(y, scale: value("scale"), shift: value("shift"), epsilon: 1e-5).output
    y = try graph.maxPool2d(
      graph.relu(y), PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2)))
    y = try graph.logSoftmax(graph.linear(graph.flatten(y), value("w2"), bias: value("b2")))
    let names = parameters.keys.sorted()
    let inputGradient = try graph.gradient(of: y, withRespectTo: [x])[0]
    let penalty = try graph.sum(graph.multiply(inputGradient, inputGradient), axes: [0, 1, 2, 3])
    let loss = try graph.add(
      penalty, graph.reshape(graph.slice(graph.sum(y, axes: [0]), axis: 1, start: 3, count: 1), to: [1, 1, 1, 1]))
    let gradients = try graph.gradient(of: loss, withRespectTo: names.map(value))
    var inputs: [String: Tensor] = [:]
    for name in names + ["x"] {
      let shape = name == "x" ? shape : graph.shape(of: try value(name))
      let numbers = RandomStream(seed: 3, name: name).normals(item: 0, count: shape.count)
      inputs[name] = Tensor(shape: shape, scalars: numbers.map { Float($0) * 0.3 })
    }
    let expected = try graph.evaluate([loss] + gradients, inputs: inputs)
    #expect(expected.allSatisfy { $0.scalars.allSatisfy(\.isFinite) })
    for threads in [2, 3, 8] {
      let results = try graph.evaluate([loss] + gradients, inputs: inputs, threads: threads)
      #expect(results == expected, "\(threads) threads")
    }
  }
}
