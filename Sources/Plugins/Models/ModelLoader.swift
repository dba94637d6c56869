import BenchCore
import Checkpoints
import Foundation
import Networks
import Served

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
    /// The program that serves the model, where one does; `checkpoint` is then the checkpoint it was told, or else the
    /// program's own files.
    public let server: ServerCommand?
  }

  private let lookup: DescriptionLookup
  private let plugins: [any ModelPlugin.Type]

  /// - Parameter plugins: are asked in this order whether they recognise a file.
  package init(_ files: ProjectFiles?, plugins: [any ModelPlugin.Type]) {
    lookup = DescriptionLookup(modelsFolder: files?.models)
    self.plugins = plugins
  }

  /// - Parameters:
  ///   - path: a checkpoint, or a description (JSON), or nil where a program needs neither.
  ///   - description: `--model`.
  ///   - request: whether a program may serve the model; by default none may. Nil where the network itself is wanted, which
  ///     a description may have beside a program.
  /// - Throws: `CheckpointError`, `ModelLoaderError`, `DescriptionError`, `ServedPluginError`, `JSONError`, naming the file,
  ///   and without a request `ModelError.noLayers` for a program's model that is not described.
  package func find(
    _ path: String?, description: String?, server request: ServerRequest? = ServerRequest()
  ) throws -> Candidate {
    let (checkpointPath, explicit) = try places(path, description: description)
    let checkpoint = try checkpointPath.map { try CheckpointFile.open($0) }
    let found =
      if let checkpoint { try lookup.find(for: checkpoint, explicit: explicit) } else {
        try explicit.map {
          DescriptionLookup.Found(description: try DescriptionLookup.read(URL(fileURLWithPath: $0)), path: $0)
        }
      }
    if request == nil, let found, found.description.plugin != nil, found.description.architecture == nil {
      throw ModelError.noLayers(file: found.path, kind: "the description of a model that a program serves")
    }
    if let resolved = try request?.resolve(found, checkpoint: checkpoint) {
      let format = checkpoint.map { FileProbe($0).format?.rawValue ?? "external" }
      return Candidate(
        checkpoint: try checkpoint ?? resolved.files.identity(), plugin: ServedPlugin.self,
        format: format ?? "plugin-files", description: found?.description, descriptionPath: found?.path,
        server: resolved.command)
    }
    guard let checkpoint else { throw ModelLoaderError.noCheckpoint(description: explicit) }
    let probe = FileProbe(checkpoint)
    guard let plugin = plugins.first(where: { $0.recognizes(probe) }) else {
      throw ModelLoaderError.noPlugin(
        file: checkpoint.name,
        found: probe.format.map { "no plugin reads the format \($0.rawValue)" } ?? CheckpointFormat.describe(probe),
        plugins: plugins.map { $0.summary })
    }
    if let kind = found?.description.kind, kind != .classifier {
      throw ReferenceError.otherKind(
        file: checkpoint.name, expected: ModelDescription.Kind.classifier.rawValue, got: kind.rawValue, use: kind.use)
    }
    return Candidate(
      checkpoint: checkpoint, plugin: plugin, format: probe.format?.rawValue ?? plugin.id,
      description: found?.description, descriptionPath: found?.path, server: nil)
  }

  /// - Throws: errors that name the file; see `CheckpointError`, `ModelError`, `ServedPluginError`.
  package func load(_ candidate: Candidate, _ options: LoadOptions) throws -> LoadedModel {
    var options = options
    options.server = candidate.server
    let described = candidate.description?.checkpoint
    if options.weights.isEmpty { options.weights = WeightsChoice(key: described?.weights, member: described?.member) }
    if !options.weights.isEmpty, candidate.plugin != StateDictPlugin.self {
      throw ModelError.noStateDicts(file: candidate.checkpoint.name, format: candidate.format)
    }
    return try candidate.plugin.init().load(candidate.checkpoint, candidate.description, options)
  }

  /// The checkpoint and the description that a path means: a description names its checkpoint.
  private func places(_ path: String?, description: String?) throws -> (checkpoint: String?, description: String?) {
    guard let path, path.hasSuffix(".json") else { return (path, description) }
    guard !path.hasSuffix(".index.json") else { throw ModelLoaderError.shardIndex(path) }
    guard description == nil else { throw ModelLoaderError.twoDescriptions(path) }
    guard FileManager.default.fileExists(atPath: path) else { throw DescriptionError.notFound(path) }
    let url = URL(fileURLWithPath: path)
    let file = try DescriptionLookup.read(url).checkpoint?.file
    return (file.map { URL(fileURLWithPath: $0, relativeTo: url.deletingLastPathComponent()).path }, path)
  }
}

public enum ModelLoaderError: Error, Sendable, CustomStringConvertible {
  case noPlugin(file: String, found: String, plugins: [String])
  case noCheckpoint(description: String?)
  case twoDescriptions(String)
  case shardIndex(String)

  public var description: String {
    switch self {
    case .noPlugin(let file, let found, let plugins):
      "\(file): \(found); what can be read: \(plugins.joined(separator: "; "))"
    case .noCheckpoint(let description?):
      "\(description): names neither a checkpoint.file beside it nor a plugin.command; fetch the checkpoint and give its path"
    case .noCheckpoint(nil): "no model is named; give a checkpoint, a model.json, or a program with --plugin"
    case .shardIndex(let path):
      "\(path): is the index of a checkpoint in parts, which are not read; load the whole model and save "
        + "torch.save(model.state_dict(), FILE)"
    case .twoDescriptions(let path):
      "\(path): is a description, and --model names another; give the checkpoint with --model"
    }
  }
}
