import BenchCore
import Foundation
import JSON
import Synchronization

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

  init(epochs: Int = 3, failing: Set<String> = [], stopAfter: Int? = nil) {
    (self.epochs, self.failing, self.stopAfter) = (epochs, failing, stopAfter)
  }

  struct Diverged: Error, CustomStringConvertible { let description = "loss is nan, in epoch 1" }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static let template = Result {
    try ResultFile.read(root.appendingPathComponent("leaderboard/results/glyphs/bayes.json"))
  }

  func definition() throws -> SweepDefinition {
    SweepDefinition(
      task: .init(id: "glyphs", version: try Self.template.get().task.version, classes: 10),
      architecture: "cnn-small", objective: "gradient-norm",
      recipe: .object([JSONMember(key: "epochs", value: .integer(Int64(epochs)))]),
      evaluation: .init(images: 2000, seed: 0))
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
  ) throws -> EvaluationResult {
    evaluated.withLock { $0.append(cell.id) }
    return try Self.result(cell)
  }

  func reference(threads: Int, progress: any ProgressReporter) throws -> EvaluationResult? { try Self.template.get() }

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

  static func result(
    _ id: String, on: Double, off: Double, accuracy: Double, cosine: Double, label: RegimeLabel
  ) throws -> EvaluationResult {
    func estimate(_ value: Double, _ margin: Double) -> Estimate {
      Estimate(value: value, low: max(0, value - margin), high: min(1, value + margin))
    }
    var result = try template.get()
    result.model.id = id
    result.model.checkpoint = .init(
      file: "model.ckpt", sha256: SweepsTestDigest.of("checkpoint of \(id)"), bytes: 20, format: "pytorch-zip")
    result.measurements.accuracy = estimate(accuracy, 0.01)
    for index in result.measurements.sensitivity.indices {
      let share = result.measurements.sensitivity[index].stepSize / result.measurementProtocol.wideStep
      result.measurements.sensitivity[index].onManifold = estimate(min(1, on * share), 0.01)
      result.measurements.sensitivity[index].offManifold = estimate(min(1, off * share), 0.01)
    }
    let target = result.regime.evidence.alignment
    for index in (result.measurements.bayesAlignment ?? []).indices {
      let entry = result.measurements.bayesAlignment?[index]
      guard entry?.target == target.target, entry?.metric == target.metric, entry?.noise == target.noise else {
        continue
      }
      result.measurements.bayesAlignment?[index].value = cosine
      result.measurements.bayesAlignment?[index].low = cosine - 0.01
      result.measurements.bayesAlignment?[index].high = cosine + 0.01
    }
    result.regime.label = label
    result.regime.confidence = 1
    result.regime.evidence.leadingLabel = label
    result.regime.evidence.shares.weak = label == .weak ? 1 : 0
    result.regime.evidence.shares.bayesAligned = label == .bayesAligned ? 1 : 0
    result.regime.evidence.shares.excessive = label == .excessive ? 1 : 0
    result.regime.evidence.shares.indeterminate = label == .indeterminate ? 1 : 0
    let wide = result.measurements.sensitivity.first { $0.stepSize == result.measurementProtocol.wideStep }
    let small = result.measurements.sensitivity.first { $0.stepSize == result.measurementProtocol.smallStep }
    result.regime.evidence.sensitivityRatio.onManifold = wide?.onManifold.value ?? 0
    result.regime.evidence.sensitivityRatio.offManifold = wide?.offManifold.value ?? 0
    result.regime.evidence.sensitivityRatio.ratio = Estimate(value: off / on, low: 0, high: 100)
    result.regime.evidence.onManifoldRetention.onManifold = small?.onManifold.value ?? 0
    result.regime.evidence.accuracyRetention.accuracy = accuracy
    result.regime.evidence.alignment.cosine = Estimate(value: cosine, low: cosine - 0.01, high: cosine + 0.01)
    return result
  }
}
