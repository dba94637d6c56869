import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Submissions
import Text

/// `pags-bench leaderboard build`, `verify`, `table` and `site`.
struct LeaderboardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leaderboard", abstract: "Rebuilds, checks, prints or publishes the leaderboard.",
    subcommands: [Build.self, Verify.self, PrintTable.self, MakeSite.self])

  struct Folder: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "The leaderboard's folder. (default: the project's, and one's own in its folder `own`)", valueName: "dir"),
      completion: .directory)
    var directory: String?

    var files: ProjectFiles { ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: ".")) }

    var leaderboard: Leaderboard {
      Leaderboard(directory: directory.map { URL(fileURLWithPath: $0) } ?? files.leaderboard)
    }

    /// What is shown: of a folder that was named, its results alone.
    func shown() throws -> ShownResults { try ShownResults(of: leaderboard, withOwn: directory == nil) }

    /// The leaderboards that are meant, with what the paths of their results begin with.
    var all: [(prefix: String, leaderboard: Leaderboard)] {
      let (committed, own) = (leaderboard, leaderboard.own)
      guard directory == nil, own.isThere else { return [("", committed)] }
      // Away from a checkout of the project there is one's own alone.
      return (committed.isThere ? [("", committed)] : []) + [("\(Leaderboard.ownFolder)/", own)]
    }

    func validate() throws {
      if let directory, !FileManager.default.fileExists(atPath: directory) {
        throw ValidationError("--directory: there is no folder \(directory)")
      }
    }
  }

  struct Build: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "Rebuilds leaderboard.json from results/.",
      discussion: "The file depends on the results alone: building it twice gives the same bytes.")

    @OptionGroup var folder: Folder

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    /// What is printed of a leaderboard.
    private struct Built: Encodable {
      let file: String
      let changed: Bool
    }

    func run() throws {
      let built = try folder.all.map {
        Built(file: $0.leaderboard.documentURL.path, changed: try $0.leaderboard.refresh())
      }
      try reporting.result(
        built, text: built.map { "\($0.file): \($0.changed ? "rebuilt" : "up to date")" }.joined(separator: "\n"))
    }
  }

  struct Verify: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks every result against the schema, its place and its checkpoint's digest.")

    @OptionGroup var folder: Folder

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    /// What is printed with `--json`.
    private struct Verified: Encodable {
      struct Mismatch: Encodable {
        let path: String
        let reason: String
      }

      let directory: String
      let mismatches: [Mismatch]
    }

    func run() throws {
      var mismatches = try folder.all.flatMap { prefix, leaderboard in
        // One's own models have nothing to do with submitted ones that have the same ids.
        let models =
          prefix.isEmpty
          ? folder.files.models : leaderboard.directory.deletingLastPathComponent().appendingPathComponent("models")
        return try leaderboard.verify(models: models).map {
          LeaderboardMismatch(path: prefix + $0.path, reason: $0.reason)
        }
      }
      if folder.directory == nil {
        mismatches += try SubmissionVerification.mismatches(folder.files, tasks: PagsBench.plugins.tasks)
      }
      for mismatch in mismatches { CommandLineOutput.error(mismatch.description) }
      let directory = folder.leaderboard.directory.path
      if reporting.json || mismatches.isEmpty {
        try reporting.result(
          Verified(directory: directory, mismatches: mismatches.map { .init(path: $0.path, reason: $0.reason) }),
          text: "\(directory): every result is in order")
      }
      if !mismatches.isEmpty { throw ExitCode(1) }
    }
  }

  struct PrintTable: ReportingCommand {
    static let configuration = CommandConfiguration(
      commandName: "table", abstract: "Prints the leaderboard's tables, one for each task.",
      discussion: "From the results, not from leaderboard.json. How to: docs/show.md")

    @OptionGroup var folder: Folder

    @Option(help: "Only the table of this task.", completion: .list(PagsBench.plugins.tasks.map { $0.id }))
    var task: String?

    @Option(help: "How it is written: \(Table.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: Table.Format = .text

    @Option(
      help: ArgumentHelp(
        "Order: \(LeaderboardTable.Order.allCases.map(\.rawValue).joined(separator: ", ")); the best first.",
        valueName: "order"))
    var sort: LeaderboardTable.Order = .regime

    @Flag(help: "The other way round.")
    var reverse = false

    @Option(
      help: ArgumentHelp(
        "Only these columns, in this order, by their names in CSV, such as name,regime,accuracy,alignment.",
        valueName: "a,b,c"))
    var columns: String?

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func run() throws {
      let document = try folder.shown().document
      let known = (document.tasks + (document.unranked ?? [])).map(\.id)
      if let task, !known.contains(task) {
        throw ValidationError(
          Nearest.unknown("--task: the leaderboard has no results of", task, among: known) {
            known.isEmpty ? "it has none at all" : "it has those of \(known.joined(separator: ", "))"
          })
      }
      let tables = LeaderboardTable.tables(document, task: task, order: sort, isReversed: reverse)
      // In the document's own order; what reads it sorts by itself.
      let chosen = try tables.map { try TableColumns.choose(columns, of: $0) }
      try reporting.result(task.map(document.only) ?? document, text: Table.text(chosen, as: format))
    }
  }
}

extension LeaderboardTable.Order: ExpressibleByArgument {}
