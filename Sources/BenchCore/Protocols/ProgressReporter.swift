/// Where long work says how far it is. Implementations write to standard error, or nowhere.
public protocol ProgressReporter: Sendable {
  /// A stage begins; `total` units of work follow.
  func begin(_ stage: String, total: Int)
  /// `units` more are done. May be called from several threads.
  /// - Throws: `CancellationError` after the user asked to stop; the work then ends and writes nothing.
  func advance(by units: Int) throws
  /// A remark that stays visible.
  func note(_ text: String)
}

extension ProgressReporter {
  /// Whether to go on, where nothing is done yet that could be told: between the steps of a long unit of work.
  /// - Throws: `CancellationError`.
  public func checkCancellation() throws { try advance(by: 0) }
}

public struct SilentProgress: ProgressReporter {
  public init() {}
  public func begin(_ stage: String, total: Int) {}
  public func advance(by units: Int) throws {}
  public func note(_ text: String) {}
}
