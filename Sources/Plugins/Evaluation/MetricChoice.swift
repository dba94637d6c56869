import BenchCore
import Served

/// A metric by its plugin and the files that it is made from: what `--metric ID[=FILE]` says.
public struct MetricChoice: Sendable, Equatable {
  /// The plugin's.
  public var id: String
  /// A path, or several with commas between them where the plugin takes several; nil where it takes none.
  public var files: String?

  public init(id: String, files: String? = nil) {
    self.id = id
    self.files = files
  }

  /// The command of a program that serves it; nil for a metric of a plugin.
  package var command: String? { id == ServedReferences.id ? files ?? "" : nil }

  /// The plugin and the paths of its files.
  /// - Throws: `ReferenceChoiceError.unknown`, and `EvaluationError.invalidConfiguration` for other files than the metric is made
  ///   from.
  package func resolved(_ plugins: PluginSet) throws -> (plugin: any MetricPlugin.Type, paths: [String]) {
    guard let plugin = plugins.metrics.first(where: { $0.id == id }) else {
      throw ReferenceChoiceError.unknown(
        .metric, id: id, known: plugins.metrics.map { $0.usage } + ["\(ServedReferences.id)=CMD"])
    }
    return (plugin, try plugin.paths(files, option: "--metric"))
  }
}
