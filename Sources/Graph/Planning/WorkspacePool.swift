import Dispatch
import Synchronization

/// The workspaces of one program. A workspace is used by one worker at a time: it is either in the pool or with the worker that
/// took it, and is made where all others are taken. Where a program wants few of them, workers wait for one.
package final class WorkspacePool: Sendable {
  package let program: any CompiledProgram
  private let threads: Int
  private let idle = Mutex<[Lent]>([])
  /// Of the workspaces that may be taken; nil for any number.
  private let places: DispatchSemaphore?

  private struct Lent: @unchecked Sendable {
    let workspace: any Workspace
  }

  /// - Parameter threads: of each workspace; see `CompiledProgram.makeWorkspace`.
  package init(_ program: any CompiledProgram, threads: Int = 1) {
    self.program = program
    self.threads = threads
    places = program.mostWorkspaces.map { DispatchSemaphore(value: $0) }
  }

  /// Lends a workspace to `body`. What it left in the inputs is what the next borrower finds there.
  /// - Throws: what `body` throws; `GraphError.allocation`.
  package func withWorkspace<Result>(_ body: (any Workspace) throws -> Result) throws -> Result {
    places?.wait()
    defer { places?.signal() }
    let lent = try idle.withLock { $0.popLast() } ?? Lent(workspace: program.makeWorkspace(threads: threads))
    defer { idle.withLock { $0.append(lent) } }
    return try body(lent.workspace)
  }

  /// How many workspaces nobody is using.
  package var idleCount: Int { idle.withLock { $0.count } }
}
