import CPU
import Graph
import Tensor

/// What graphs are computed on in tests.
package enum TestedBackend {
  /// A new backend is added here, and is held to everything that the suites say of graphs.
  package static let all: [any Backend] = [CPUBackend()]

  /// Where a test names none.
  @TaskLocal package static var current: any Backend = all[0]
}

extension Graph {
  /// Runs the graph once on the tested backend.
  /// - Throws: `GraphError`, `CancellationError`.
  package func evaluate(_ outputs: [Value], inputs: [String: Tensor], threads: Int = 1) throws -> [Tensor] {
    try evaluate(outputs, inputs: inputs, threads: threads, on: TestedBackend.current)
  }
}
