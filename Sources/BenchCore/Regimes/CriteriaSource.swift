/// Where a task's criteria are from, where they are not its own, as a result records it.
public struct CriteriaSource: Sendable, Equatable, Codable {
  /// A bare file name.
  public var file: String
  /// 64 lower-case hexadecimal digits.
  public var sha256: String

  public init(file: String, sha256: String) {
    self.file = file
    self.sha256 = sha256
  }
}
