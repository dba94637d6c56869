import Graph
import Networks
import Testing
import _TestSupport

/// Runs a test of networks once with each tested backend as what computes them: the processor, and a device where there is one.
///
/// What a test says then holds but for rounding, whatever computes; which bytes an image has among which others is the processor's alone.
struct EveryEngine: TestTrait, SuiteTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    for backend in TestedBackend.all {
      let naming = IssueHandlingTrait.compactMapIssues { issue in
        var issue = issue
        issue.comments.append("computed by \(backend.name)")
        return issue
      }
      try await Engine.$here.withValue(backend) {
        try await naming.provideScope(for: test, testCase: testCase, performing: function)
      }
    }
  }
}

extension Trait where Self == EveryEngine {
  static var everyEngine: Self { Self() }
}
