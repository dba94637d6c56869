import Tensor

/// What can be wrong with a graph or its use.
public enum GraphError: Error, Sendable, CustomStringConvertible {
  case shape(operation: String, inputs: [Shape], reason: String)
  case notDifferentiable(operation: String, mode: String)
  case missingInput(name: String)
  case inputShape(name: String, expected: Shape, got: Shape)

  public var description: String {
    switch self {
    case .shape(let operation, let inputs, let reason):
      "operator \(operation) on inputs \(inputs.map(\.description).joined(separator: ", ")): \(reason)"
    case .notDifferentiable(let operation, let mode):
      "operator \(operation) has no \(mode) rule; a network that uses it has no input gradient"
    case .missingInput(let name):
      "the graph was run without its input `\(name)`"
    case .inputShape(let name, let expected, let got):
      "graph input `\(name)` has shape \(got), expected \(expected)"
    }
  }
}
