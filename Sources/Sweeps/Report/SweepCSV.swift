import BenchCore

/// A sweep as a table of one line per model (RFC 4180, but with line feeds): `sweep.csv`.
enum SweepCSV {
  static func text(_ report: SweepReport) -> String {
    let steps = report.models.lazy.compactMap(\.measured).first?.sensitivity.map(\.stepSize) ?? []
    var header = ["id", "objective", "strength", "seed", "status", "regime", "leadingRegime", "confidence"]
    header += triple("accuracy")
    for step in steps {
      header += triple("onManifold@\(SweepCell.text(step))") + triple("offManifold@\(SweepCell.text(step))")
    }
    for name in ["offOverOn", "onManifoldRetention", "accuracyRetention", "alignment", "specificShare"] {
      header += triple(name)
    }
    let attacks = RobustnessColumns.all(report.models.flatMap { $0.measured?.robustness ?? [] })
    for column in attacks.flatMap(\.columns) { header += triple(column.key) }
    header += ["checkpointSHA256", "failure"]
    let rows = report.models.map {
      row($0, objective: report.definition.objective, steps: steps, attacks: attacks)
    }
    return ([header] + rows).map { $0.map(CSVTable.quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func triple(_ name: String) -> [String] { [name, "\(name)Low", "\(name)High"] }

  private static func row(
    _ record: CellRecord, objective: String, steps: [Double], attacks: [RobustnessColumns]
  ) -> [String] {
    let measured = record.measured
    var row = [
      record.id, objective, SweepCell.text(record.strength), "\(record.seed)", record.status.rawValue,
      measured?.label.rawValue ?? "", measured?.leadingLabel.rawValue ?? "", number(measured?.confidence),
    ]
    row += numbers(measured?.accuracy)
    for step in steps {
      let entry = measured?.sensitivity.first { $0.stepSize == step }
      row += numbers(entry?.onManifold) + numbers(entry?.offManifold)
    }
    row += numbers(measured?.sensitivityRatio) + numbers(measured?.onManifoldRetention)
    row += numbers(measured?.accuracyRetention) + numbers(measured?.alignment)
    row += numbers(measured?.specificShare)
    for estimate in attacks.flatMap({ $0.estimates(measured?.robustness) }) { row += numbers(estimate) }
    return row + [measured?.checkpoint ?? "", record.failure ?? ""]
  }

  private static func numbers(_ estimate: Estimate?) -> [String] {
    [number(estimate?.value), number(estimate?.low), number(estimate?.high)]
  }

  private static func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
}
