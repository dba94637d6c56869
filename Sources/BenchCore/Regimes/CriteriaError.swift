/// What keeps thresholds from being made, or from being used.
package enum CriteriaError: Error, Sendable, Equatable, CustomStringConvertible {
  case otherRule(model: String, got: String)
  case undefined(model: String)
  case tooFew(standards: Int, robust: Int)
  case otherImages(model: String, first: String)
  case otherTask(model: String, expected: String, got: String)
  case exact(task: String)
  case noneToBeginWith(task: String)
  case invalid(file: String, problem: String)

  package var description: String {
    switch self {
    case .otherRule(let model, let got):
      "\(model): was judged by rule \(got); `pags-bench reclassify --write` it, or evaluate it again"
    case .undefined(let model): "\(model): has no accuracy, no R or no share, so nothing can be learnt from it"
    case .tooFew(let standards, let robust):
      "\(standards) standard and \(robust) robust networks were given, expected one of each at least"
    case .otherImages(let model, let first):
      "\(model): was measured on other images, with another seed or by another protocol than \(first)"
    case .otherTask(let model, let expected, let got): "\(model): is of task `\(got)`, expected `\(expected)`"
    case .exact(let task):
      "task `\(task)` knows its density: its thresholds follow from the exact Bayes classifier, not from networks"
    case .noneToBeginWith(let task):
      "task `\(task)` has no criteria, so no model was judged by the rule from whose result thresholds could be made; state first "
        + "ones in the task's plugin"
    case .invalid(let file, let problem): "\(file): \(problem)"
    }
  }
}
