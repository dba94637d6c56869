/// Something that a conformer to one of BenchCore's protocols does and must not do, in words.
///
/// The checks of this module return lists of them and know no test framework: a plugin's own tests expect the list to be
/// empty and print it where it is not.
public struct ConformanceProblem: Sendable, Hashable, CustomStringConvertible {
  /// What was checked, such as `"manifold glyphs-exact"`.
  public let subject: String
  public let requirement: ConformanceRequirement
  /// What was found, with numbers.
  public let finding: String

  public init(subject: String, requirement: ConformanceRequirement, finding: String) {
    self.subject = subject
    self.requirement = requirement
    self.finding = finding
  }

  public var description: String { "\(subject): \(finding). \(requirement.meaning) (\(requirement.rawValue))" }
}
