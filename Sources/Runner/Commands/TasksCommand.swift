import ArgumentParser
import BenchCore
import Foundation
import Images
import Plugins

/// `pags-bench tasks` and `tasks show`: what can be measured against.
struct TasksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tasks", abstract: "Lists the tasks.", subcommands: [List.self, Show.self],
    defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the tasks.")

    func run() {
      CommandLineOutput.result(
        BuiltinPlugins.tasks.map { "\($0.id.padded(10))\($0.summary)" }.joined(separator: "\n"))
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows one task: its constants, and with its data how good its reference is.")

    @Argument(help: "Name of the task.")
    var id: String

    @Option(help: ArgumentHelp("Folder of the task's data set.", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Folder for fitted references. (default: ~/.cache/pags-bench)", valueName: "dir"))
    var cache: String?

    @Option(help: ArgumentHelp("Draw sample images to this PNG file.", valueName: "file"))
    var samples: String?

    @Option(help: "Seed of the samples.")
    var seed: UInt64 = 0

    @Option(help: "Threads.")
    var threads: Int = ProcessorCount.available

    @Flag(help: "No progress on standard error.")
    var quiet = false

    func validate() throws { _ = try TaskLookup.plugin(id) }

    func run() throws {
      Interruption.install()
      let plugin = try TaskLookup.plugin(id)
      var lines = ["\(plugin.id): \(plugin.summary)"]
      if let needed = plugin.dataRequirement {
        lines.append("needs --data: \(needed)")
        guard data != nil || ProcessInfo.processInfo.environment["PAGS_BENCH_DATA"] != nil else {
          lines.append("pass --data to see its constants and its reference")
          return CommandLineOutput.result(lines.joined(separator: "\n"))
        }
      }
      let progress = TerminalProgress(quiet: quiet)
      defer { progress.end() }
      let task = try TaskLookup.make(id, data: data, cache: cache, threads: threads, progress: progress)
      progress.end()
      CommandLineOutput.result((lines + TaskDescription.lines(task)).joined(separator: "\n"))
      if let samples { try SampleSheet.write(task, seed: seed, to: samples) }
    }
  }
}
