import BenchCore
import Checkpoints
import Foundation

/// From a path to a model: finds the description and the plugin that reads the file.
public struct ModelLoader: Sendable {
  public struct Loaded: Sendable {
    public let model: LoadedModel
    public let checkpoint: CheckpointFile
    public let format: String
    public let plugin: any ModelPlugin.Type
    public let description: ModelDescription?
    /// Where the description was found; nil where the network was recognised or named.
    public let descriptionPath: String?
  }

  private let lookup: DescriptionLookup

  public init(_ files: ProjectFiles?) { lookup = DescriptionLookup(modelsFolder: files?.models) }

  /// - Parameter description: `--model`.
  /// - Throws: errors that name the file; see `CheckpointError`, `ModelError`, `DescriptionError`.
  public func load(_ path: String, description: String?, options: LoadOptions) throws -> Loaded {
    let checkpoint = try CheckpointFile.open(path)
    let probe = FileProbe(checkpoint)
    guard let plugin = BuiltinPlugins.models.first(where: { $0.recognizes(probe) }) else {
      throw ModelLoaderError.noPlugin(
        file: checkpoint.name, format: probe.format?.rawValue, plugins: BuiltinPlugins.models.map { $0.summary })
    }
    let found = try lookup.find(for: checkpoint, explicit: description)
    let model = try plugin.init().load(checkpoint, found?.description, options)
    return Loaded(
      model: model, checkpoint: checkpoint, format: probe.format?.rawValue ?? plugin.id, plugin: plugin,
      description: found?.description, descriptionPath: found?.path)
  }
}

public enum ModelLoaderError: Error, Sendable, CustomStringConvertible {
  case noPlugin(file: String, format: String?, plugins: [String])

  public var description: String {
    switch self {
    case .noPlugin(let file, let format, let plugins):
      "\(file): " + (format.map { "no plugin reads the format \($0)" } ?? "this is no known checkpoint format")
        + "; what can be read: \(plugins.joined(separator: "; "))"
    }
  }
}
