import CPU
import Graph
import Synchronization
import Tensor
import Testing
import _TestSupport

/// Who asks a network to stop need not wait for its end.
@Suite(.everyBackend) struct CancellationTests {
  /// Several steps, none of which is fused with another.
  private func workspace(_ x: Tensor) throws -> any Workspace {
    var graph = Graph()
    let input = graph.input("x", x.shape)
    var y = input
    for _ in 0..<3 { y = try graph.tanh(graph.multiply(y, input)) }
    let workspace = try TestedBackend.current.compile(graph, outputs: [y]).makeWorkspace(threads: 1)
    try workspace.set("x", to: x)
    return workspace
  }

  @Test func aRunEndsBeforeItsNextStep() throws {
    let workspace = try workspace(Tensor(shape: [2, 3], scalars: [1, 2, 3, 4, 5, 6]))
    try workspace.run()
    let expected = try workspace.output(0)
    let order = workspace.program.plan.order.count
    #expect(order > 3)
    // A device is asked for all of a stage at once.
    let steps = TestedBackend.current is CPUBackend ? order : 1
    for last in 0..<steps {
      let asked = Mutex(0)
      #expect(throws: CancellationError.self) {
        let cancellation = Cancellation {
          try asked.withLock { asked in
            asked += 1
            if asked > last { throw CancellationError() }
          }
        }
        try Cancellation.$current.withValue(cancellation) { try workspace.run() }
      }
      #expect(asked.withLock { $0 } == last + 1)
    }
    // The next run knows nothing of it.
    try workspace.run()
    #expect(try workspace.output(0) == expected)
  }

  @Test func everyStepAsks() throws {
    let workspace = try workspace(Tensor(shape: [2, 3], repeating: 1))
    let asked = Mutex(0)
    try Cancellation.$current.withValue(Cancellation { asked.withLock { $0 += 1 } }) { try workspace.run() }
    let (count, order) = (asked.withLock { $0 }, workspace.program.plan.order.count)
    // A device is asked for all of a stage at once, and waited for, which asks too where its answer is not there yet.
    if TestedBackend.current is CPUBackend { #expect(count == order) } else { #expect(count >= 1) }
  }
}
