import Graph
import Testing

/// Runs every test of a suite, or one test, once on each tested backend, which it names where something is wrong.
package struct EveryBackend: SuiteTrait, TestTrait, TestScoping {
  private let comment: String
  private let scope: @Sendable (any Backend, @Sendable () async throws -> Void) async throws -> Void

  package var isRecursive: Bool { true }

  /// - Parameters:
  ///   - comment: in front of the backend's name.
  ///   - scope: runs its argument where the backend computes.
  package init(
    _ comment: String,
    _ scope: @escaping @Sendable (any Backend, @Sendable () async throws -> Void) async throws -> Void
  ) {
    (self.comment, self.scope) = (comment, scope)
  }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    for backend in TestedBackend.all {
      let naming = IssueHandlingTrait.compactMapIssues { issue in
        var issue = issue
        issue.comments.append("\(comment) \(backend.name)")
        return issue
      }
      try await scope(backend) {
        try await naming.provideScope(for: test, testCase: testCase, performing: function)
      }
    }
  }
}

extension Trait where Self == EveryBackend {
  /// Graphs and operators are computed there where no backend is named. What such a suite says holds for mathematics, whatever computes
  /// it; what is this processor's alone is in `GraphTests/CPU`.
  package static var everyBackend: Self {
    Self("on backend") { backend, body in try await TestedBackend.$current.withValue(backend) { try await body() } }
  }
}
