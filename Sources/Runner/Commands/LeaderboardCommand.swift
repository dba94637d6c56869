import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Submissions

/// `pags-bench leaderboard build` and `verify`.
struct LeaderboardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leaderboard", abstract: "Rebuilds or checks the leaderboard.",
    subcommands: [Build.self, Verify.self])

  struct Folder: ParsableArguments {
    @Option(help: ArgumentHelp("The leaderboard's folder. (default: the project's)", valueName: "dir"))
    var directory: String?

    var files: ProjectFiles { ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: ".")) }

    var leaderboard: Leaderboard {
      Leaderboard(directory: directory.map { URL(fileURLWithPath: $0) } ?? files.leaderboard)
    }

    func validate() throws {
      if let directory, !FileManager.default.fileExists(atPath: directory) {
        throw ValidationError("--directory: there is no folder \(directory)")
      }
    }
  }

  struct Build: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Rebuilds leaderboard.json from results/.",
      discussion: "The file depends on the results alone: building it twice gives the same bytes.")

    @OptionGroup var folder: Folder

    func run() throws {
      let changed = try folder.leaderboard.refresh()
      CommandLineOutput.result("\(folder.leaderboard.documentURL.path): \(changed ? "rebuilt" : "up to date")")
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks every result against the schema, its place and its checkpoint's digest.")

    @OptionGroup var folder: Folder

    func run() throws {
      var mismatches = try folder.leaderboard.verify(models: folder.files.models)
      if folder.directory == nil {
        mismatches += try SubmissionVerification.mismatches(folder.files, tasks: PagsBench.plugins.tasks)
      }
      guard mismatches.isEmpty else {
        for mismatch in mismatches { CommandLineOutput.error(mismatch.description) }
        throw ExitCode(1)
      }
      CommandLineOutput.result("\(folder.leaderboard.directory.path): every result is in order")
    }
  }
}
