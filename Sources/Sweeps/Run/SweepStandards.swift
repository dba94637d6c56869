import BenchCore
import Foundation

/// The standard twins within a sweep: on tasks whose Bayes classifier is not known, K and A of every model are relative to the
/// sweep's own model of strength 0 with the same seed, measured on the same images.
///
/// A model may be evaluated before its standard is, by another shard. So the rule is applied to the stored samples once both are
/// there, and the result file says what the table says.
struct SweepStandards {
  let folder: SweepFolder
  let definition: SweepDefinition

  /// Judges again, against its standard, every complete model that was not yet.
  func apply(to cells: [SweepCell]) throws {
    for cell in cells where try isComplete(cell) {
      let result = try ResultFile.read(folder.result(of: cell))
      guard let standard = try standard(of: cell, judging: result) else { continue }
      try write(judged(result, try samples(of: cell), against: standard), of: cell)
    }
  }

  /// The outcome relative to the cell's standard; nil where there is none, or it is judged by it already.
  func judged(
    _ result: EvaluationResult, of cell: SweepCell, _ file: SampleFile
  ) throws -> EvaluationOutcome? {
    try standard(of: cell, judging: result).map { try judged(result, file, against: $0) }
  }

  /// By what a cell is still to be judged.
  private enum Standard {
    case itself
    case other(SweepCell, EvaluationResult)
  }

  /// Nil where the cell has no standard yet, or needs none, or is judged by it already.
  private func standard(of cell: SweepCell, judging result: EvaluationResult) throws -> Standard? {
    guard result.hasVerdict, result.task.density?.isExact == false else { return nil }
    let place = SweepCell(objective: cell.objective, strength: 0, seed: cell.seed)
    let standard: Standard
    let digest: String?
    if place == cell {
      (standard, digest) = (.itself, result.model.checkpoint?.sha256)
    } else {
      guard try isComplete(place) else { return nil }
      let other = try ResultFile.read(folder.result(of: place))
      (standard, digest) = (.other(place, other), other.model.checkpoint?.sha256)
    }
    // Judged before the rule compared more than K and A, it is judged again.
    let isCompared = result.regime.evidence.v2?.alignment.besideStandard != nil
    if isCompared, let present = Self.measuredStandard(of: result), present.sha256 == digest { return nil }
    return standard
  }

  private func judged(
    _ result: EvaluationResult, _ file: SampleFile, against standard: Standard
  ) throws -> EvaluationOutcome {
    switch standard {
    case .itself: try Reclassification.outcome(result, file, standard: (result, file.samples))
    case .other(let cell, let other):
      try Reclassification.outcome(result, file, standard: (other, try samples(of: cell).samples))
    }
  }

  /// The samples first: a result that is there has them.
  func write(_ outcome: EvaluationOutcome, of cell: SweepCell) throws {
    try SweepFolder.write(SampleFile.encode(outcome), to: folder.samples(of: cell))
    try ResultFile.write(outcome.result, to: folder.result(of: cell))
  }

  private func samples(of cell: SweepCell) throws -> SampleFile { try SampleFile.read(folder.samples(of: cell)) }

  private func isComplete(_ cell: SweepCell) throws -> Bool {
    guard let recipe = try? SweepFolder.parse(folder.recipe(of: cell)) else { return false }
    if case .complete = try folder.state(of: cell, recipe: recipe, definition: definition) { return true }
    return false
  }

  /// What K and A of a result are relative to, where that was measured on the same images.
  static func measuredStandard(of result: EvaluationResult) -> RegimeEvidenceV2.Standard? {
    guard case .v2(let evidence) = result.regime.evidence, let standard = evidence.signal.standard,
      standard.source == .measured
    else { return nil }
    return standard
  }
}
