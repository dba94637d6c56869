import ArgumentParser
import BenchCore
import JSON
import Networks
import Plugins
import Text

/// `pags-bench plugins` and `plugins show`: which models can be read.
struct PluginsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugins", abstract: "Lists model formats, architectures and layer types.",
    subcommands: [List.self, Show.self, Check.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists model formats and architectures.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      if json {
        return CommandLineOutput.result(String(decoding: try JSONEncoding.encode(PluginCards.all), as: UTF8.self))
      }
      var lines = ["Model formats"]
      lines += PagsBench.plugins.models.map { "  \($0.id.padded(14))\($0.summary)" }
      lines += ["", "Manifolds and scores beside the tasks' own (`evaluate --manifold ID=FILE`, `--score ID=FILE`)"]
      lines += PagsBench.plugins.manifolds.map { "  \($0.id.padded(14))\($0.summary)" }
      lines += PagsBench.plugins.scores.map { "  \($0.id.padded(14))\($0.summary)" }
      lines += ["", "Metrics by which gradients are compared with them (`evaluate --metric ID[=FILE]`)"]
      lines += PagsBench.plugins.metrics.map { "  \($0.id.padded(14))\($0.summary)" }
      lines += ["", "Architectures (recognised from tensor names, or --arch; `-softplus` replaces every ReLU)"]
      lines += ArchitectureCatalogue.families.flatMap { family in
        ["  \(family.summary)"]
          + ResultSummary.wrapped(family.names.joined(separator: " "), indent: "    ", hanging: "    ")
      }
      lines += ["", "Anything else: a layer list in model.json, of these types (`plugins show TYPE`)"]
      lines += ArchitectureCatalogue.layerTypes.map { "  \($0.name.padded(18))\($0.summary)" }
      lines += ["", "`plugins show NAME` tells more; `plugins check CHECKPOINT` says whether a model can be measured"]
      CommandLineOutput.result(lines.joined(separator: "\n"))
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a model format, a family of architectures or a layer type.")

    @Argument(help: "Name from `pags-bench plugins`.")
    var id: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let cards = PluginCards.all
      guard let card = cards.first(where: { $0.id == id }) else {
        let nearest = Nearest.match(id, in: cards.map(\.id)).map { "; did you mean `\($0)`?" } ?? ";"
        throw ValidationError("there is nothing called `\(id)`\(nearest) `pags-bench plugins` lists all names")
      }
      try card.show(json: json)
    }
  }
}

extension String {
  /// At least `width` characters, and one space.
  func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
