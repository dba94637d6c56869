import BenchCore
import Foundation
import JSON
import Testing

@testable import Sweeps

@Suite struct SweepReportTests {
  private static let strengths = [0, 0.001, 0.01, 0.03, 0.1, 1]

  private func report(
    strengths: [Double] = Self.strengths, seeds: [UInt64] = [0, 1],
    _ change: (SweepCell, EvaluationResult) throws -> EvaluationResult = { $1 }
  ) throws -> SweepReport {
    let cells = try SweepGrid(strengths: strengths, seeds: seeds).cells(objective: "gradient-norm")
    let models = try cells.map { cell in
      let result = try change(cell, try FakeWork.result(cell))
      return (CellRecord(cell, result), Optional(result))
    }
    return SweepReport(
      definition: try FakeWork().definition(), models: models, reference: try SyntheticModel.template.get())
  }

  private func verdict(_ report: SweepReport, _ id: String) -> SweepCheck.Verdict? {
    report.checks.first { $0.id == id }?.verdict
  }

  /// `PAGS_BENCH_RECORD=1` writes the table anew, to be read before it is committed.
  @Test func tableIsItsSnapshot() throws {
    // The template's version is the task's, which other work raises.
    var report = try report()
    report.definition.task.version = 1
    report.reference = nil
    let text = SweepTable.text(report)
    let snapshot = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Snapshots/table.txt")
    if ProcessInfo.processInfo.environment["PAGS_BENCH_RECORD"] != nil {
      try text.write(to: snapshot, atomically: true, encoding: .utf8)
    }
    #expect(text == (try? String(contentsOf: snapshot, encoding: .utf8)))
  }

  @Test func aSweepLikeThePapersHolds() throws {
    let report = try report()
    for check in report.checks { #expect(check.verdict == .held, "\(check)") }
    #expect(report.checks.count == 6)
    #expect(
      report.strengths.map(\.label) == [.weak, .bayesAligned, .bayesAligned, .bayesAligned, .excessive, .excessive])
  }

  @Test func checksCanFail() throws {
    let template = try SyntheticModel.template.get()
    let wide = SweepCell.text(template.measurementProtocol.wideStep)
    func changed(
      _ values: @escaping (SweepCell) -> (on: Double, off: Double, accuracy: Double, cosine: Double, RegimeLabel)
    )
      throws -> SweepReport
    {
      try report { cell, _ in
        let value = values(cell)
        return try FakeWork.result(
          cell.id, on: value.on, off: value.off, accuracy: value.accuracy, cosine: value.cosine, label: value.4)
      }
    }
    // Off-manifold sensitivity rises, alignment does too, on-manifold sensitivity is halved without a loss of accuracy.
    let bad = try changed { cell in
      (cell.strength > 0.005 ? 0.24 : 0.5, 0.1 + 0.1 * cell.strength, 0.94, 0.3 + 0.2 * cell.strength, .weak)
    }
    #expect(bad.checks.allSatisfy { $0.verdict == .notHeld })
    // The same collapse after accuracy fell is allowed.
    let good = try changed { cell in
      cell.strength > 0.005 ? (0.24, 0.1, 0.9, 0.5, .bayesAligned) : (0.5, 0.6, 0.94, 0.3, .weak)
    }
    #expect(verdict(good, "on-manifold-stays-\(wide)") == .held)
    // A fall of one point is none.
    let slight = try changed { cell in
      cell.strength > 0.005 ? (0.24, 0.1, 0.93, 0.5, .bayesAligned) : (0.5, 0.6, 0.94, 0.3, .weak)
    }
    #expect(verdict(slight, "on-manifold-stays-\(wide)") == .notHeld)
  }

  @Test func orderOfRegimes() {
    #expect(SweepChecks.isInOrder([.weak, .indeterminate, .bayesAligned, .excessive, .excessive]))
    #expect(!SweepChecks.isInOrder([.weak, .bayesAligned]))
    #expect(!SweepChecks.isInOrder([.weak, .bayesAligned, .weak, .excessive]))
    #expect(!SweepChecks.isInOrder([.excessive, .bayesAligned, .weak]))
  }

  @Test func tooLittleIsUndecided() throws {
    let report = try report(strengths: [0, 0.01], seeds: [0])
    #expect(verdict(report, "alignment-peaks-inside") == .undecided)
    #expect(report.checks.filter { $0.id.hasPrefix("off-manifold") }.allSatisfy { $0.verdict == .undecided })
  }

  @Test func theFigureAndTheFilesAreMadeOfTheResults() throws {
    let folder = TemporaryFolder()
    let work = FakeWork()
    let cells = try SweepGrid(strengths: Self.strengths, seeds: [0, 1]).cells(objective: "gradient-norm")
    _ = try SweepRunner(folder: folder.sweep, definition: try work.definition(), work: work, threads: 2)
      .run(cells, progress: SilentProgress())
    let report = try SweepReport(reading: folder.sweep)
    #expect(
      try report.write(to: folder.sweep).map { ($0 as NSString).lastPathComponent } == [
        "sweep.json", "sweep.csv", "figure3.svg",
      ])
    let again = try JSONDecoding.decode(
      SweepReport.self, from: try Data(contentsOf: folder.sweep.report), source: "sweep.json", rejectUnknownKeys: true)
    #expect(again == report)
    let csv = try String(contentsOf: folder.sweep.table, encoding: .utf8).split(separator: "\n")
    #expect(csv.count == cells.count + 1)
    #expect(csv[0].contains("specificShare,specificShareLow,specificShareHigh"))
    let width = csv[0].split(separator: ",", omittingEmptySubsequences: false).count
    #expect(csv.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == width })
    let svg = try String(contentsOf: folder.sweep.figure, encoding: .utf8)
    #expect(svg.contains("Gradient norm") && svg.contains("range over 2 seeds"))

    // Two sweeps side by side; not where they cannot be compared.
    let two = try #require(try Figure3Drawing.figure([("a", report), ("b", report)])?.svg())
    #expect(two.count > svg.count)
    var other = report
    other.wideStep = 4
    #expect(throws: SweepError.self) { try Figure3Drawing.figure([("a", report), ("b", other)]) }
  }

  @Test func aFolderWithoutASweep() {
    let folder = TemporaryFolder()
    #expect(throws: SweepError.notASweep(folder: folder.url.path, missing: "configuration.json")) {
      try SweepReport(reading: folder.sweep)
    }
  }
}
