import Graph
import Tensor
import Testing
import _TestSupport

@Suite(.everyBackend) struct OperatorGoldenTests {
  /// Forward, first and second derivatives of every case in one graph; the same through the optimised program and node by
  /// node.
  @Test(arguments: Fixtures.operators)
  func agreesWithPyTorch(_ golden: Fixtures.OperatorCase) throws {
    var graph = Graph()
    var given: [String: Tensor] = [:]
    func input(_ name: String, _ shape: Shape, _ scalars: [Double]) -> Graph.Value {
      given[name] = Tensor(shape: shape, scalars: scalars.map { Float($0) })
      return graph.input(name, shape)
    }
    let x = golden.inputs.enumerated().map { input("x\($0)", Shape($1.shape), $1.scalars) }
    let output = try golden.build(&graph, x)
    let shape = graph.shape(of: output)
    try #require(shape == Shape(golden.output.shape))
    let cotangent = input("c", shape, golden.cotangent)
    let directions = zip(golden.inputs, golden.directions).enumerated().map {
      input("v\($0)", Shape($1.0.shape), $1.1)
    }
    let gradients = try graph.gradient(of: [(output, cotangent)], withRespectTo: x)
    let second = try graph.gradient(of: Array(zip(gradients, directions)), withRespectTo: x)
    for (value, gradient) in zip(x, gradients) { #expect(graph.shape(of: gradient) == graph.shape(of: value)) }

    let wanted = [output] + gradients + second
    let zeros = zip(golden.second, golden.inputs).map { $0.isEmpty ? $1.scalars.map { _ in 0 } : $0 }
    let expected = [golden.output.scalars] + golden.gradients + zeros
    var results: [String: [Tensor]] = [:]
    let backend = TestedBackend.current.name
    results["\(backend), program"] = try graph.evaluate(wanted, inputs: given)
    results["\(backend), interpreter"] = try ReferenceInterpreter.evaluate(graph, wanted, inputs: given)
    for (engine, tensors) in results {
      for (index, (tensor, reference)) in zip(tensors, expected).enumerated() {
        // Round-off is relative to the largest term: second derivatives cancel.
        let scale = reference.reduce(1) { max($0, abs($1)) }
        let isSecond = index > x.count
        let excess = Agreement.excess(
          tensor.scalars, reference, absolute: (isSecond ? 1e-5 : 2e-6) * scale, relative: isSecond ? 1e-4 : 1e-5)
        #expect(excess <= 1, "\(engine): result \(index) is \(tensor.scalars), expected \(reference)")
      }
    }
  }

  @Test func everyOperatorHasCases() {
    #expect(Fixtures.operators.count > 250)
    #expect(Set(Fixtures.operators.map(\.operator)).count == 44)
  }
}
