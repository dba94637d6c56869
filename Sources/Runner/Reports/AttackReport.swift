import Attacks
import BenchCore

/// What `attack` prints.
struct AttackReport: Encodable {
  struct TaskRecord: Encodable {
    let id: String
    /// Nil where it is not known before the task is made.
    let version: Int?
    let dataset: String
    let split: String
    let images: Int
    let digest: String
  }

  let schemaVersion = 1
  let model: ModelRecord
  let task: TaskRecord
  let robustness: [RobustnessEntry]
  let provenance: Provenance

  enum CodingKeys: String, CodingKey { case schemaVersion, model, task, robustness, provenance }

  /// In 80 columns.
  var text: String {
    let head = ResultSummary.fields([
      ("model", "\(model.id) (\(model.name))"),
      ("task", "\(task.id): \(ResultSummary.grouped(task.images)) images of \(task.dataset) \(task.split)"),
      ("images", task.digest),
      ("seed", "\(provenanceSeed)"),
    ])
    let sections = [head] + robustness.map(RobustnessText.lines)
    return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private var provenanceSeed: String { robustness.first.map { "\($0.seed)" } ?? "-" }
}
