/// That there is no verdict, because the task lacks what the rule needs.
public struct RegimeNotApplied: Sendable, Equatable, Codable {
  /// The version of the rule that would have been applied.
  public var rule: String
  /// What the task lacks, in the order of `TaskCapability`.
  public var missing: [TaskCapability]
  public var sentence: String

  /// - Returns: nil where nothing is missing.
  init?(_ missing: [TaskCapability]) {
    guard !missing.isEmpty else { return nil }
    rule = RegimeRule.version
    self.missing = missing
    sentence =
      "Rule \(RegimeRule.version) is not applied and no regime is named: the task has "
      + missing.map(\.words).joined(separator: ", ") + "."
  }
}
