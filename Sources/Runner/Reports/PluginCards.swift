import BenchCore
import Networks
import Plugins

/// Everything that `plugins show` knows, made of the plugins' own properties.
enum PluginCards {
  static var all: [Card] { models + references + architectures + layers }

  static var models: [Card] {
    PagsBench.plugins.models.map { plugin in
      let facts = plugin.facts
      var card = Card(id: plugin.id, kind: "model format", summary: plugin.summary)
      card.add("version", plugin.version)
      if !facts.files.isEmpty { card.add("files", facts.files.joined(separator: ", "), "told by content, not by name") }
      for note in facts.notes { card.add("note", note) }
      for page in facts.pages { card.add("more", page) }
      card.examples = facts.examples
      return card
    }
  }

  static var references: [Card] {
    ReferenceKind.allCases.flatMap { kind in
      PagsBench.plugins.references(kind).map { plugin in
        Card(
          id: plugin.id, kind: kind.name, summary: plugin.summary,
          examples: ["pags-bench evaluate MODEL.pth --\(kind.rawValue) \(plugin.usage)"])
      }
    }
  }

  /// One for each name.
  static var architectures: [Card] {
    ArchitectureCatalogue.families.flatMap { family in
      family.names.map { name in
        var card = Card(id: name, kind: "network architecture", summary: family.summary)
        card.add("family", family.names.joined(separator: ", "))
        card.add("variant", "\(name)-softplus", "with softplus activations of beta 20 in place of every ReLU")
        card.examples = [
          "pags-bench evaluate MODEL.pth", "pags-bench evaluate MODEL.pth --arch \(name)",
          "\"architecture\": \"\(name)\" in model.json",
        ]
        return card
      }
    }
  }

  static var layers: [Card] {
    ArchitectureCatalogue.layerTypes.map { type in
      var card = Card(id: type.name, kind: "layer type", summary: type.summary)
      let options = type.options
      card.add(
        "options", options.isEmpty ? "none" : options.joined(separator: ", "),
        !options.contains("name")
          ? nil
          : type.name.hasSuffix("Parameter")
            ? "`name` is its tensor" : "`name` is the prefix of its tensors, which tell its sizes")
      card.add("more", "docs/add-a-model.md")
      card.examples = [
        "{\"type\": \"\(type.name)\"\(type.options.contains("name") ? ", \"name\": \"NAME\"" : "")} in the layer list of model.json"
      ]
      return card
    }
  }
}
