import Tensor

extension Graph {
  /// Runs the graph once; for tests and tools. Anything that runs more than once keeps a compiled program.
  /// - Throws: `GraphError`, `CancellationError`.
  package func evaluate(
    _ outputs: [Value], inputs: [String: Tensor], threads: Int = 1, on backend: any Backend
  ) throws -> [Tensor] {
    let program = try backend.compile(self, outputs: outputs)
    let workspace = try program.makeWorkspace(threads: threads)
    for name in program.inputNames {
      guard let tensor = inputs[name] else { throw GraphError.missingInput(name: name) }
      try workspace.set(name, to: tensor)
    }
    try workspace.run()
    var results: [Tensor] = []
    for index in outputs.indices { results.append(try workspace.output(index)) }
    return results
  }
}
