import ArgumentParser
import BenchCore
import JSON
import Networks
import Plugins
import Text

/// `pags-bench plugins` and `plugins show`: which models can be read.
struct PluginsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugins", abstract: "Lists model formats, references, metrics, architectures and layer types.",
    subcommands: [List.self, Show.self, Check.self], defaultSubcommand: List.self)

  struct List: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists model formats, references, metrics and architectures.")

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func run() throws {
      if reporting.json {
        return try CommandLineOutput.document(PluginCards.all)
      }
      var lines = ["Model formats"]
      lines += PagsBench.plugins.models.map { "  \($0.id.padded(14))\($0.summary)" }
      for kind in ReferenceKind.allCases {
        let plugins = PagsBench.plugins.references(kind)
        let needsFile = plugins.allSatisfy { $0.files.first.map { !$0.isOptional } ?? false }
        lines += ["", "\(kind.heading) (`evaluate --\(kind.rawValue) ID\(needsFile ? "=FILE" : "[=FILE]")`)"]
        lines += plugins.map { "  \($0.id.padded(14))\($0.summary)" }
      }
      lines += ["", "Architectures (recognised from tensor names, or --arch; `-softplus` replaces every ReLU)"]
      lines += ArchitectureCatalogue.families.flatMap { family in
        ["  \(family.summary)"]
          + ResultSummary.wrapped(family.names.joined(separator: " "), indent: "    ", hanging: "    ")
      }
      lines += ["", "Anything else: a layer list in model.json, of these types (`plugins show TYPE`)"]
      lines += ArchitectureCatalogue.layerTypes.map { "  \($0.name.padded(19))\($0.summary)" }
      lines += ["", "`plugins show NAME` tells more; `plugins check CHECKPOINT` says whether a model can be measured"]
      CommandLineOutput.result(lines.joined(separator: "\n"))
    }
  }

  struct Show: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a model format, a reference, a metric, an architecture or a layer type.")

    @Argument(help: "Name from `pags-bench plugins`.", completion: .list(PluginCards.all.map(\.id)))
    var id: String

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func run() throws {
      let cards = PluginCards.all
      // A score and a second reference may have one name, being read from the same files.
      let found = cards.filter { $0.id == id }
      guard let card = found.first else {
        throw ValidationError(
          Nearest.unknown("there is nothing called", id, among: cards.map(\.id)) {
            "`pags-bench plugins` lists all names"
          })
      }
      guard found.count > 1 else { return try card.show(reporting) }
      try reporting.result(found, text: found.map(\.text).joined(separator: "\n\n"))
    }
  }
}

extension String {
  /// At least `width` columns of a terminal, and one space.
  func padded(_ width: Int) -> String { padded(toColumns: width, gap: 1) }
}
