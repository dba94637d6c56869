import Graph
import Tensor
import Testing
import _TestSupport

/// Workspaces are lent and given back.
@Suite(.everyBackend) struct WorkspacePoolTests {
  @Test func workspacesAreLentAndGivenBack() throws {
    var graph = Graph()
    let x = graph.input("x", [2])
    let y = try graph.add(x, graph.constant(1))
    let pool = WorkspacePool(try TestedBackend.current.compile(graph, outputs: [y]))
    #expect(pool.idleCount == 0)
    try pool.withWorkspace { first in
      try pool.withWorkspace { second in #expect(first !== second) }
      #expect(pool.idleCount == 1)
      try first.set("x", to: Tensor(shape: [2], scalars: [1, 2]))
      try first.run()
      #expect(try first.output(0).scalars == [2, 3])
    }
    #expect(pool.idleCount == 2)
    #expect(throws: CancellationError.self) { try pool.withWorkspace { _ in throw CancellationError() } }
    #expect(pool.idleCount == 2)
  }
}
