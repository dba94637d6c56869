import Tensor
import Testing
import _TestSupport

@testable import Graph

/// Operators per channel against what they are short for, in double precision or composed of elementary operators.
@Suite(.everyBackend) struct ChannelOperatorTests {
  private func normals(_ shape: Shape, _ name: String, mean: Float = 0) -> Tensor {
    let values = RandomStream(seed: 4, name: name).normals(item: 0, count: shape.count)
    return Tensor(shape: shape, scalars: values.map { Float($0) + mean })
  }

  /// Channels of one position, and rows that no vector length divides; a mean a thousand times the deviation.
  @Test(
    arguments: [[3, 2, 1, 1], [2, 3, 5, 7], [4, 5, 20, 40], [3, 4], [1, 1, 1, 1], [2, 3, 0, 4]], [Float(0), 1000])
  func moments(_ extents: [Int], _ mean: Float) throws {
    let shape = Shape(extents)
    let (u, v) = (normals(shape, "u", mean: mean), normals(shape, "v", mean: -mean))
    for (left, right) in [(u, v), (u, u)] {
      let result = try ChannelMoments()([left, right]).scalars
      let positions = extents.dropFirst(2).reduce(1, *)
      for channel in 0..<extents[1] {
        let indices = (0..<extents[0]).flatMap { image in
          (0..<positions).map { (image * extents[1] + channel) * positions + $0 }
        }
        let count = Double(max(1, indices.count))
        let sums = [left, right].map { tensor in indices.reduce(0) { $0 + Double(tensor.scalars[$1]) } }
        let product = indices.reduce(0) {
          $0 + (Double(left.scalars[$1]) - sums[0] / count) * (Double(right.scalars[$1]) - sums[1] / count)
        }
        #expect(abs(Double(result[channel]) - sums[0]) <= 1e-6 * max(1, abs(sums[0])) + 1e-7 * count)
        #expect(abs(Double(result[extents[1] + channel]) - sums[1]) <= 1e-6 * max(1, abs(sums[1])) + 1e-7 * count)
        let scale = Double(indices.count)
        #expect(abs(Double(result[2 * extents[1] + channel]) - product) <= 2e-6 * scale + 1e-6 * abs(product))
      }
    }
  }

  @Test(arguments: [false, true], [false, true])
  func affineDerivatives(_ hasMean: Bool, _ hasShift: Bool) throws {
    var graph = Graph()
    var inputs: [(name: String, value: Graph.Value)] = []
    var point: [String: Tensor] = [:]
    func input(_ name: String, _ shape: Shape) -> Graph.Value {
      let value = graph.input(name, shape)
      inputs.append((name, value))
      point[name] = normals(shape, name)
      return value
    }
    let x = input("x", [2, 3, 2, 2])
    let scale = input("scale", [3])
    let mean = hasMean ? input("mean", [3]) : nil
    let shift = hasShift ? input("shift", [3]) : nil
    let y = try graph.channelAffine(x, scale: scale, mean: mean, shift: shift)
    let check = DerivativeCheck(graph: graph, output: y, inputs: inputs, point: point)
    #expect(try check.problems(seed: 1) == [])
  }

  @Test func momentsDerivatives() throws {
    var graph = Graph()
    let (u, v) = (graph.input("u", [2, 3, 2, 2]), graph.input("v", [2, 3, 2, 2]))
    let point = ["u": normals([2, 3, 2, 2], "u"), "v": normals([2, 3, 2, 2], "v")]
    for (left, right) in [(u, v), (u, u)] {
      var graph = graph
      let moments = try graph.channelMoments(left, right)
      let inputs = left == right ? [("u", u)] : [("u", u), ("v", v)]
      let check = DerivativeCheck(graph: graph, output: moments, inputs: inputs, point: point)
      #expect(try check.problems(seed: 2) == [])
    }
  }

  /// Batch normalisation with its activation is two passes; its derivative, with a skip connection, two more.
  @Test func batchNormalisationIsFused() throws {
    var graph = Graph()
    let shape: Shape = [3, 4, 5, 5]
    let (x, skip) = (graph.input("x", shape), graph.input("skip", shape))
    let (scale, shift) = (graph.input("scale", [4]), graph.input("shift", [4]))
    let normalised = try graph.batchNormTraining(x, scale: scale, shift: shift, epsilon: 1e-5).output
    let y = try graph.relu(graph.add(normalised, skip))
    let square = try graph.sum(graph.multiply(y, y), axes: [0, 1, 2, 3])
    let gradients = try graph.gradient(of: square, withRespectTo: [x, scale, shift])
    let inputs = [
      "x": normals(shape, "x"), "skip": normals(shape, "skip"), "scale": normals([4], "scale"),
      "shift": normals([4], "shift"),
    ]
    let expected = try ReferenceInterpreter.evaluate(graph, [y] + gradients, inputs: inputs)
    for threads in [1, 2] {
      let got = try graph.evaluate([y] + gradients, inputs: inputs, threads: threads)
      for (tensor, reference) in zip(got, expected) {
        let scale = reference.scalars.reduce(1) { max($0, abs(Double($1))) }
        #expect(Agreement.excess(tensor, reference, absolute: 1e-5 * scale, relative: 1e-5) <= 1)
      }
    }
    guard TestedBackend.current.fusesLayers else { return }
    let plan = try ExecutablePlan(graph, outputs: [y] + gradients, for: TestedBackend.current)
    let large = plan.operators.filter { $0.output == shape }.map(\.name)
    #expect(large.count { $0 == "fused-channels" } == 2, "\(large)")
    #expect(!large.contains("channel-affine"), "\(large)")
  }
}
