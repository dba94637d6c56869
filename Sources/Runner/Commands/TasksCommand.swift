import ArgumentParser
import BenchCore
import Foundation
import Images
import JSON
import Plugins

/// `pags-bench tasks`, `tasks show`, `tasks describe` and `tasks calibrate`: what can be measured against, and how it judges.
struct TasksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tasks", abstract: "Lists the tasks.",
    subcommands: [List.self, Show.self, TasksDescribeCommand.self, TasksCalibrateCommand.self],
    defaultSubcommand: List.self)

  struct List: ReportingCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the tasks.")

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func run() throws {
      if reporting.json {
        let cards = PagsBench.plugins.tasks.map { TaskDescription.card($0) }
        return try CommandLineOutput.document(cards)
      }
      let column = max(10, 2 + (PagsBench.plugins.tasks.map(\.id.count).max() ?? 0))
      let lines = PagsBench.plugins.tasks.flatMap { plugin in
        let facts = plugin.facts
        let size = facts.imageShape.map { $0.dimensions.map(String.init).joined(separator: " x ") + ", " } ?? ""
        let data =
          plugin.dataRequirement == nil ? "needs no files" : "needs --data: \(facts.dataSource ?? "its data set")"
        return [
          "\(plugin.id.padded(column))\(plugin.summary)",
          "".padded(column) + "\(size)\(facts.classNames.count) classes; \(data)",
        ]
      }
      CommandLineOutput.result((lines + ["", "`tasks show ID` tells more"]).joined(separator: "\n"))
    }
  }

  struct Show: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows one task: its constants, and with its data how good its reference is.")

    @Argument(help: "Name of the task.", completion: .list(PagsBench.plugins.tasks.map { $0.id }))
    var id: String

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var cache: CacheOptions

    @Option(help: ArgumentHelp("Draw sample images to this PNG file.", valueName: "file"), completion: .file())
    var samples: String?

    @Option(help: "Seed of the samples.")
    var seed: UInt64 = 0

    @OptionGroup var threadOptions: ThreadOptions

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func validate() throws {
      try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
      _ = try TaskLookup.plugin(id)
    }

    func run() throws {
      Interruption.install()
      let plugin = try TaskLookup.plugin(id)
      guard plugin.dataRequirement == nil || TaskLookup.dataFolder(id, given: dataOptions.data) != nil else {
        var card = TaskDescription.card(plugin, named: id)
        card.add("reference", "pass --data to see its manifold, density and how good they are")
        return try card.show(reporting)
      }
      if let samples { try SampleSheet.check(samples, of: plugin) }
      let progress = TerminalProgress(quiet: reporting.quiet)
      defer { progress.end() }
      let task = try TaskLookup.make(
        id, data: dataOptions.data, cache: cache.folder, threads: threadOptions.threads, progress: progress)
      progress.end()
      try TaskDescription.card(plugin, task, named: id).show(reporting)
      if let samples { try SampleSheet.write(task, seed: seed, to: samples) }
    }
  }
}
