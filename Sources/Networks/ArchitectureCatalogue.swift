/// What `plugins` lists beside model formats.
package enum ArchitectureCatalogue {
  package struct Family: Sendable {
    package let names: [String]
    package let summary: String
  }

  package struct LayerKind: Sendable {
    package let name: String
    package let summary: String
    package let options: [String]
  }

  package static var families: [Family] {
    ArchitectureLookup.families.map { Family(names: $0.names, summary: $0.summary) }
  }

  /// Whether there is an architecture of that name, for any tensors.
  /// - Throws: `ModelError.unknownArchitecture`.
  package static func check(_ name: String) throws { _ = try ArchitectureLookup.family(of: name) }

  /// Sorted by name.
  package static var layerTypes: [LayerKind] {
    LayerType.all.values.sorted { $0.name < $1.name }
      .map { LayerKind(name: $0.name, summary: $0.summary, options: $0.options) }
  }
}
