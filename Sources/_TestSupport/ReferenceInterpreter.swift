import Graph
import Tensor

/// Evaluates a graph node by node, each operator alone and in memory of its own: what every optimised program has to
/// agree with.
package enum ReferenceInterpreter {
  package static func evaluate(
    _ graph: Graph, _ outputs: [Graph.Value], inputs: [String: Tensor]
  ) throws(GraphError) -> [Tensor] {
    var values: [Graph.Value: Tensor] = [:]
    func tensor(_ value: Graph.Value) throws(GraphError) -> Tensor {
      guard let tensor = values[value] else { throw .missingInput(name: "node \(value.index)") }
      return tensor
    }
    for value in graph.values {
      switch graph[value].source {
      case .input(let name): values[value] = inputs[name]
      case .constant(let tensor): values[value] = tensor
      case .apply(let operation, let operands):
        var tensors: [Tensor] = []
        for operand in operands { tensors.append(try tensor(operand)) }
        values[value] = try TestedBackend.current.evaluate(operation, tensors)
      }
    }
    var results: [Tensor] = []
    for output in outputs { results.append(try tensor(output)) }
    return results
  }
}
