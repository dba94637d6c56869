import BenchCore
import Checkpoints
import Foundation
import JSON

/// What `slurm` keeps of a command:
///
///     command.json      what was asked for
///     shards.sbatch, merge.sbatch
///     parts/            what the shards measured
///     done/             an empty file for each shard that ended well, and for the merge
///     jobs              the numbers of the jobs that were submitted, with what they do
///     logs/
struct SlurmFolder {
  let url: URL

  init(_ url: URL) { self.url = url }

  var array: URL { url.appendingPathComponent("shards.sbatch") }
  var merge: URL { url.appendingPathComponent("merge.sbatch") }
  var parts: URL { url.appendingPathComponent("parts") }
  var done: URL { url.appendingPathComponent("done") }
  var logs: URL { url.appendingPathComponent("logs") }
  /// Beginnings of names that end as those of shards do.
  var merged: URL { done.appendingPathComponent("merge-") }
  var mergeFailed: URL { done.appendingPathComponent("failed-merge-") }
  private var command: URL { url.appendingPathComponent("command.json") }
  private var jobsFile: URL { url.appendingPathComponent("jobs") }

  /// What a folder belongs to. Resources and the number of shards may change.
  struct Command: Encodable {
    var directory: String
    var command: [String]
  }

  /// Makes the folder; in one that is there, checks that it is that of the same command.
  /// - Throws: `SlurmError.otherCommand`.
  func establish(_ wanted: Command) throws {
    let document = try JSONEncoding.encode(wanted)
    for folder in [url, done, logs] { try Folder.make(folder) }
    guard FileManager.default.fileExists(atPath: command.path) else {
      return try AtomicFile.write(document, to: command.path)
    }
    let differences = JSONDifference.lines(
      from: try JSONDecoding.parse(try Data(contentsOf: command), source: command.path),
      to: try JSONDecoding.parse(document, source: command.path))
    guard differences.isEmpty else {
      throw SlurmError.otherCommand(folder: url.path, differences: differences)
    }
  }

  func write(_ scripts: SlurmScripts) throws {
    try AtomicFile.write(Data(scripts.array.utf8), to: array.path)
    try AtomicFile.write(Data(scripts.mergeScript.utf8), to: merge.path)
  }

  /// Which of `count` shards have not ended well.
  func missing(of count: Int) -> [Int] {
    (1...count).filter { !exists(done.appendingPathComponent("\($0)-of-\(count)")) }
  }

  func missingMerges(of count: Int) -> [Int] {
    (1...count).filter { !exists(URL(fileURLWithPath: "\(merged.path)\($0)-of-\(count)")) }
  }

  func hasMergeFailed(of count: Int) -> Bool {
    (1...count).contains { exists(URL(fileURLWithPath: "\(mergeFailed.path)\($0)-of-\(count)")) }
  }

  /// Nothing is done any more; what was measured stays.
  func forgetWhatIsDone() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: done.path) {
      try FileManager.default.removeItem(at: done.appendingPathComponent(name))
    }
  }

  struct Job {
    enum Kind: String { case shards, merge }
    let kind: Kind
    let number: Int
  }

  var jobs: [Job] {
    let text = (try? String(contentsOf: jobsFile, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 2, let kind = Job.Kind(rawValue: String(words[0])),
        let number = Int(words[1]), number > 0
      else { return nil }
      return Job(kind: kind, number: number)
    }
  }

  func add(_ job: Job) throws {
    let lines = (jobs + [job]).map { "\($0.kind.rawValue) \($0.number)\n" }.joined()
    try AtomicFile.write(Data(lines.utf8), to: jobsFile.path)
  }

  private func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
}
