import CPU
import Tensor
import Testing
import _TestSupport

@testable import Graph

/// Attributes and shapes come from model files: whatever they say, the answer is a `GraphError`.
@Suite(.everyBackend) struct GraphErrorTests {
  private typealias Build = @Sendable (inout Graph) throws -> Graph.Value

  /// - Returns: the message.
  private func message(_ build: Build) -> String? {
    var graph = Graph()
    do {
      let value = try build(&graph)
      Issue.record("accepted, with shape \(graph.shape(of: value))")
    } catch let error as GraphError {
      return error.description
    } catch {
      Issue.record("\(error) is no GraphError")
    }
    return nil
  }

  @Test func wrongShapesNameTheOperatorAndTheShapes() {
    #expect(
      message { try $0.add($0.input("a", [2, 3]), $0.input("b", [4])) }
        == "operator add on inputs [2, 3], [4]: the shapes do not broadcast to a common one")
    #expect(
      message { try $0.conv2d($0.input("x", [1, 3, 8, 8]), $0.input("w", [4, 5, 3, 3]), ConvolutionGeometry()) }
        == "operator conv2d on inputs [1, 3, 8, 8], [4, 5, 3, 3]: the weights take 5 x 1 groups of channels, the images "
        + "have 3")
    #expect(message { try $0.reshape($0.input("x", [2, 3]), to: [7]) }?.contains("6 elements do not fill [7]") == true)
    #expect(message { try $0.apply(Add(), [$0.input("x", [2])]) }?.contains("takes 2 inputs, got 1") == true)
  }

  private static let hostile = [Int.min, -1, 0, 1 << 20, 1 << 31, 1 << 62, .max]

  /// Every attribute of a geometry in turn; extents of -1 and of 2^62 among them.
  @Test func hostileGeometries() {
    let fields: [WritableKeyPath<ConvolutionGeometry, Int> & Sendable] = [
      \.strideHeight, \.strideWidth, \.top, \.left, \.bottom, \.right, \.dilationHeight, \.dilationWidth, \.groups,
    ]
    for field in fields {
      for number in Self.hostile {
        var geometry = ConvolutionGeometry()
        geometry[keyPath: field] = number
        var graph = Graph()
        let x = graph.input("x", [1, 1, 3, 3])
        let w = graph.input("w", [1, 1, 2, 2])
        // Some are legal; none may trap.
        _ = try? graph.conv2d(x, w, geometry)
        _ = try? graph.transposedConv2d(x, w, geometry)
        _ = try? graph.transposedConv2d(x, w, ConvolutionGeometry(), outputPadding: (number, number))
        _ = try? graph.maxPool2d(x, PoolingWindow(height: 2, width: 2, geometry: geometry))
        _ = try? graph.averagePool2d(x, PoolingWindow(height: 2, width: 2, geometry: geometry, ceil: true))
        _ = try? graph.averagePool2d(x, PoolingWindow(height: number, width: 1, geometry: ConvolutionGeometry()))
        _ = try? graph.maxPool2d(x, PoolingWindow(height: 1, width: number, geometry: geometry))
      }
    }
    #expect(
      message { try $0.conv2d($0.input("x", [1, 1, 3, 3]), $0.input("w", [1, 1, 4, 1]), ConvolutionGeometry()) }?
        .contains("the window is larger than the padded image") == true)
    #expect(
      message {
        try $0.maxPool2d(
          $0.input("x", [1, 1, 3, 3]), PoolingWindow(height: 4, width: 1, geometry: ConvolutionGeometry()))
      }?.contains("the window does not fit the padded image") == true)
    #expect(
      message {
        try $0.conv2d(
          $0.input("x", [1, 1, 3, 3]), $0.input("w", [1, 1, 1, 1]), ConvolutionGeometry(padding: 1 << 20))
      }?.contains("has more than 2147483647 elements") == true)
    #expect(
      message {
        try $0.conv2d($0.input("x", [1, 4, 3, 3]), $0.input("w", [3, 2, 1, 1]), ConvolutionGeometry(groups: 2))
      } != nil)
    #expect(message { try $0.conv2d($0.input("x", [4]), $0.input("w", []), ConvolutionGeometry()) } != nil)
    #expect(message { try $0.transposedConv2d($0.input("x", []), $0.input("w", [1]), ConvolutionGeometry()) } != nil)
    #expect(
      message {
        try $0.transposedConv2d(
          $0.input("x", [1, 1, 1, 1]), $0.input("w", [1, 1, 1, 1]), ConvolutionGeometry(padding: 9))
      } != nil)
  }

  @Test func hostileAxesAndBounds() {
    for number in Self.hostile {
      var graph = Graph()
      let x = graph.input("x", [2, 3])
      let row = graph.input("row", [3])
      if number != 0 {
        #expect(throws: GraphError.self) { try graph.sum(x, axes: [number]) }
        #expect(throws: GraphError.self) { try graph.mean(x, axes: [number]) }
        #expect(throws: GraphError.self) { try graph.maximum(x, axes: [0, number]) }
        #expect(throws: GraphError.self) { try graph.transpose(x, [0, number]) == x }
        #expect(throws: GraphError.self) { try graph.concatenate([x, x], axis: number) }
        #expect(throws: GraphError.self) { try graph.slice(x, axis: number, start: 0, count: 1) }
        #expect(throws: GraphError.self) { try graph.slice(x, axis: 0, start: number, count: 1) }
        #expect(throws: GraphError.self) { try graph.slice(x, axis: 0, start: 0, count: number) }
        #expect(throws: GraphError.self) { try graph.slice(x, axis: 1, start: 1, count: 2, step: number) }
      }
      #expect(throws: GraphError.self) { try graph.groupNorm(x, groups: number, scale: nil, shift: nil, epsilon: 1) }
      #expect(throws: GraphError.self) { try graph.layerNorm(x, axes: number, scale: nil, shift: nil, epsilon: 1) }
      #expect(throws: GraphError.self) { try graph.upsampleNearest(x, factor: number) }
      let image = graph.input("image", [1, 1, 1 << 15, 1 << 15])
      #expect(throws: GraphError.self) { try graph.upsampleNearest(image, factor: number | 2) }
      // Legal or not, no trap.
      _ = try? graph.pad(x, low: [number, 0], high: [number, number])
      _ = try? graph.apply(Pad(low: [0, 0], high: [0, 0], interior: [0, number]), [x])
      _ = try? graph.slice(x, axis: 0, start: number, count: number, step: number)
      _ = try? graph.apply(Slice(starts: [0, 0], counts: [1, 1], steps: [number, number]), [x])
      _ = try? graph.layerNorm(x, scale: row, shift: row, epsilon: 1)
      if let shape = Shape(checking: [number]) {
        _ = try? graph.reshape(x, to: shape)
        _ = try? graph.broadcast(graph.constant(1), to: shape)
      }
      if let shape = Shape(checking: [number, 3]) { _ = try? graph.broadcast(row, to: shape) }
    }
    #expect(message { try $0.sum($0.input("x", [2, 3]), axes: [1, 1]) }?.contains("no such axes [1, 1]") == true)
    #expect(message { try $0.maximum($0.input("x", [2, 0]), axes: [1]) } != nil)
    #expect(message { try $0.transpose($0.input("x", [2, 3]), [0, 0]) } != nil)
    #expect(message { try $0.transpose($0.input("x", [2, 3]), [0]) } != nil)
    #expect(message { try $0.concatenate([], axis: 0) } != nil)
    #expect(message { try $0.concatenate([$0.input("x", [2]), $0.input("y", [2, 1])], axis: 0) } != nil)
    #expect(message { try $0.slice($0.input("x", [4]), axis: 0, start: 4, count: 1, step: 3) } != nil)
    #expect(message { try $0.apply(Slice(starts: [0], counts: [1], steps: [1]), [$0.input("x", [2, 2])]) } != nil)
    #expect(message { try $0.broadcast($0.input("x", [2, 1]), to: [2]) } != nil)
  }

  @Test func ranksThatDoNotFit() {
    #expect(message { try $0.swapLastAxes($0.input("x", [3])) } != nil)
    #expect(message { try $0.linear($0.input("x", [2, 3]), $0.input("w", [3])) } != nil)
    #expect(message { try $0.linear($0.input("x", [2, 3]), $0.input("w", [4, 3]), bias: $0.input("b", [3])) } != nil)
    #expect(message { try $0.matmul($0.input("x", [3]), $0.input("w", [3])) } != nil)
    #expect(message { try $0.matmul($0.input("x", [2, 2, 3]), $0.input("w", [3, 3, 2])) } != nil)
    #expect(message { try $0.flatten($0.input("x", [])) } != nil)
    #expect(message { try $0.softmax($0.input("x", [])) } != nil)
    #expect(message { try $0.logSoftmax($0.input("x", [])) } != nil)
    #expect(message { try $0.globalAveragePool($0.input("x", [2, 3])) } != nil)
    #expect(message { try $0.addChannels($0.input("x", [3]), $0.input("b", [3])) } != nil)
    #expect(message { try $0.addChannels($0.input("x", [2, 3]), $0.input("b", [1])) } != nil)
    #expect(message { try $0.groupNorm($0.input("x", []), groups: 1, scale: nil, shift: nil, epsilon: 1) } != nil)
    #expect(message { try $0.batchNormTraining($0.input("x", [3]), scale: nil, shift: nil, epsilon: 1).output } != nil)
    #expect(
      message {
        let row = $0.input("row", [4])
        return try $0.batchNorm($0.input("x", [2, 3]), scale: row, shift: row, mean: row, variance: row, epsilon: 1)
      } != nil)
    #expect(
      message {
        try $0.layerNorm($0.input("x", [2, 3]), scale: $0.input("scale", [4, 2, 3]), shift: nil, epsilon: 1)
      } != nil)
  }

  @Test func sizesBeyondTheMachine() throws {
    var graph = Graph()
    let wide = graph.input("wide", [1 << 20, 1])
    let tall = graph.input("tall", [1, 1 << 20])
    #expect(throws: GraphError.self) { try graph.add(wide, tall) }
    #expect(throws: GraphError.self) { try graph.matmul(wide, tall) }
    let huge = graph.input("huge", [1 << 40])
    #expect(throws: GraphError.self) { try graph.negate(huge) }
    #expect(
      programError(graph, [huge])
        == "the input `huge` of shape [1099511627776] takes 1099511627776 numbers, at most 2147483647 are possible; "
        + "use a smaller batch or smaller images")
    // Each value is possible, all of them together are not: of this machine's memory.
    guard TestedBackend.current is CPUBackend else { return }
    var large = Graph()
    let x = large.input("x", [1 << 30])
    var sum: [Graph.Value] = []
    for factor in 0..<6 { sum.append(try large.multiply(x, large.constant(Float(factor) + 0.5))) }
    #expect(
      programError(large, sum)?.hasPrefix("the memory for one run takes 7516192768 numbers, at most 4294967296") == true
    )
  }

  private func programError(_ graph: Graph, _ outputs: [Graph.Value]) -> String? {
    do {
      _ = try TestedBackend.current.compile(graph, outputs: outputs)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func inputsThatAreMissingOrWrong() throws {
    var graph = Graph()
    let x = graph.input("images", [2, 3])
    let y = try graph.exp(x)
    func error(_ body: () throws -> Void) -> String {
      do {
        try body()
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(error { _ = try graph.evaluate([y], inputs: [:]) } == "the graph was run without its input `images`")
    #expect(
      error { _ = try graph.evaluate([y], inputs: ["images": Tensor(shape: [3, 2], repeating: 0)]) }
        == "graph input `images` has shape [3, 2], expected [2, 3]")
    _ = graph.input("images", [4])
    #expect(
      programError(graph, [y])
        == "the graph has two inputs named `images`; give each a name of its own")
  }

  /// An operator without derivative rules, and of which no backend knows.
  private struct Rounding: Operator {
    static let name = "rounding"

    func shape(of inputs: [Shape]) throws(GraphError) -> Shape { inputs[0] }

    func reverse(
      _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
    ) throws(GraphError) -> [Graph.Value?] { throw .notDifferentiable(operation: Self.name, mode: "reverse") }

    func forward(
      _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
    ) throws(GraphError) -> Graph.Value? { throw .notDifferentiable(operation: Self.name, mode: "forward") }
  }

  @Test func aMissingRuleNamesTheOperator() throws {
    var graph = Graph()
    let x = graph.input("x", [3])
    let other = graph.input("other", [3])
    let rounded = try graph.apply(Rounding(), [x])
    let y = try graph.add(rounded, other)
    do {
      _ = try graph.gradient(of: y, withRespectTo: [x])
      Issue.record("differentiated")
    } catch {
      #expect(
        "\(error)" == "operator rounding has no reverse rule; a network that uses it has no input gradient")
    }
    do {
      _ = try graph.jvp(of: [y], tangents: [(x, other)])
      Issue.record("differentiated")
    } catch {
      #expect("\(error)".contains("operator rounding has no forward rule"))
    }
    // The rule is not needed where the derivative does not pass through.
    let gradient = try graph.gradient(of: y, withRespectTo: [other])
    let backend = TestedBackend.current
    let results = try graph.evaluate(gradient, inputs: [:])
    #expect(results[0].scalars == [1, 1, 1])
    do {
      _ = try backend.compile(graph, outputs: [y])
      Issue.record("compiled")
    } catch {
      #expect(error.description == "the backend `\(backend.name)` cannot compute the operator rounding")
    }
    #expect(throws: GraphError.self) { try graph.jvp(of: [y], tangents: [(other, graph.constant(1))]) }
    #expect(throws: GraphError.self) {
      let wrong = graph.input("wrong", [4])
      return try graph.gradient(of: [(y, wrong)], withRespectTo: [other])
    }
  }

  @Test func independentOutputsHaveZeroDerivatives() throws {
    var graph = Graph()
    let x = graph.input("x", [2, 2])
    let y = graph.input("y", [3])
    let output = try graph.exp(y)
    let zero = try graph.gradient(of: output, withRespectTo: [x])[0]
    let tangent = try graph.jvp(of: [output], tangents: [(x, x)])[0]
    #expect(graph.constantTensor(zero) == Tensor(shape: [2, 2], repeating: 0))
    #expect(graph.constantTensor(tangent) == Tensor(shape: [3], repeating: 0))
    // Of an input itself, and of a value that is both an intermediate and wanted.
    let both = try graph.gradient(of: graph.multiply(output, output), withRespectTo: [output, y])
    let results = try graph.evaluate(
      both, inputs: ["y": Tensor(shape: [3], repeating: 0), "x": Tensor(shape: [2, 2], repeating: 0)])
    #expect(results.map(\.scalars) == [[2, 2, 2], [2, 2, 2]])
  }
}
