/// A task whose classes' densities nobody knows.
public struct NoBayesClassifier: Error, Sendable, Equatable, CustomStringConvertible {
  public let task: String

  public var description: String {
    "`bayes`: task `\(task)` has no density, and so no Bayes classifier; name a checkpoint"
  }
}

/// `margin` on a task that does not know the classifier of the largest margin.
public struct NoMarginClassifier: Error, Sendable, Equatable, CustomStringConvertible {
  public let task: String

  public var description: String {
    "`margin`: the classifier of the largest margin is not known on task `\(task)`; it is on sphere, square and square32"
  }
}
