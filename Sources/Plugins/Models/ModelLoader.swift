import BenchCore
import Checkpoints
import Foundation

/// From a path to a model, in two steps: what the file is, which may decide what it is measured on, and its network.
public struct ModelLoader: Sendable {
  /// A checkpoint, the plugin that reads it and what is known about it; nothing of its content was read yet.
  public struct Candidate: Sendable {
    public let checkpoint: CheckpointFile
    public let plugin: any ModelPlugin.Type
    /// Name of the format in results.
    public let format: String
    public let description: ModelDescription?
    /// Where the description was found.
    public let descriptionPath: String?
  }

  private let lookup: DescriptionLookup

  public init(_ files: ProjectFiles?) { lookup = DescriptionLookup(modelsFolder: files?.models) }

  /// - Parameter description: `--model`.
  /// - Throws: `CheckpointError`, `ModelLoaderError`, `DescriptionError`, `JSONError`, naming the file.
  public func find(_ path: String, description: String?) throws -> Candidate {
    let checkpoint = try CheckpointFile.open(path)
    let probe = FileProbe(checkpoint)
    guard let plugin = BuiltinPlugins.models.first(where: { $0.recognizes(probe) }) else {
      throw ModelLoaderError.noPlugin(
        file: checkpoint.name,
        found: probe.format.map { "no plugin reads the format \($0.rawValue)" } ?? CheckpointFormat.describe(probe),
        plugins: BuiltinPlugins.models.map { $0.summary })
    }
    let found = try lookup.find(for: checkpoint, explicit: description)
    if let kind = found?.description.kind, kind != .classifier {
      throw ReferenceError.otherKind(
        file: checkpoint.name, expected: ModelDescription.Kind.classifier.rawValue, got: kind.rawValue, use: kind.use)
    }
    return Candidate(
      checkpoint: checkpoint, plugin: plugin, format: probe.format?.rawValue ?? plugin.id,
      description: found?.description, descriptionPath: found?.path)
  }

  /// - Throws: errors that name the file; see `CheckpointError`, `ModelError`.
  public func load(_ candidate: Candidate, _ options: LoadOptions) throws -> LoadedModel {
    try candidate.plugin.init().load(candidate.checkpoint, candidate.description, options)
  }
}

public enum ModelLoaderError: Error, Sendable, CustomStringConvertible {
  case noPlugin(file: String, found: String, plugins: [String])

  public var description: String {
    switch self {
    case .noPlugin(let file, let found, let plugins):
      "\(file): \(found); what can be read: \(plugins.joined(separator: "; "))"
    }
  }
}
