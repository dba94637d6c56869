import BenchCore
import Foundation
import JSON
import Testing

@testable import Sweeps

@Suite struct SweepRunnerTests {
  private let strengths = [0, 0.001, 0.01, 0.1]

  private func cells(_ seeds: [UInt64] = [0, 1]) throws -> [SweepCell] {
    try SweepGrid(strengths: strengths, seeds: seeds).cells(objective: "gradient-norm")
  }

  private func run(
    _ work: FakeWork, in folder: TemporaryFolder, _ cells: [SweepCell], threads: Int = 1
  ) throws -> SweepRunner.Outcome {
    try SweepRunner(folder: folder.sweep, definition: try work.definition(), work: work, threads: threads)
      .run(cells, progress: SilentProgress())
  }

  @Test func trainsWhatIsMissingAndNothingElse() throws {
    let folder = TemporaryFolder()
    let first = FakeWork()
    let cells = try cells()
    #expect(try run(first, in: folder, cells, threads: 3).failures.isEmpty)
    #expect(Set(first.trained.withLock { $0 }) == Set(cells.map(\.id)))
    let before = try folder.files()

    let second = FakeWork()
    _ = try run(second, in: folder, cells)
    #expect(second.trained.withLock { $0 }.isEmpty && second.evaluated.withLock { $0 }.isEmpty)
    #expect(try folder.files() == before)

    // A damaged checkpoint is trained again, a missing result only evaluated.
    try Data("half a".utf8).write(to: folder.sweep.checkpoint(of: cells[0]))
    try FileManager.default.removeItem(at: folder.sweep.result(of: cells[1]))
    let third = FakeWork()
    _ = try run(third, in: folder, cells)
    #expect(third.trained.withLock { $0 } == [cells[0].id])
    #expect(Set(third.evaluated.withLock { $0 }) == [cells[0].id, cells[1].id])
    #expect(try folder.files() == before)

    // Without its samples a result cannot be judged again.
    try FileManager.default.removeItem(at: folder.sweep.samples(of: cells[2]))
    let fourth = FakeWork()
    _ = try run(fourth, in: folder, cells)
    #expect(fourth.trained.withLock { $0 }.isEmpty && fourth.evaluated.withLock { $0 } == [cells[2].id])
    #expect(try folder.files() == before)
  }

  @Test func aStoppedSweepGoesOn() throws {
    let whole = TemporaryFolder()
    let cells = try cells()
    _ = try run(FakeWork(), in: whole, cells)
    let folder = TemporaryFolder()
    #expect(throws: CancellationError.self) { try run(FakeWork(stopAfter: 3), in: folder, cells) }
    let rest = FakeWork()
    _ = try run(rest, in: folder, cells)
    #expect(rest.trained.withLock { $0.count } == cells.count - 3)
    #expect(try folder.files() == whole.files())
  }

  @Test func shardsTogetherAreTheWhole() throws {
    let whole = TemporaryFolder()
    let cells = try cells([0, 1, 2])
    _ = try run(FakeWork(), in: whole, cells)
    let folder = TemporaryFolder()
    var parts: [SweepCell] = []
    for index in [3, 1, 5, 2, 4] {
      let part = try Shard("\(index)/5").part(of: cells)
      #expect(abs(5 * part.count - cells.count) < 5)
      parts += part
      _ = try run(FakeWork(), in: folder, part)
    }
    #expect(parts.count == cells.count && Set(parts) == Set(cells))
    #expect(try folder.files() == whole.files())
  }

  @Test func anotherConfigurationIsRefusedWithWhatDiffers() throws {
    let folder = TemporaryFolder()
    let cells = try cells()
    _ = try run(FakeWork(), in: folder, cells)
    let before = try folder.files()
    let error = try #require(throws: SweepError.self) { try run(FakeWork(epochs: 5), in: folder, cells) }
    #expect("\(error)".contains("recipe.epochs is 5, was 3"))
    #expect(try folder.files() == before)

    // Without its configuration it is no sweep's folder, and what is there is not replaced.
    try FileManager.default.removeItem(at: folder.sweep.configuration)
    let foreign = try #require(throws: SweepError.self) { try run(FakeWork(epochs: 5), in: folder, cells) }
    #expect("\(foreign)".contains("is there already") && "\(foreign)".contains("configuration.json"))
    // What belongs to all models is gone as well, but a model was trained with another configuration: refused too.
    for file in [folder.sweep.reference, folder.sweep.report, folder.sweep.table, folder.sweep.figure] {
      try? FileManager.default.removeItem(at: file)
    }
    let second = try #require(throws: SweepError.self) { try run(FakeWork(epochs: 5), in: folder, cells) }
    #expect("\(second)".contains("recipe.json") && "\(second)".contains("epochs is 5, was 3"))
  }

  @Test func oneFailureDoesNotStopTheOthers() throws {
    let folder = TemporaryFolder()
    let cells = try cells()
    let bad = cells[3].id
    let outcome = try run(FakeWork(failing: [bad]), in: folder, cells, threads: 2)
    #expect(outcome.failures == [.init(cell: bad, reason: "loss is nan, in epoch 1")])
    #expect("\(SweepError.modelsFailed(outcome.failures))".contains("\(bad): loss is nan"))
    let report = try SweepReport(reading: folder.sweep)
    #expect(report.models.count == cells.count)
    #expect(report.models.filter { $0.status == .failed }.map(\.id) == [bad])
    #expect(SweepTable.text(report).contains("loss is nan, in epoch 1"))

    // The next run tries it again, and a success removes the mark.
    #expect(try run(FakeWork(), in: folder, cells).failures.isEmpty)
    #expect(try SweepReport(reading: folder.sweep).models.allSatisfy { $0.status == .complete })
    let whole = TemporaryFolder()
    _ = try run(FakeWork(), in: whole, cells)
    #expect(try folder.files() == whole.files())
  }

  @Test func aModelThatAnotherProcessTrainsIsLeftToIt() throws {
    let folder = TemporaryFolder()
    let cells = try cells()
    let cellFolder = folder.sweep.folder(of: cells[2])
    try FileManager.default.createDirectory(at: cellFolder, withIntermediateDirectories: true)
    let lock = try #require(CellLock(cellFolder))
    let work = FakeWork()
    let outcome = try run(work, in: folder, cells)
    withExtendedLifetime(lock) {}
    #expect(outcome.busy == [cells[2]])
    #expect(!work.trained.withLock { $0 }.contains(cells[2].id))
    #expect(try SweepReport(reading: folder.sweep).missing(of: cells) == [cells[2]])
  }

  @Test func progressEndsWhereItShould() throws {
    final class Recorder: ProgressReporter {
      let total = Counter()
      let done = Counter()
      func begin(_ stage: String, total: Int) { self.total.add(total) }
      func advance(by units: Int) throws { done.add(units) }
      func note(_ text: String) {}
    }
    let folder = TemporaryFolder()
    let recorder = Recorder()
    let work = FakeWork()
    _ = try SweepRunner(folder: folder.sweep, definition: try work.definition(), work: work, threads: 2)
      .run(try cells(), progress: recorder)
    #expect(recorder.total.value == 8 * CellProgress.unitsPerCell)
    #expect(recorder.done.value == recorder.total.value)
  }
}
