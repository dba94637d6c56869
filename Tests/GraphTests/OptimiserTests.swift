import Tensor
import Testing
import _TestSupport

@testable import Graph

@Suite(.everyBackend) struct OptimiserTests {
  private func plan(
    _ graph: Graph, outputs: [Graph.Value], lateInputs: Set<String> = []
  ) throws(GraphError) -> ExecutablePlan {
    try ExecutablePlan(graph, outputs: outputs, lateInputs: lateInputs, for: TestedBackend.current)
  }

  private func names(_ plan: ExecutablePlan) -> [String] { plan.operators.map(\.name) }

  private func expectEqual(_ got: [Tensor], _ expected: [Tensor], _ comment: Comment) {
    for (index, (tensor, reference)) in zip(got, expected).enumerated() {
      let scale = reference.scalars.reduce(1) { max($0, abs(Double($1))) }
      let excess = Agreement.excess(tensor, reference, absolute: 1e-4 * scale, relative: 1e-4)
      #expect(excess <= 1, "\(comment): output \(index) of shape \(reference.shape) is off by \(excess) tolerances")
    }
  }

  @Test(arguments: 0..<60)
  func agreesWithTheInterpreter(_ seed: UInt64) throws {
    let random = try RandomGraph(seed: seed, nodes: 14)
    let expected = try ReferenceInterpreter.evaluate(random.graph, random.outputs, inputs: random.given)
    expectEqual(try random.graph.evaluate(random.outputs, inputs: random.given), expected, "optimised")
    let folded = try random.graph.folded(for: random.outputs, on: TestedBackend.current)
    expectEqual(
      try ReferenceInterpreter.evaluate(folded.graph, folded.outputs, inputs: random.given), expected, "folded")
  }

  /// Gradients of the folded graph are those of the original.
  @Test(arguments: 0..<30)
  func gradientsSurvive(_ seed: UInt64) throws {
    let random = try RandomGraph(seed: 1000 + seed, nodes: 8)
    func gradients(_ graph: Graph, _ outputs: [Graph.Value]) throws -> (Graph, [Graph.Value]) {
      var graph = graph
      let images = graph.values.filter { if case .input = graph[$0].source { true } else { false } }
      let seeds = outputs.map { output in
        (output, graph.constant(Tensor(shape: graph.shape(of: output), repeating: 0.5)))
      }
      let wanted = try graph.gradient(of: seeds, withRespectTo: images)
      return (graph, wanted)
    }
    let (original, wanted) = try gradients(random.graph, random.outputs)
    let expected = try ReferenceInterpreter.evaluate(original, wanted, inputs: random.given)
    expectEqual(try original.evaluate(wanted, inputs: random.given), expected, "optimised")
    // Keep every input alive in the folded graph.
    let inputs = random.graph.values.filter { if case .input = random.graph[$0].source { true } else { false } }
    let folded = try random.graph.folded(for: random.outputs + inputs, on: TestedBackend.current)
    let (graph, values) = try gradients(folded.graph, Array(folded.outputs.prefix(random.outputs.count)))
    expectEqual(try graph.evaluate(values, inputs: random.given), expected, "folded")
  }

  /// Layer normalisation is one step with its scale and shift, also where it is spelled out, and its gradient another.
  @Test(arguments: [false, true]) func layerNormalisationIsOneStep(_ isSpelledOut: Bool) throws {
    var generator = SeededGenerator(seed: 4)
    func random(_ shape: Shape) -> Tensor {
      Tensor(shape: shape, scalars: (0..<shape.count).map { _ in Float.random(in: -1...1, using: &generator) })
    }
    var graph = Graph()
    let x = graph.input("x", [2, 5, 37])
    let (scale, shift) = (graph.constant(random([37])), graph.constant(random([1, 37])))
    var output: Graph.Value
    if isSpelledOut {
      let centred = try graph.subtract(x, graph.mean(x, axes: [2]))
      let variance = try graph.mean(graph.power(centred, graph.constant(2)), axes: [2])
      let plain = try graph.divide(centred, graph.squareRoot(graph.add(variance, graph.constant(1e-5))))
      output = try graph.add(graph.multiply(plain, scale), shift)
    } else {
      output = try graph.add(graph.layerNorm(x, scale: scale, shift: nil, epsilon: 1e-5), shift)
    }
    let folded = try graph.folded(for: [output, x], on: TestedBackend.current)
    (graph, output) = (folded.graph, folded.outputs[0])
    let cotangent = graph.input("cotangent", [2, 5, 37])
    let gradient = try graph.gradient(of: [(output, cotangent)], withRespectTo: [folded.outputs[1]])[0]
    let given = ["x": random([2, 5, 37]), "cotangent": random([2, 5, 37])]
    let expected = try ReferenceInterpreter.evaluate(graph, [output, gradient], inputs: given)
    expectEqual(try graph.evaluate([output, gradient], inputs: given), expected, "fused")
    if TestedBackend.current.fusesLayers {
      #expect(
        try names(plan(graph, outputs: [output, gradient])).sorted()
          == ["fused-standardise", "fused-standardise-gradient"])
    }
    // The definition in double precision.
    let row = (0..<37).map { Double((given["x"]?.scalars ?? [])[37 + $0]) }
    let mean = row.reduce(0, +) / 37
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 37
    for index in row.indices {
      let plain = (row[index] - mean) / (variance + 1e-5).squareRoot()
      let value =
        plain * Double((graph.constantTensor(scale)?.scalars ?? [])[index])
        + Double((graph.constantTensor(shift)?.scalars ?? [])[index])
      #expect(abs(Double(expected[0].scalars[37 + index]) - value) < 1e-5)
    }
  }

  private struct Block {
    var graph = Graph()
    let x: Graph.Value
    let skip: Graph.Value
    let convolved: Graph.Value
    let normalised: Graph.Value
    let output: Graph.Value
    let given: [String: Tensor]

    /// conv, batch norm, optional residual, ReLU.
    init(residual: Bool) throws {
      var generator = SeededGenerator(seed: 9)
      func random(_ shape: Shape) -> Tensor {
        Tensor(
          shape: shape,
          scalars: (0..<shape.count).map { _ in Float(Int.random(in: 1...64, using: &generator)) / 64 - 0.4 })
      }
      given = ["x": random([2, 3, 5, 5]), "skip": random([2, 4, 5, 5])]
      x = graph.input("x", [2, 3, 5, 5])
      skip = graph.input("skip", [2, 4, 5, 5])
      let weights = graph.constant(random([4, 3, 3, 3]))
      convolved = try graph.conv2d(x, weights, ConvolutionGeometry(padding: 1))
      normalised = try graph.batchNorm(
        convolved, scale: graph.constant(random([4])), shift: graph.constant(random([4])),
        mean: graph.constant(random([4])), variance: graph.constant(Tensor(shape: [4], repeating: 0.7)), epsilon: 1e-3)
      output = try graph.relu(residual ? graph.add(normalised, skip) : normalised)
    }
  }

  @Test(arguments: [false, true])
  func batchNormFoldsAndTheEpilogueFuses(_ residual: Bool) throws {
    let block = try Block(residual: residual)
    let folded = try block.graph.folded(for: [block.output], on: TestedBackend.current).graph
    for node in folded.nodes {
      if case .apply(let operation, _) = node.source { #expect(!(operation is Multiply), "batch norm left a product") }
    }
    let plan = try plan(block.graph, outputs: [block.output])
    if TestedBackend.current.fusesLayers { #expect(names(plan) == ["fused-layer"]) }
    expectEqual(
      try block.graph.evaluate([block.output], inputs: block.given),
      try ReferenceInterpreter.evaluate(block.graph, [block.output], inputs: block.given), "block")
  }

  @Test func theBackwardPassFusesTheGate() throws {
    var graph = Graph()
    let x = graph.input("x", [2, 3, 5, 5])
    let w1 = graph.constant(Tensor(shape: [4, 3, 3, 3], repeating: 0.1))
    let w2 = graph.constant(Tensor(shape: [2, 4, 3, 3], repeating: -0.2))
    let hidden = try graph.relu(graph.conv2d(x, w1, ConvolutionGeometry(padding: 1)))
    let output = try graph.conv2d(hidden, w2, ConvolutionGeometry())
    let cotangent = graph.input("cotangent", graph.shape(of: output))
    let gradient = try graph.gradient(of: [(output, cotangent)], withRespectTo: [x])[0]
    guard TestedBackend.current.fusesLayers else { return }
    let plan = try plan(graph, outputs: [output, gradient], lateInputs: ["cotangent"])
    // The gradient of the second convolution and the rectifier's gate are one step.
    #expect(names(plan) == ["fused-layer", "conv2d", "fused-layer", "conv2d-input-gradient"])
    #expect(plan.firstStageCount == 2)
  }

  /// Group normalisation of 6 channels with what stands around it in networks.
  private struct Normalisation {
    var graph = Graph()
    let x: Graph.Value
    var output: Graph.Value
    var given: [String: Tensor] = [:]

    /// - Parameters:
    ///   - offset: added before, one number for each channel of each image.
    ///   - isAdaptive: with a factor and a summand for each channel of each image behind.
    init(groups: Int, hasScale: Bool, hasShift: Bool, offset: Bool, isAdaptive: Bool, isActivated: Bool) throws {
      var generator = SeededGenerator(seed: 4)
      func random(_ shape: Shape) -> Tensor {
        Tensor(shape: shape, scalars: (0..<shape.count).map { _ in Float.random(in: -2...2, using: &generator) })
      }
      given["x"] = random([3, 6, 5, 7])
      x = graph.input("x", [3, 6, 5, 7])
      var y = x
      func column(_ name: String, _ graph: inout Graph, _ given: inout [String: Tensor]) -> Graph.Value {
        given[name] = random([3, 6, 1, 1])
        return graph.input(name, [3, 6, 1, 1])
      }
      if offset { y = try graph.add(y, column("offset", &graph, &given)) }
      y = try graph.groupNorm(
        y, groups: groups, scale: hasScale ? graph.constant(random([6])) : nil,
        shift: hasShift ? graph.constant(random([6])) : nil, epsilon: 1e-3)
      if isAdaptive {
        y = try graph.multiply(column("factor", &graph, &given), y)
        y = try graph.add(y, column("summand", &graph, &given))
      }
      output = isActivated ? try graph.silu(y) : y
    }
  }

  @Test(arguments: [1, 2, 3, 6], 0..<32)
  func groupNormalisationIsOneStep(_ groups: Int, _ form: Int) throws {
    let block = try Normalisation(
      groups: groups, hasScale: form & 1 != 0, hasShift: form & 2 != 0, offset: form & 4 != 0,
      isAdaptive: form & 8 != 0, isActivated: form & 16 != 0)
    if TestedBackend.current.fusesLayers {
      let plan = try plan(block.graph, outputs: [block.output])
      #expect(names(plan) == ["fused-normalisation"])
    }
    expectEqual(
      try block.graph.evaluate([block.output], inputs: block.given),
      try ReferenceInterpreter.evaluate(block.graph, [block.output], inputs: block.given), "normalisation")
  }

  /// What derivatives and other readers want is not joined: here what goes into the activation.
  @Test func anActivationWhoseInputIsReadStaysApart() throws {
    var block = try Normalisation(
      groups: 2, hasScale: true, hasShift: true, offset: false, isAdaptive: false, isActivated: true)
    let wanted = try block.graph.gradient(
      of: [(block.output, block.graph.constant(Tensor(shape: [3, 6, 5, 7], repeating: 0.5)))],
      withRespectTo: [block.x])
    let outputs = [block.output] + wanted
    if TestedBackend.current.fusesLayers {
      let names = names(try plan(block.graph, outputs: outputs))
      #expect(names.contains("fused-normalisation") && names.contains("silu"))
    }
    expectEqual(
      try block.graph.evaluate(outputs, inputs: block.given),
      try ReferenceInterpreter.evaluate(block.graph, outputs, inputs: block.given), "gradient")
  }

  /// SiLU and GELU are the end of a convolution, a depthwise one or a product, with the bits of a step of their own; where a gradient
  /// wants what goes into them, they are that.
  @Test(arguments: [false, true], [false, true])
  func smoothActivationsEndLayers(_ isGELU: Bool, _ hasResidual: Bool) throws {
    var generator = SeededGenerator(seed: 8)
    func random(_ shape: Shape) -> Tensor {
      Tensor(shape: shape, scalars: (0..<shape.count).map { _ in Float.random(in: -1...1, using: &generator) })
    }
    let geometry = ConvolutionGeometry(padding: 1)
    let depthwise = ConvolutionGeometry(padding: 1, groups: 40)
    for (input, weights, geometry) in [
      ([2, 3, 9, 9] as Shape, [20, 3, 3, 3] as Shape, geometry), ([2, 40, 9, 9], [37, 40, 1, 1], geometry),
      ([2, 40, 9, 9], [40, 1, 3, 3], depthwise), ([3, 4], [4, 5], nil), ([2, 7, 150], [150, 40], nil),
      ([1, 3, 2, 2], [2, 3, 3, 3], geometry),
    ] as [(Shape, Shape, ConvolutionGeometry?)] {
      var graph = Graph()
      let x = graph.input("x", input)
      let w = graph.constant(random(weights))
      var sum = try geometry.map { try graph.conv2d(x, w, $0) } ?? graph.matmul(x, w)
      let channels = geometry == nil ? weights[1] : weights[0]
      sum = try graph.add(sum, graph.constant(random(geometry == nil ? [channels] : [1, channels, 1, 1])))
      var given = ["x": random(input)]
      if hasResidual {
        given["skip"] = random(graph.shape(of: sum))
        sum = try graph.add(sum, graph.input("skip", graph.shape(of: sum)))
      }
      let output = isGELU ? try graph.gelu(sum) : try graph.silu(sum)
      if TestedBackend.current.fusesLayers { #expect(names(try plan(graph, outputs: [output])) == ["fused-layer"]) }
      let got = try graph.evaluate([output], inputs: given)
      expectEqual(got, try ReferenceInterpreter.evaluate(graph, [output], inputs: given), "\(input), \(weights)")
      // Where the sum is wanted, the activation is a step of its own.
      #expect(try graph.evaluate([sum, output], inputs: given)[1] == got[0])
      let cotangent = graph.constant(Tensor(shape: graph.shape(of: output), repeating: 0.5))
      let gradient = try graph.gradient(of: [(output, cotangent)], withRespectTo: [x])
      if TestedBackend.current.fusesLayers {
        #expect(names(try plan(graph, outputs: [output] + gradient)).contains(isGELU ? "gelu" : "silu"))
      }
      let outputs = [output] + gradient
      expectEqual(
        try graph.evaluate(outputs, inputs: given), try ReferenceInterpreter.evaluate(graph, outputs, inputs: given),
        "gradient of \(input), \(weights)")
    }
  }

  /// Values between that something else reads are neither folded away nor computed twice.
  @Test func intermediateValuesWithSeveralUsers() throws {
    let block = try Block(residual: true)
    for outputs in [
      [block.output, block.convolved], [block.output, block.normalised], [block.normalised, block.output],
    ] {
      let plan = try plan(block.graph, outputs: outputs)
      #expect(names(plan).count { $0 == "conv2d" || $0 == "fused-layer" } == 1)
      expectEqual(
        try block.graph.evaluate(outputs, inputs: block.given),
        try ReferenceInterpreter.evaluate(block.graph, outputs, inputs: block.given), "shared")
    }
  }

  @Test func linearLayersTakeBatchNormBiasAndActivation() throws {
    var graph = Graph()
    let x = graph.input("x", [3, 4])
    let product = try graph.linear(
      x, graph.constant(Tensor(shape: [5, 4], scalars: (0..<20).map { Float($0) / 8 - 1 })),
      bias: graph.constant(Tensor(shape: [5], repeating: 0.5)))
    let row = graph.constant(Tensor(shape: [5], scalars: [1, 2, 3, 4, 5]))
    let output = try graph.relu(
      graph.batchNorm(product, scale: row, shift: row, mean: row, variance: row, epsilon: 0.1))
    let steps = names(try plan(graph, outputs: [output]))
    if TestedBackend.current.fusesLayers { #expect(steps == ["fused-layer"]) }
    let given = ["x": Tensor(shape: [3, 4], scalars: (0..<12).map { Float($0) / 4 - 1 })]
    expectEqual(
      try graph.evaluate([output], inputs: given), try ReferenceInterpreter.evaluate(graph, [output], inputs: given),
      "linear")
  }

  /// A factor that adds an axis to the product cannot be folded into the weights.
  @Test func foldingKeepsTheShape() throws {
    var graph = Graph()
    let x = graph.input("x", [3, 4])
    let product = try graph.matmul(x, graph.constant(Tensor(shape: [4, 2], repeating: 1)))
    let output = try graph.multiply(product, graph.constant(Tensor(shape: [1, 1, 2], scalars: [2, 3])))
    let plan = try plan(graph, outputs: [output])
    #expect(plan.outputShapes == [[1, 3, 2]])
    #expect(graph.shape(of: output) == [1, 3, 2])
  }

  @Test func constantsFoldAndEqualNodesAreShared() throws {
    var graph = Graph()
    let x = graph.input("x", [4])
    let constant = graph.constant(Tensor(shape: [4], repeating: 2))
    let folded = try graph.exp(graph.multiply(constant, graph.constant(3)))
    #expect(try plan(graph, outputs: [folded]).order.isEmpty)
    #expect(try graph.evaluate([folded], inputs: [:])[0].scalars.allSatisfy { abs($0 - 403.4288) < 1e-3 })
    let first = try graph.tanh(graph.multiply(x, x))
    let second = try graph.tanh(graph.multiply(x, x))
    let sum = try graph.add(first, second)
    #expect(names(try plan(graph, outputs: [sum])) == ["multiply", "tanh", "add"])
    // Neutral elements, pairs of transpositions and reshapes, and what no output needs.
    let same = try graph.add(graph.multiply(x, graph.constant(1)), graph.constant(0))
    _ = try graph.exp(x)
    #expect(try plan(graph, outputs: [same]).order.isEmpty)
    let y = graph.input("y", [2, 3])
    let back = try graph.transpose(graph.transpose(y, [1, 0]), [1, 0])
    let reshaped = try graph.reshape(graph.reshape(y, to: [6]), to: [2, 3])
    #expect(try plan(graph, outputs: [back, reshaped]).order.isEmpty)
  }

  /// What exporters write for SiLU and GELU, in several orders of the factors; and near misses, which stay what they are.
  @Test func activationsAreRecognised() throws {
    let root = Float(2).squareRoot()
    typealias Form = (inout Graph, Graph.Value) throws -> Graph.Value
    func cumulative(_ graph: inout Graph, _ x: Graph.Value, divisor: Float = root, one: Float = 1) throws -> Graph.Value
    {
      try graph.add(graph.erf(graph.divide(x, graph.constant(divisor))), graph.constant(one))
    }
    let forms: [(name: String, form: Form)] = [
      ("silu", { try $0.multiply($1, $0.sigmoid($1)) }),
      ("silu", { try $0.multiply($0.sigmoid($1), $1) }),
      ("gelu", { try $0.multiply($0.multiply($1, cumulative(&$0, $1)), $0.constant(0.5)) }),
      ("gelu", { try $0.multiply($0.multiply($0.constant(0.5), $1), cumulative(&$0, $1)) }),
      (
        "gelu",
        { try $0.multiply($1, $0.multiply(cumulative(&$0, $1), $0.constant(Tensor(shape: [1], scalars: [0.5])))) }
      ),
      (
        "gelu",
        {
          let erf = try $0.erf($0.multiply($0.constant(0.70710677), $1))
          return try $0.multiply($0.multiply($1, $0.constant(0.5)), $0.add($0.constant(1), erf))
        }
      ),
      ("", { try $0.multiply($0.multiply($1, $0.sigmoid($1)), $0.sigmoid($1)) }),
      ("", { try $0.multiply($1, $0.sigmoid($0.negate($1))) }),
      ("", { try $0.multiply($0.multiply($1, cumulative(&$0, $1)), $0.constant(0.25)) }),
      ("", { try $0.multiply($0.multiply($1, cumulative(&$0, $1, divisor: 1.414)), $0.constant(0.5)) }),
      ("", { try $0.multiply($0.multiply($1, cumulative(&$0, $1, one: 2)), $0.constant(0.5)) }),
      (
        "",
        {
          let half = $0.constant(Tensor(shape: [1, 1, 1], scalars: [0.5]))
          return try $0.multiply($0.multiply($1, cumulative(&$0, $1)), half)
        }
      ),
    ]
    let point = Tensor(shape: [2, 3], scalars: [-3, -0.5, 0, 0.1, 1, 4])
    for (index, (name, form)) in forms.enumerated() {
      var graph = Graph()
      let output = try form(&graph, graph.input("x", [2, 3]))
      let plan = try plan(graph, outputs: [output])
      #expect((names(plan) == [name]) == !name.isEmpty, "form \(index): \(names(plan))")
      #expect(plan.outputShapes == [graph.shape(of: output)])
      expectEqual(
        try graph.evaluate([output], inputs: ["x": point]),
        try ReferenceInterpreter.evaluate(graph, [output], inputs: ["x": point]), "form \(index)")
    }
  }
}
