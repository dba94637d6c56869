import BenchCore
import Checkpoints
import Foundation
import Networks
import Plugins

/// A command that `slurm` divides. What can be known to be wrong with it is said before its shards wait in a queue: hours later each
/// of them would say it into a log.
protocol QueuedCommand: ReportingCommand {
  /// Looks at what the command will read and write, without measuring anything.
  /// - Throws: what the command itself would throw, in the same words.
  func checkBeforeQueue() throws
}

extension EvaluateCommand: QueuedCommand {
  func checkBeforeQueue() throws {
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    let outputs = outputs(files)
    for checkpoint in checkpoints.isEmpty ? [nil] : checkpoints.map(Optional.some) {
      let source = try ModelSource(checkpoint, options: options, files: files, isAnnounced: false)
      let inputs = inputs(checkpoint) + (source.candidate?.inputs ?? [])
      try outputs.check(apartFrom: inputs)
      if let sheet { try SheetFile(sheet, option: "--sheet").check(apartFrom: inputs) }
      try QueuedFiles.checkTask(task ?? source.taskID ?? "glyphs", data: dataOptions.data)
    }
    if let standard { _ = try ModelLoader(files, plugins: PagsBench.plugins.models).find(standard, description: nil) }
    try QueuedFiles.check(references.judgement)
    try QueuedFiles.check(references.maps.inputs + metric.flatMap { $0.inputs(.metric) })
  }
}

extension AttackCommand: QueuedCommand {
  func checkBeforeQueue() throws {
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    let source = try ModelSource(checkpoint, options: options, files: files, isAnnounced: false)
    try checkAdversarial(apartFrom: source)
    try QueuedFiles.checkTask(task ?? source.taskID ?? "glyphs", data: dataOptions.data)
  }
}

extension SweepCommand: QueuedCommand {
  func checkBeforeQueue() throws {
    if let output { try OutputPlace.checkFolder(URL(fileURLWithPath: output)) }
    try checkFigure()
    let configuration = try training.configuration()
    try checkTraining(configuration)
    try QueuedFiles.checkTask(configuration.task, data: dataOptions.data)
    try QueuedFiles.check(judgement)
  }
}

/// Files that a queued command will read.
private enum QueuedFiles {
  /// - Throws: `ValidationError` for a task that there is not, or one without the data that it needs.
  static func checkTask(_ id: String, data: String?) throws {
    _ = try TaskLookup.options(id, data: data, cache: nil, threads: 1, progress: TerminalProgress(quiet: true))
  }

  /// - Throws: `CheckpointError`, and what reading thresholds throws.
  static func check(_ judgement: JudgementOptions) throws {
    if let criteria = judgement.criteria { _ = try CriteriaFile.read(URL(fileURLWithPath: criteria)) }
    try check(judgement.inputs)
  }

  /// - Throws: `CheckpointError` for a file that is not there. What a file holds is seen when it is loaded.
  static func check(_ inputs: [OutputPlace.Input?]) throws {
    for input in inputs.compactMap(\.self) where !FileManager.default.fileExists(atPath: input.path) {
      _ = try CheckpointFile.openWithoutDigest(input.path)
    }
  }
}
