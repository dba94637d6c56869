/// Why a result stands beside the leaderboard and not on it.
package struct UnrankedReason: Sendable, Hashable, Codable {
  /// For readers.
  package var sentence: String
  /// Whether the rule was applied all the same, so that its label can be shown with this sentence.
  package var isJudged: Bool

  /// - Returns: nil where the result can be compared with all others of its task and version.
  package init?(_ result: EvaluationResult) {
    let data = result.task.dataset.remark.map { "Not measured on the task's own data: \($0)" }
    if let reason = result.regime.evidence.notApplied {
      // Results on other data are compared with each other no more for that.
      self.init(sentence: [reason.sentence, data].compactMap(\.self).joined(separator: " "), isJudged: false)
    } else if let data {
      self.init(sentence: data, isJudged: true)
    } else if !result.task.hasOwnReferences {
      self.init(sentence: "Measured with other references than the task's own.", isJudged: true)
    } else {
      return nil
    }
  }

  private init(sentence: String, isJudged: Bool) { (self.sentence, self.isJudged) = (sentence, isJudged) }
}
