import Foundation
import Testing

@testable import BenchCore
@testable import Sweeps

/// On a task whose Bayes classifier is not known, the models of a sweep are judged beside its own model of strength 0.
@Suite struct SweepStandardsTests {
  /// By strength; the standard of seed 1 is half as sensitive as that of seed 0.
  @Sendable private static func model(_ cell: SweepCell) -> SyntheticModel {
    switch cell.strength {
    case 0: SyntheticModel(on: cell.seed == 0 ? 0.8 : 0.4, off: 1.2)
    case 1: SyntheticModel()
    // A = 0.6 / 0.85, K = 0.3 / 0.8: lost. Beside the standard of seed 1 K is 0.75: kept.
    case 2: SyntheticModel(on: 0.3, off: 0.1, accuracy: 0.7)
    // The same sensitivity with whole accuracy.
    case 3: SyntheticModel(on: 0.3, off: 0.1)
    // Robust, and its gradients fit no single image.
    default: SyntheticModel(share: 0.1)
    }
  }

  private static let strengths: [Double] = [0, 1, 2, 3, 4]

  private func cells(_ strengths: [Double] = Self.strengths, seeds: [UInt64] = [0, 1]) throws -> [SweepCell] {
    try SweepGrid(strengths: strengths, seeds: seeds).cells(objective: "gradient-norm")
  }

  private func work() -> FakeWork { FakeWork(models: Self.model) }

  @discardableResult
  private func run(_ work: FakeWork, in folder: TemporaryFolder, _ cells: [SweepCell]) throws -> SweepRunner.Outcome {
    let outcome = try SweepRunner(
      folder: folder.sweep, definition: try work.definition(), work: work, threads: 1
    ).run(cells, progress: SilentProgress())
    #expect(outcome.failures.isEmpty)
    return outcome
  }

  private func measured(_ report: SweepReport, _ cell: SweepCell) throws -> CellRecord.Measured {
    try #require(report.models.first { $0.id == cell.id }?.measured)
  }

  @Test func modelsAreComparedWithTheOneOfStrengthZeroOfTheirSeed() throws {
    let folder = TemporaryFolder()
    let cells = try cells()
    try run(work(), in: folder, cells)
    let report = try SweepReport(reading: folder.sweep)
    let labels = try cells.map { try measured(report, $0).label }
    #expect(
      labels == [
        .weak, .weak, .bayesAligned, .bayesAligned, .excessive, .bayesAligned, .bayesAligned, .bayesAligned, .weak,
        .weak,
      ])
    let lost = try measured(report, cells[4])
    #expect(abs((lost.accuracyRetention?.value ?? 0) - 0.6 / 0.85) < 1e-9)
    #expect(abs((lost.onManifoldRetention?.value ?? 0) - 0.3 / 0.8) < 1e-9)
    #expect(abs((try measured(report, cells[5]).onManifoldRetention?.value ?? 0) - 0.3 / 0.4) < 1e-9)
    for cell in cells {
      #expect(try measured(report, cell).standardModel == "gradient-norm-0-seed\(cell.seed)")
    }
    #expect(SweepTable.text(report).contains("relative to the models of strength 0, such as gradient-norm-0-seed0"))
  }

  /// Few images leave wide intervals; compared with itself a model is the same all the same.
  @Test func theModelOfStrengthZeroIsItsOwnStandard() throws {
    let folder = TemporaryFolder()
    let cells = try cells([0])
    try run(work(), in: folder, cells)
    let report = try SweepReport(reading: folder.sweep)
    for cell in cells {
      let measured = try measured(report, cell)
      for retention in [measured.accuracyRetention, measured.onManifoldRetention] {
        for number in [retention?.value, retention?.low, retention?.high] { #expect(abs((number ?? 0) - 1) < 1e-9) }
      }
    }
  }

  @Test func theResultFileSaysWhatTheTableSays() throws {
    let folder = TemporaryFolder()
    let cells = try cells()
    try run(work(), in: folder, cells)
    let report = try SweepReport(reading: folder.sweep)
    for cell in cells {
      let result = try ResultFile.read(folder.sweep.result(of: cell))
      #expect(try measured(report, cell) == CellRecord(cell, result).measured)
      let file = try SampleFile.read(folder.sweep.samples(of: cell))
      #expect(
        file.samples.rowCount == SyntheticModel.images
          && file.inputs?.standard?.id == "gradient-norm-0-seed\(cell.seed)")
      // Whoever reads them finds the same without the standard.
      #expect(try Reclassification.outcome(result, file).result == result)
    }
  }

  /// By another shard, say.
  @Test func aModelThatIsThereBeforeItsStandardIsJudgedOnceThatIsThere() throws {
    let folder = TemporaryFolder()
    let cells = try cells(seeds: [0])
    let first = work()
    try run(first, in: folder, Array(cells[1...]))
    let before = try SweepReport(reading: folder.sweep)
    for cell in cells[1...3] {
      let measured = try measured(before, cell)
      #expect(measured.label == .indeterminate && measured.standardModel == nil && measured.accuracyRetention == nil)
      let evidence = try ResultFile.read(folder.sweep.result(of: cell)).regime.evidence.v2
      #expect(evidence?.open?.condition == .signal)
    }
    #expect(!SweepTable.text(before).contains("relative to the models of strength 0"))

    let second = work()
    try run(second, in: folder, [cells[0]])
    let after = try SweepReport(reading: folder.sweep)
    #expect(
      try cells.map { try measured(after, $0).label } == [.weak, .bayesAligned, .excessive, .bayesAligned, .weak])
    #expect(second.evaluated.withLock { $0 } == [cells[0].id])
    for cell in cells {
      #expect(try ResultFile.read(folder.sweep.result(of: cell)).regime.label == measured(after, cell).label)
    }
    // In the other order the same files; and read again nothing changes.
    let inOrder = TemporaryFolder()
    try run(work(), in: inOrder, cells)
    let files = try folder.files()
    #expect(try files == inOrder.files())
    #expect(try SweepReport(reading: folder.sweep) == after)
    #expect(try folder.files() == files)
  }

  @Test func withoutStrengthZeroTheResultsStandAsMeasured() throws {
    let folder = TemporaryFolder()
    let cells = try cells([1, 4])
    try run(work(), in: folder, cells)
    let before = try folder.files()
    let report = try SweepReport(reading: folder.sweep)
    for cell in cells {
      #expect(try measured(report, cell).standardModel == nil)
      #expect(try ResultFile.read(folder.sweep.result(of: cell)) == Self.model(cell).outcome(cell.id).result)
    }
    #expect(try folder.files() == before)
  }

  /// There the Bayes classifier is everybody's standard.
  @Test func exactDensitiesAreLeftAlone() throws {
    let folder = TemporaryFolder()
    let cells = try cells([0, 0.01, 1])
    try run(FakeWork(), in: folder, cells)
    let before = try folder.files()
    let report = try SweepReport(reading: folder.sweep)
    #expect(try folder.files() == before)
    for cell in cells {
      #expect(try measured(report, cell).standardModel == nil)
      #expect(try ResultFile.read(folder.sweep.result(of: cell)) == FakeWork.result(cell))
      let samples = try SampleFile.read(folder.sweep.samples(of: cell)).samples
      #expect(!samples.columns.contains { $0.name.hasPrefix("standard/") })
    }
    #expect(!SweepTable.text(report).contains("relative to the models of strength 0"))
  }

  /// Damaged samples are no trap: the report says whose they are.
  @Test func damagedSamplesAreNamed() throws {
    let folder = TemporaryFolder()
    let cells = try cells(seeds: [0])
    try run(work(), in: folder, Array(cells[1...]))
    try run(work(), in: folder, [cells[0]])
    try Data("half a file".utf8).write(to: folder.sweep.samples(of: cells[1]))
    #expect {
      try SweepReport(reading: folder.sweep)
    } throws: { error in
      "\(error)".contains(cells[1].id)
    }
  }
}
