/// A task whose classes' densities nobody knows.
public struct NoBayesClassifier: Error, Sendable, Equatable, CustomStringConvertible {
  public let task: String

  public var description: String {
    "`bayes`: task `\(task)` has no density, and so no Bayes classifier; name a checkpoint"
  }
}
