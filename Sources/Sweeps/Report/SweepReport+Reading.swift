import BenchCore
import Checkpoints
import Foundation
import JSON

extension SweepReport {
  /// From a folder: every model in it that is complete or has failed. Models that were evaluated before their standard are
  /// judged by it first.
  /// - Throws: `SweepError.notASweep`, `SweepError.wrongModel` where a result is that of another checkpoint, and the errors
  ///   of unreadable result files.
  package init(reading folder: SweepFolder) throws {
    let definition = try folder.definition()
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    } catch {
      throw SweepError.unreadable(file: folder.url.path, reason: error.localizedDescription)
    }
    try SweepStandards(folder: folder, definition: definition).apply(
      to: names.compactMap { SweepCell(id: $0, objective: definition.objective) })
    let models = try names.compactMap { name in try Self.model(name, in: folder, definition) }
    let reference =
      FileManager.default.fileExists(atPath: folder.reference.path) ? try ResultFile.read(folder.reference) : nil
    self.init(definition: definition, models: models, reference: reference)
  }

  /// - Returns: nil for what is no model's folder, and for a model that is not complete and has not failed.
  private static func model(
    _ name: String, in folder: SweepFolder, _ definition: SweepDefinition
  ) throws -> (record: CellRecord, result: EvaluationResult?)? {
    guard let cell = SweepCell(id: name, objective: definition.objective),
      let recipe = try? SweepFolder.parse(folder.recipe(of: cell))
    else { return nil }
    switch try folder.state(of: cell, recipe: recipe, definition: definition) {
    case .complete(let result): return (CellRecord(cell, result), result)
    case .pending, .trained:
      let mark = try? JSONDecoding.decode(
        FailureMark.self, from: SweepFolder.read(folder.failure(of: cell)), source: folder.failure(of: cell).path)
      return mark.map { (CellRecord(cell, failure: $0.message), nil) }
    }
  }

  /// Which of these are neither complete nor failed.
  package func missing(of cells: [SweepCell]) -> [SweepCell] {
    let known = Set(models.map(\.id))
    return cells.filter { !known.contains($0.id) }
  }

  /// Writes `sweep.json`, `sweep.csv` and, where there is something to draw, `figure3.svg`.
  /// - Returns: the files' paths.
  package func write(to folder: SweepFolder) throws -> [String] {
    var files = [folder.report, folder.table]
    try SweepFolder.write(self, to: folder.report)
    try SweepFolder.write(Data(SweepCSV.text(self).utf8), to: folder.table)
    if let svg = try Figure3Drawing.figure([(folder.url.path, self)])?.svg() {
      try SweepFolder.write(Data(svg.utf8), to: folder.figure)
      files.append(folder.figure)
    }
    return files.map(\.path)
  }
}

extension SweepCell {
  /// From a model's id; nil for another objective's, and for anything that is no id.
  init?(id: String, objective: String) {
    guard id.hasPrefix("\(objective)-"), let separator = id.range(of: "-seed", options: .backwards),
      separator.lowerBound > id.index(id.startIndex, offsetBy: objective.count),
      let strength = Double(id[id.index(id.startIndex, offsetBy: objective.count + 1)..<separator.lowerBound]),
      let seed = UInt64(id[separator.upperBound...])
    else { return nil }
    self.init(objective: objective, strength: strength, seed: seed)
    guard self.id == id else { return nil }
  }
}
