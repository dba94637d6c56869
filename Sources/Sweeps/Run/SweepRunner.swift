import BenchCore
import Checkpoints
import Dispatch
import Foundation
import JSON
import Synchronization
import Tensor

/// Trains and evaluates what is missing of a sweep.
package struct SweepRunner: Sendable {
  package let folder: SweepFolder
  package let definition: SweepDefinition
  package let work: any SweepWork
  /// Processors to use: as many models side by side, each on one, as there are models; threads beyond are shared out.
  package let threads: Int

  package init(folder: SweepFolder, definition: SweepDefinition, work: any SweepWork, threads: Int) {
    precondition(threads > 0)
    self.folder = folder
    self.definition = definition
    self.work = work
    self.threads = threads
  }

  package struct Outcome: Sendable {
    /// In the order of the cells.
    package let failures: [SweepError.CellFailure]
    /// Cells that another process is at work on.
    package let busy: [SweepCell]
  }

  /// - Parameter cells: in the order in which they are begun.
  /// - Throws: `CancellationError` where the user stopped it, and errors that concern all models. What concerns one is in
  ///   the outcome, and in a file beside the results; the others go on.
  package func run(_ cells: [SweepCell], progress: any ProgressReporter) throws -> Outcome {
    try folder.establish(definition)
    var pending: [(cell: SweepCell, recipe: JSONValue)] = []
    for cell in cells {
      let recipe = try work.recipe(cell)
      if case .complete = try folder.state(of: cell, recipe: recipe, definition: definition) { continue }
      pending.append((cell, recipe))
    }
    let skipped = cells.count - pending.count
    if skipped > 0 { progress.note("\(skipped) of \(cells.count) models are complete and are not made again") }
    try makeReference(progress)
    guard !pending.isEmpty else { return Outcome(failures: [], busy: []) }

    progress.begin("sweep", total: pending.count * CellProgress.unitsPerCell)
    let workers = min(threads, pending.count)
    let jobs = pending
    let next = Atomic<Int>(0)
    let ended = Mutex(Ended())
    @Sendable func finishJobs(_ worker: Int) {
      // Threads that do not divide evenly go to the first workers; no result depends on them.
      let share = threads / workers + (worker < threads % workers ? 1 : 0)
      while ended.withLock({ $0.stop == nil }) {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < jobs.count else { return }
        let job = jobs[index]
        do {
          let line = try finish(job.cell, recipe: job.recipe, threads: share, progress: progress)
          ended.withLock { ended in
            ended.count += 1
            if line == nil { ended.busy.append(index) }
            progress.note(
              "\(job.cell.id): \(line ?? "left to the process that is at work on it") (\(ended.count) of \(jobs.count))"
            )
          }
        } catch let error as CancellationError {
          ended.withLock { $0.stop = error }
        } catch {
          ended.withLock { ended in
            ended.count += 1
            ended.failures.append((index, "\(error)"))
            progress.note("\(job.cell.id): failed: \(error) (\(ended.count) of \(jobs.count))")
          }
          try? SweepFolder.write(FailureMark(message: "\(error)"), to: folder.failure(of: job.cell))
        }
      }
    }
    let cancellation = Cancellation.current
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      Cancellation.$current.withValue(cancellation) { finishJobs(worker) }
    }
    return try ended.withLock { ended in
      if let stop = ended.stop { throw stop }
      return Outcome(
        failures: ended.failures.sorted { $0.index < $1.index }
          .map { .init(cell: jobs[$0.index].cell.id, reason: $0.reason) },
        busy: ended.busy.sorted().map { jobs[$0].cell })
    }
  }

  private struct Ended {
    var count = 0
    var failures: [(index: Int, reason: String)] = []
    var busy: [Int] = []
    var stop: CancellationError?
  }

  /// - Returns: the model in one line, or nil where another process is at work on it.
  private func finish(
    _ cell: SweepCell, recipe: JSONValue, threads: Int, progress: any ProgressReporter
  ) throws -> String? {
    let cellFolder = folder.folder(of: cell)
    try Folder.make(cellFolder)
    guard let lock = CellLock(cellFolder) else { return nil }
    return try withExtendedLifetime(lock) {
      let start = ContinuousClock.now
      let cellProgress = CellProgress(progress, name: cell.id)
      let result: EvaluationResult
      // Asked again under the lock: the process that had it may have done the work.
      switch try folder.state(of: cell, recipe: recipe, definition: definition) {
      case .complete(let present): result = present
      case .trained: result = try evaluate(cell, threads: threads, progress: cellProgress)
      case .pending:
        try folder.removeDamagedModel(of: cell)
        try SweepFolder.write(recipe, to: folder.recipe(of: cell))
        let stages = Array(repeating: 1.0 / Double(work.trainingStages), count: work.trainingStages)
        // Its remarks are epochs, which history.json has too, and its own time left, which is not the sweep's.
        try cellProgress.beginPhase(budget: CellProgress.unitsOfTraining, stages: stages, keepsNotes: false)
        try work.train(cell, into: cellFolder, threads: threads, progress: cellProgress)
        guard folder.trainedDigest(of: cell) != nil else {
          throw SweepError.wrongModel(
            cell: cellFolder.path, expected: "model.json with the digest of model.ckpt", got: "other files")
        }
        result = try evaluate(cell, threads: threads, progress: cellProgress)
      }
      try cellProgress.endCell()
      let accuracy = fixed(finite: result.measurements.accuracy.value, 3)
      return "\(result.regime.label.word), accuracy \(accuracy), \(duration(ContinuousClock.now - start))"
    }
  }

  private func evaluate(_ cell: SweepCell, threads: Int, progress: CellProgress) throws -> EvaluationResult {
    // Accuracy first, by one pass of the many.
    try progress.beginPhase(
      budget: CellProgress.unitsPerCell - CellProgress.unitsOfTraining, stages: [0.1, 0.9], keepsNotes: true)
    let measured = try work.evaluate(cell, in: folder.folder(of: cell), threads: threads, progress: progress)
    let standards = SweepStandards(folder: folder, definition: definition)
    let outcome =
      try standards.judged(
        measured.result, of: cell, SampleFile(samples: measured.samples, inputs: measured.inputs)) ?? measured
    let result = outcome.result
    guard result.model.id == cell.id else {
      throw SweepError.wrongModel(
        cell: folder.checkpoint(of: cell).path, expected: "a model called `\(cell.id)`", got: "`\(result.model.id)`")
    }
    try standards.write(outcome, of: cell)
    try? FileManager.default.removeItem(at: folder.failure(of: cell))
    return result
  }

  /// Evaluates the Bayes classifier once, where there is one.
  private func makeReference(_ progress: any ProgressReporter) throws {
    if let present = try? ResultFile.read(folder.reference), present.task.version == definition.task.version { return }
    guard let result = try work.reference(threads: threads, progress: progress) else { return }
    try ResultFile.write(result, to: folder.reference)
  }
}

/// Why the last try failed; it is made again by the next run.
struct FailureMark: Codable {
  var message: String
}
