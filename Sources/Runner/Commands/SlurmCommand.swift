import ArgumentParser
import BenchCore
import Foundation

/// `pags-bench slurm`: a command as an array job of Slurm, and a job that puts together what it measured.
struct SlurmCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "slurm", abstract: "Has Slurm divide a command: submits its shards and the merge.",
    discussion: """
      The command is evaluate, attack or sweep with its arguments, after `--`. Writes a script for an array job, one task a shard, and one \
      for a job that puts together what the shards measured, submits both and prints their numbers. The result is the one that the \
      command makes alone.

      When tasks die, give the same command again: it submits the shards that have not ended well and are not in the queue, \
      and what they had measured is not measured again. How to: docs/cluster.md

        pags-bench slurm --cpus 8 --mem 16G --time 2:00:00 -- evaluate a.pth b.pth --task cifar10 --data ~/data
      """)

  @Option(
    help: ArgumentHelp(
      "Number of shards. (default: one for each checkpoint or model of a sweep, 8 where there is one checkpoint)",
      valueName: "n"))
  var arraySize: Int?

  @Option(help: ArgumentHelp("How many shards run at the same time.", valueName: "n"))
  var atMost: Int?

  @Option(
    help: ArgumentHelp(
      "Folder for scripts, parts and logs, seen by all nodes. (default: slurm-COMMAND here)",
      valueName: "dir"), completion: .directory)
  var folder: String?

  @Flag(help: "Only write the scripts, and print them with the commands that would submit them.")
  var dryRun = false

  @OptionGroup(title: "What Slurm is asked for, as of sbatch") var resources: SlurmResources

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("The command and its arguments.", valueName: "command"))
  var command: [String] = []

  private static let shardBounds = 1...100_000
  private static let usualShards = 8

  func validate() throws {
    // What is captured for the command are all options that are none of these.
    if let first = command.first, ["--help", "-h"].contains(first) { throw CleanExit.helpRequest(Self.self) }
    try OptionBounds.check("--array-size", arraySize, in: Self.shardBounds)
    try OptionBounds.check("--at-most", atMost, in: Self.shardBounds)
    guard let first = words.first else {
      throw ValidationError("name a command to divide: pags-bench slurm -- evaluate MODEL ...")
    }
    guard ["evaluate", "attack", "sweep"].contains(first) else {
      throw ValidationError(
        first.hasPrefix("-")
          ? "\(first): is no option of slurm; those of the command follow `--` and its name"
          : "slurm divides evaluate, attack and sweep, not `\(first)`")
    }
    if let place = folder,
      place.isEmpty || place.contains(where: { $0 == "%" || $0 == "\\" || $0.isNewline })
    {
      throw ValidationError(
        "--folder must be a path without %, \\ and line breaks, which Slurm reads otherwise, got `\(place)`"
      )
    }
  }

  /// Without the `--` before them.
  private var words: [String] { command.first == "--" ? Array(command.dropFirst()) : command }

  func run() throws {
    let work = try work()
    let place = URL(fileURLWithPath: folder ?? "slurm-\(words[0])").standardizedFileURL
    guard !place.path.contains(where: { $0 == "%" || $0 == "\\" || $0.isNewline }) else {
      throw ValidationError(
        "\(place.path): Slurm reads %, \\ and line breaks in a path otherwise; choose another --folder"
      )
    }
    if !dryRun { for name in ["sbatch", "squeue"] { _ = try SlurmProgram.locate(name) } }
    let folder = SlurmFolder(place)
    try OutputPlace.checkFolder(place)
    let directory = FileManager.default.currentDirectoryPath
    try folder.establish(.init(directory: directory, command: words))
    let count = arraySize ?? work.shards
    let environment = ProcessInfo.processInfo.environment
    let scripts = SlurmScripts(
      command: words, merge: work.merge(folder.parts.path), shards: count,
      merges: max(1, min(count, work.results)),
      resources: resources, folder: folder,
      program: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      directory: directory,
      environment: SlurmScripts.variables.compactMap { name in environment[name].map { (name, $0) }
      })
    try folder.write(scripts)
    if dryRun { return try show(scripts) }
    try submit(scripts)
  }

  // MARK: Submitting

  private func submit(_ scripts: SlurmScripts) throws {
    let (folder, count) = (scripts.folder, scripts.shards)
    // Those that Slurm may still have.
    let queued = folder.jobs.suffix(Self.jobsAskedFor).map {
      (job: $0, tasks: SlurmProgram.queued($0.number))
    }
    .filter { !$0.tasks.isEmpty }
    var missing = folder.missing(of: count)
    if missing.isEmpty, folder.missingMerges(of: scripts.merges).isEmpty {
      return try reporting.result(
        Submitted(shards: count, done: count, logs: folder.logs.path),
        text:
          "all \(count) shards are done and merged; nothing to submit. Logs are in \(folder.logs.path); to begin anew, remove "
          + folder.url.path)
    }
    if missing.isEmpty, folder.hasMergeFailed(of: scripts.merges), queued.isEmpty {
      // Something that is said to be done is not there any more; shards that find their parts end at once.
      try folder.forgetWhatIsDone()
      missing = folder.missing(of: count)
    }
    let running = Set(queued.filter { $0.job.kind == .shards }.flatMap(\.tasks))
    let waiting = missing.filter { running.contains($0) }
    let submitted = missing.filter { !running.contains($0) }
    var outcome = Submitted(shards: count, done: count - missing.count, waiting: waiting.count, logs: folder.logs.path)
    say("\(count) shards: \(outcome.done) done, \(waiting.count) in the queue, \(submitted.count) to submit")
    guard !submitted.isEmpty || queued.isEmpty else {
      return try reporting.result(
        outcome, text: "nothing is submitted; watch it: squeue --jobs=\(list(queued.map(\.job.number)))")
    }
    var before = queued.map(\.job).filter { $0.kind == .shards }.map(\.number)
    if !submitted.isEmpty {
      let job = try SlurmProgram.submit(["--parsable"] + arrayOptions(submitted, folder))
      try folder.add(.init(kind: .shards, number: job))
      before.append(job)
      (outcome.submitted, outcome.arrayJob) = (submitted, job)
      say("array job \(job): shards \(TaskNumbers.text(submitted))")
    }
    let merges = folder.missingMerges(of: scripts.merges)
    let merge = try SlurmProgram.submit(
      ["--parsable"] + mergeOptions(merges, after: before, folder))
    try folder.add(.init(kind: .merge, number: merge))
    outcome.mergeJob = merge
    try reporting.result(
      outcome,
      text: """
        merge job \(merge): when they have ended
        watch    squeue --jobs=\(list(before + [merge]))
        logs     \(folder.logs.path)
        \(scripts.place.map { "parts    \($0)\n" } ?? "")\
        When tasks die, give the same command again: it submits what is missing and nothing else.
        """)
  }

  /// What is printed with `--json`.
  private struct Submitted: Encodable {
    let shards: Int
    let done: Int
    /// Those that Slurm has.
    var waiting = 0
    /// Numbers of the shards that were submitted now, from 1.
    var submitted: [Int] = []
    var arrayJob: Int?
    var mergeJob: Int?
    let logs: String
  }

  /// Jobs are named as soon as there are any: what is submitted stays so, whatever happens next.
  private func say(_ line: String) {
    if reporting.json { CommandLineOutput.note(line) } else { CommandLineOutput.result(line) }
  }

  /// Older ones have ended long ago.
  private static let jobsAskedFor = 20

  private func arrayOptions(_ shards: [Int], _ folder: SlurmFolder) -> [String] {
    [
      "--array=\(TaskNumbers.text(shards, limit: atMost))",
      "--output=\(folder.logs.path)/shard-%a-%A.log",
    ]
      + resources.further + [folder.array.path]
  }

  /// After all have ended, well or not: a merge says then what is missing, and makes the results of the models that are complete.
  private func mergeOptions(_ merges: [Int], after jobs: [Int], _ folder: SlurmFolder) -> [String] {
    [
      "--array=\(TaskNumbers.text(merges, limit: atMost))",
      "--output=\(folder.logs.path)/merge-%a-%A.log",
    ]
      + (jobs.isEmpty
        ? [] : ["--dependency=afterany:\(jobs.map(String.init).joined(separator: ":"))"])
      + resources.further + [folder.merge.path]
  }

  private func list(_ jobs: [Int]) -> String { jobs.map(String.init).joined(separator: ",") }

  /// What is printed of a dry run with `--json`.
  private struct Scripts: Encodable {
    let array: String
    let merge: String
    /// In a shell, one after the other.
    let commands: [String]
  }

  private func show(_ scripts: SlurmScripts) throws {
    let folder = scripts.folder
    let (shards, merges) = (Array(1...scripts.shards), Array(1...scripts.merges))
    let commands = [
      "job=$(\(ShellWord.joined(["sbatch", "--parsable"] + arrayOptions(shards, folder))))",
      "sbatch --dependency=\"afterany:$job\" \(ShellWord.joined(mergeOptions(merges, after: [], folder)))",
    ]
    try reporting.result(
      Scripts(array: folder.array.path, merge: folder.merge.path, commands: commands),
      text: """
        \(folder.array.path):

        \(scripts.array)
        \(folder.merge.path):

        \(scripts.mergeScript)
        Nothing is submitted. To submit them:
          \(commands.joined(separator: "\n  "))
        """)
  }

  // MARK: What is divided

  private struct Work {
    /// As many as there are where nobody says.
    let shards: Int
    /// Results that can be put together side by side.
    let results: Int
    let merge: (_ parts: String) -> SlurmScripts.Merge
  }

  /// The command as it will be understood: what is wrong with it is said before anything is submitted.
  private func work() throws -> Work {
    let command = try PagsBench.parseAsRoot(CommandLineArguments.prepared(words, for: PagsBench.self))
    let work = try work(of: command)
    if let device = command as? any DeviceCommand { try device.checkDevice() }
    try (command as? any QueuedCommand)?.checkBeforeQueue()
    return work
  }

  private func work(of command: any ParsableCommand) throws -> Work {
    switch command {
    case let evaluate as EvaluateCommand:
      try check(evaluate.parts)
      let models = evaluate.checkpoints.count
      return Work(shards: models > 1 ? models : Self.usualShards, results: models) {
        .parts(evaluate.parts.parts ?? $0)
      }
    case let attack as AttackCommand:
      try check(attack.parts)
      if attack.attackOptions.verify != nil {
        throw ValidationError("--verify runs no attack that could be divided")
      }
      return Work(shards: Self.usualShards, results: 1) { .parts(attack.parts.parts ?? $0) }
    case let sweep as SweepCommand:
      if sweep.sweep.shard != nil { throw ValidationError("--shard is given by slurm") }
      guard let output = sweep.output else {
        throw ValidationError("--report draws what is there; nothing to divide")
      }
      let report =
        ["sweep", "--report", output] + (sweep.figure.map { ["--figure", $0] } ?? [])
        + (sweep.reporting.json ? ["--json"] : [])
        + (sweep.reporting.quiet ? ["--quiet"] : [])
      let grid = try sweep.sweep.grid()
      let models = grid.strengths.count * grid.seeds.count
      return Work(shards: min(models, Self.shardBounds.upperBound), results: 1) { _ in
        .command(report)
      }
    default:
      throw ValidationError("slurm divides evaluate, attack and sweep")
    }
  }

  private func check(_ parts: PartOptions) throws {
    if parts.shard != nil || parts.merge {
      throw ValidationError("--shard and --merge are given by slurm")
    }
  }
}
