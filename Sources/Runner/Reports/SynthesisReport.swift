import BenchCore
import Foundation
import JSON
import Synthesis

/// What `show gradients`, `show synthesis` and `show counterfactuals` print of what they measured.
struct SynthesisReport: Encodable {
  struct TaskRecord: Encodable {
    let id: String
    let version: Int
    /// Of the set that was measured on, or that seeds and distances are of.
    let images: Int
    let digest: String
  }

  struct Setting: Encodable {
    let name: String
    let value: String
  }

  let schemaVersion = 1
  /// `gradients`, `synthesis` or `counterfactuals`.
  let kind: String
  let task: TaskRecord
  let seed: UInt64
  /// How many images were measured.
  let samples: Int
  /// Bootstrap resamples of each interval.
  let resamples = Bootstrap.defaultResamples
  let settings: [Setting]
  let models: [MeasuredModel]
  let provenance: Provenance

  enum CodingKeys: String, CodingKey {
    case schemaVersion, kind, task, seed, samples, resamples, settings, models, provenance
  }

  init(
    kind: String, task: any BenchmarkTask, set: ImageSet, samples: Int, seed: UInt64,
    settings: [(String, String)], models: [MeasuredModel], provenance: Provenance
  ) {
    self.kind = kind
    self.task = TaskRecord(id: task.id, version: task.version, images: set.labels.count, digest: set.digest)
    self.seed = seed
    self.samples = samples
    self.settings = settings.map { Setting(name: $0.0, value: $0.1) }
    self.models = models
    self.provenance = provenance
  }

  /// Measurements in rows, models in columns.
  var text: String {
    let head = ResultSummary.fields(
      [
        ("task", "\(task.id) (version \(task.version)), \(ResultSummary.grouped(task.images)) images"),
        ("images", task.digest),
        ("measured", "\(ResultSummary.grouped(samples)) of them, seed \(seed)"),
      ] + settings.map { ($0.name, $0.value) })
    var names: [String] = []
    for model in models {
      for measurement in model.measurements where !names.contains(measurement.name) { names.append(measurement.name) }
    }
    let rows =
      [["mean [95 % interval]"] + models.map { $0.model }]
      + names.map { name in [name] + models.map { model in model[name].map { withInterval($0, 3) } ?? "-" } }
    return [head, ResultSummary.table(rows)].map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  /// Prints what was measured, if anything was, beside a sheet that is written.
  static func show(_ report: SynthesisReport?, beside sheet: String, _ reporting: ReportingOptions) throws {
    guard let report else { return try reporting.wrote(sheet) }
    try reporting.result(report, text: report.text)
    if reporting.json { CommandLineOutput.note("wrote \(sheet)") } else { CommandLineOutput.result("wrote \(sheet)") }
  }
}
