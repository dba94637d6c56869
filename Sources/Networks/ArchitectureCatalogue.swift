/// What `plugins` lists beside model formats.
public enum ArchitectureCatalogue {
  public struct Family: Sendable {
    public let names: [String]
    public let summary: String
  }

  public struct LayerKind: Sendable {
    public let name: String
    public let summary: String
    public let options: [String]
  }

  public static var families: [Family] {
    ArchitectureLookup.families.map { Family(names: $0.names, summary: $0.summary) }
  }

  /// Sorted by name.
  public static var layerTypes: [LayerKind] {
    LayerType.all.values.sorted { $0.name < $1.name }
      .map { LayerKind(name: $0.name, summary: $0.summary, options: $0.options) }
  }
}
