/// That there is no verdict, because the task lacks what the rule needs.
public struct RegimeNotApplied: Sendable, Equatable, Codable {
  /// The version of the rule that would have been applied.
  public var rule: String
  /// What the task lacks, in the order of `TaskCapability`.
  public var missing: [TaskCapability]
  public var sentence: String

  /// - Parameter contradiction: why the rule would be wrong of the task even with what is missing; nil where it would not.
  /// - Returns: nil where nothing is missing.
  init?(_ missing: [TaskCapability], contradiction: String? = nil) {
    guard !missing.isEmpty else { return nil }
    rule = RegimeRule.version
    self.missing = missing
    sentence =
      "Rule \(RegimeRule.version) is not applied and no regime is named: the task has "
      + missing.map(\.words).joined(separator: ", ") + "."
      + (contradiction.map { " With all of it the rule would not fit the task, because \($0)." } ?? "")
  }
}
