import Tensor

/// What can be wrong with a graph or its use.
package enum GraphError: Error, Sendable, CustomStringConvertible {
  case shape(operation: String, inputs: [Shape], reason: String)
  case notDifferentiable(operation: String, mode: String)
  case missingInput(name: String)
  case duplicateInput(name: String)
  case inputShape(name: String, expected: Shape, got: Shape)
  case tooLarge(what: String, count: Int, limit: Int)
  case allocation(what: String, bytes: Int)
  case unsupported(operation: String, backend: String)
  /// What a device, or the process that speaks to it, reports.
  case device(String)
  /// A device without the memory for a run: a smaller one may fit.
  case deviceMemory(device: String, what: String, reason: String)

  package var description: String {
    switch self {
    case .shape(let operation, let inputs, let reason):
      "operator \(operation) on inputs \(inputs.map(\.description).joined(separator: ", ")): \(reason)"
    case .notDifferentiable(let operation, let mode):
      "operator \(operation) has no \(mode) rule; a network that uses it has no input gradient"
    case .missingInput(let name):
      "the graph was run without its input `\(name)`"
    case .duplicateInput(let name):
      "the graph has two inputs named `\(name)`; give each a name of its own"
    case .inputShape(let name, let expected, let got):
      "graph input `\(name)` has shape \(got), expected \(expected)"
    case .tooLarge(let what, let count, let limit):
      "\(what) takes \(count) numbers, at most \(limit) are possible; use a smaller batch or smaller images"
    case .allocation(let what, let bytes):
      "not enough memory for \(what): the system does not give \(bytes) bytes; use a smaller batch, smaller images or fewer threads"
    case .unsupported(let operation, let backend):
      "the backend `\(backend)` cannot compute the operator \(operation)"
    case .device(let problem):
      problem
    case .deviceMemory(let device, let what, let reason):
      "device \(device): not enough memory for \(what) (\(reason)); pass a smaller --batch"
    }
  }
}
