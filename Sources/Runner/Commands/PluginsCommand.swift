import ArgumentParser
import BenchCore
import Plugins

/// `pags-bench plugins` and `plugins show`: which models can be read.
struct PluginsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugins", abstract: "Lists model formats, architectures and layer types.",
    subcommands: [List.self, Show.self, Check.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists model formats and architectures.")

    func run() {
      var lines = ["Model formats"]
      lines += BuiltinPlugins.models.map { "  \($0.id.padded(14))\($0.summary)" }
      lines += ["", "Manifolds and scores beside the tasks' own (`evaluate --manifold ID=FILE`, `--score ID=FILE`)"]
      lines += BuiltinPlugins.manifolds.map { "  \($0.id.padded(14))\($0.summary)" }
      lines += BuiltinPlugins.scores.map { "  \($0.id.padded(14))\($0.summary)" }
      lines += ["", "Architectures (recognised from tensor names, or --arch; `-softplus` replaces every ReLU)"]
      lines += ArchitectureCatalogue.families.flatMap { ["  \($0.summary)", "    \($0.names.joined(separator: " "))"] }
      lines += ["", "Anything else: a layer list in model.json, of these types (`plugins show TYPE`)"]
      lines += ArchitectureCatalogue.layerTypes.map { "  \($0.name.padded(18))\($0.summary)" }
      CommandLineOutput.result(lines.joined(separator: "\n"))
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a model format, a family of architectures or a layer type.")

    @Argument(help: "Name from `pags-bench plugins`.")
    var id: String

    func run() throws {
      if let plugin = BuiltinPlugins.models.first(where: { $0.id == id }) {
        return CommandLineOutput.result("\(plugin.id) version \(plugin.version)\n\(plugin.summary)")
      }
      let references =
        BuiltinPlugins.manifolds.map { ($0.id, "manifold", $0.summary) }
        + BuiltinPlugins.scores.map { ($0.id, "score", $0.summary) }
      if let (id, kind, summary) = references.first(where: { $0.0 == id }) {
        return CommandLineOutput.result("\(id): \(kind)\n\(summary)")
      }
      if let family = ArchitectureCatalogue.families.first(where: { $0.names.contains(id) }) {
        return CommandLineOutput.result("\(family.summary)\n\(family.names.joined(separator: " "))")
      }
      if let type = ArchitectureCatalogue.layerTypes.first(where: { $0.name == id }) {
        let options = type.options.isEmpty ? "none" : type.options.joined(separator: ", ")
        return CommandLineOutput.result("\(type.name): \(type.summary)\noptions: \(options)")
      }
      let known =
        BuiltinPlugins.models.map { $0.id } + references.map(\.0) + ArchitectureCatalogue.families.flatMap(\.names)
        + ArchitectureCatalogue.layerTypes.map(\.name)
      let nearest = Nearest.match(id, in: known).map { "; did you mean `\($0)`?" } ?? ";"
      throw ValidationError("there is nothing called `\(id)`\(nearest) `pags-bench plugins` lists all names")
    }
  }
}

extension String {
  /// At least `width` characters, and one space.
  func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
