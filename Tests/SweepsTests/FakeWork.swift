import Foundation
import JSON
import Synchronization

@testable import BenchCore
@testable import Sweeps

/// Trains nothing: checkpoints and results are made from the cell alone, quickly, so that what a sweep does around them can
/// be tested. The results are those of the repository's Bayes classifier with other numbers in their places.
final class FakeWork: SweepWork {
  let trained = Mutex<[String]>([])
  let evaluated = Mutex<[String]>([])
  let epochs: Int
  var trainingStages: Int { epochs }
  /// Cells whose training fails, and after how many trainings the user stops the sweep.
  let failing: Set<String>
  let stopAfter: Int?
  /// On a task whose density is not known: what is measured of a cell. Without it the task's density is exact, and labels are
  /// given.
  let models: (@Sendable (SweepCell) -> SyntheticModel)?

  init(
    epochs: Int = 3, failing: Set<String> = [], stopAfter: Int? = nil,
    models: (@Sendable (SweepCell) -> SyntheticModel)? = nil
  ) {
    self.epochs = epochs
    self.failing = failing
    self.stopAfter = stopAfter
    self.models = models
  }

  struct Diverged: Error, CustomStringConvertible { let description = "loss is nan, in epoch 1" }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  func definition() throws -> SweepDefinition {
    SweepDefinition(
      task: .init(id: "glyphs", version: try SyntheticModel.template.get().task.version, classes: 10),
      architecture: "cnn-small", objective: "gradient-norm",
      recipe: .object([JSONMember(key: "epochs", value: .integer(Int64(epochs)))]),
      evaluation: .init(images: SyntheticModel.images, seed: 0))
  }

  func recipe(_ cell: SweepCell) -> JSONValue {
    .object([
      JSONMember(key: "epochs", value: .integer(Int64(epochs))),
      JSONMember(key: "strength", value: .number(cell.strength)),
      JSONMember(key: "seed", value: .integer(Int64(cell.seed))),
    ])
  }

  func train(_ cell: SweepCell, into folder: URL, threads: Int, progress: any ProgressReporter) throws {
    if failing.contains(cell.id) { throw Diverged() }
    let count = trained.withLock { trained in
      trained.append(cell.id)
      return trained.count
    }
    if let stopAfter, count > stopAfter { throw CancellationError() }
    for epoch in 0..<epochs {
      progress.begin("epoch \(epoch)", total: 7)
      for _ in 0..<7 { try progress.advance(by: 1) }
    }
    // As the trainer does: where a description is there, nothing is done.
    let description = folder.appendingPathComponent("model.json")
    guard !FileManager.default.fileExists(atPath: description.path) else { return }
    try Data("checkpoint of \(cell.id)".utf8).write(to: folder.appendingPathComponent("model.ckpt"))
    try
      #"{"id": "\#(cell.id)", "name": "x", "checkpoint": {"sha256": "\#(SweepsTestDigest.of("checkpoint of \(cell.id)"))"}}"#
      .write(to: description, atomically: true, encoding: .utf8)
  }

  func evaluate(
    _ cell: SweepCell, in folder: URL, threads: Int, progress: any ProgressReporter
  ) throws -> EvaluationOutcome {
    evaluated.withLock { $0.append(cell.id) }
    if let models { return try models(cell).outcome(cell.id) }
    let measured = try SyntheticModel(isExact: true).outcome(cell.id)
    return EvaluationOutcome(result: try Self.result(cell), samples: measured.samples, inputs: measured.inputs)
  }

  func reference(threads: Int, progress: any ProgressReporter) throws -> EvaluationResult? {
    try models == nil ? SyntheticModel.template.get() : nil
  }

  /// Curves like the paper's.
  static func result(_ cell: SweepCell) throws -> EvaluationResult {
    let place = cell.strength == 0 ? 0 : 5 + Foundation.log10(cell.strength)
    let shift = 0.01 * Double(cell.seed)
    let off = 0.6 * exp(-0.5 * place) + shift
    let on = place < 4 ? 0.5 - 0.02 * place : 0.2
    let accuracy = place < 4 ? 0.94 - 0.002 * place - shift / 10 : 0.7
    let cosine = 0.6 - 0.08 * (place - 3) * (place - 3)
    let label: RegimeLabel = off >= on ? .weak : place >= 4 ? .excessive : cosine >= 0.45 ? .bayesAligned : .weak
    return try result(cell.id, on: on, off: off, accuracy: accuracy, cosine: cosine, label: label)
  }

  /// A result with a given label.
  static func result(
    _ id: String, on: Double, off: Double, accuracy: Double, cosine: Double, label: RegimeLabel
  ) throws -> EvaluationResult {
    var result = try SyntheticModel(on: on, off: off, isExact: true).outcome(id).result
    guard var evidence = result.regime.evidence.v2 else { throw RegimeRuleError.unknownVersion(RegimeRule.version) }
    result.measurements.accuracy = SyntheticModel.estimate(accuracy)
    evidence.classification.accuracy = result.measurements.accuracy
    let alignment = Estimate(value: cosine, low: cosine - 0.01, high: cosine + 0.01)
    result.measurements.imageAlignment?.whole = alignment
    evidence.alignment.cosine = alignment
    evidence.robustness.ratio = Estimate(value: off / on, low: 0, high: 100)
    evidence.leadingLabel = label
    evidence.shares = RegimeShares(
      weak: label == .weak ? 1 : 0, bayesAligned: label == .bayesAligned ? 1 : 0,
      excessive: label == .excessive ? 1 : 0, indeterminate: label == .indeterminate ? 1 : 0)
    result.regime.evidence.v2 = evidence
    result.regime.label = label
    result.regime.confidence = 1
    return result
  }
}
