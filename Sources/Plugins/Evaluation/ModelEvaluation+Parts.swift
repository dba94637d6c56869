import Attacks
import BenchCore
import Foundation
import Networks
import Tensor

/// An evaluation that several processes divide among them, attacks included.
extension ModelEvaluation {
  /// Measures what is missing of one process's share, and keeps it.
  /// - Returns: how many parts were there already, of how many.
  /// - Throws: as `measure(_:progress:)`, and `PartError`. What was measured by then is kept.
  package func measure(
    _ share: WorkShare, of subject: EvaluationSubject, in place: PartPlace, progress: any ProgressReporter
  ) throws -> (present: Int, total: Int) {
    let attacked = try attacks.prepared(for: subject.classifier, options)
    let measured = try Evaluation(task: task, configuration: configuration).measure(
      share, of: subject, in: place, progress: progress)
    guard let attacked else { return measured }
    let found = try attacks.measure(
      share, attacked, of: owner(subject), in: place, progress: progress)
    return (measured.present + found.present, measured.total + found.total)
  }

  /// The outcome, from parts alone: the same, but for its provenance, as that of `measure(_:progress:)`.
  /// - Throws: `MissingParts`, `PartError`, and as `measure(_:progress:)`.
  package func merge(
    _ subject: EvaluationSubject, from place: PartPlace, progress: any ProgressReporter
  ) throws -> EvaluationOutcome {
    let start = Date()
    let attacked = try attacks.prepared(for: subject.classifier, options)
    var missing: [MissingParts.Kind] = []
    func gathered<Value>(_ body: () throws -> Value) throws -> Value? {
      do {
        return try body()
      } catch let error as MissingParts {
        missing += error.kinds
        return nil
      }
    }
    var outcome = try gathered {
      try Evaluation(task: task, configuration: configuration).merge(subject, from: place, progress: progress)
    }
    if let attacked {
      let robustness = try gathered {
        try attacks.merge(attacked, of: owner(subject), from: place, progress: progress)
      }
      outcome?.result.robustness = robustness
    }
    guard missing.isEmpty, var outcome else { throw MissingParts(model: subject.record.id, kinds: missing) }
    // Of a fraction of the work: it is not divided.
    outcome.result.direction = try measureDirection(of: subject, progress: progress)
    outcome.result.provenance = .since(
      start, toolVersion: options.toolVersion, threads: options.loading.threads,
      device: Engine.device(of: subject.classifier))
    return outcome
  }

  private func owner(_ subject: EvaluationSubject) -> RobustnessMeasurement.Owner {
    .init(model: subject.record, task: task.id, toolVersion: options.toolVersion)
  }
}

extension PartPlace {
  /// Parts that are made by this process.
  package init(_ root: URL) {
    self.init(root: root, machine: "\(Engine.backend.rounding) \(BLAS.implementation)")
  }
}
