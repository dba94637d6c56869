/// A statement about a sweep, with whether it holds and the numbers that say so.
public struct SweepCheck: Sendable, Equatable, Codable {
  public enum Verdict: String, Sendable, Codable {
    case held
    case notHeld = "not-held"
    /// Too few strengths, or nothing to compare with.
    case undecided
  }

  /// Such as `off-manifold-falls`.
  public var id: String
  public var statement: String
  public var verdict: Verdict
  public var numbers: String

  public init(id: String, statement: String, verdict: Verdict, numbers: String) {
    self.id = id
    self.statement = statement
    self.verdict = verdict
    self.numbers = numbers
  }
}
