import Testing
import _TestSupport

/// Runs every test of a suite once on each tested backend: graphs and operators are computed there where no backend is named.
///
/// What such a suite says holds for mathematics, whatever computes it; what is this processor's alone is in `CPU`.
struct EveryBackend: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    for backend in TestedBackend.all {
      let naming = IssueHandlingTrait.compactMapIssues { issue in
        var issue = issue
        issue.comments.append("on backend \(backend.name)")
        return issue
      }
      try await TestedBackend.$current.withValue(backend) {
        try await naming.provideScope(for: test, testCase: testCase, performing: function)
      }
    }
  }
}

extension Trait where Self == EveryBackend {
  static var everyBackend: Self { Self() }
}
