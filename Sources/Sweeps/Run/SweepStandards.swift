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
      guard let reference = try standard(of: cell, judging: result) else { continue }
      try write(judged(result, of: cell, try samples(of: cell), against: reference), of: cell)
    }
  }

  /// The outcome relative to the cell's standard; nil where there is none, or it is judged by it already.
  func judged(
    _ result: EvaluationResult, of cell: SweepCell, _ file: SampleFile
  ) throws -> EvaluationOutcome? {
    try standard(of: cell, judging: result).map { try judged(result, of: cell, file, against: $0) }
  }

  /// The result of the cell's standard, where the cell is still to be judged by it.
  private func standard(of cell: SweepCell, judging result: EvaluationResult) throws -> EvaluationResult? {
    guard result.hasVerdict, result.task.density?.isExact == false else { return nil }
    let standard = SweepCell(objective: cell.objective, strength: 0, seed: cell.seed)
    let isItself = standard == cell
    guard try isItself || isComplete(standard) else { return nil }
    let reference = isItself ? result : try ResultFile.read(folder.result(of: standard))
    if let present = Self.measuredStandard(of: result), present.sha256 == reference.model.checkpoint?.sha256 {
      return nil
    }
    return reference
  }

  private func judged(
    _ result: EvaluationResult, of cell: SweepCell, _ file: SampleFile, against reference: EvaluationResult
  ) throws -> EvaluationOutcome {
    let standard = SweepCell(objective: cell.objective, strength: 0, seed: cell.seed)
    return try Reclassification.outcome(
      result, file,
      standard: (
        result: reference, samples: cell == standard ? file.samples : try samples(of: standard).samples
      ))
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
