/// A statement about a sweep, with whether it holds and the numbers that say so.
package struct SweepCheck: Sendable, Equatable, Codable {
  package enum Verdict: String, Sendable, Codable {
    case held
    case notHeld = "not-held"
    /// Too few strengths, or nothing to compare with.
    case undecided
  }

  /// Such as `off-manifold-falls`.
  package var id: String
  package var statement: String
  package var verdict: Verdict
  package var numbers: String

  package init(id: String, statement: String, verdict: Verdict, numbers: String) {
    self.id = id
    self.statement = statement
    self.verdict = verdict
    self.numbers = numbers
  }
}
