import BenchCore
import Checkpoints
import Served

/// From choices to manifolds, scores, second references and metrics.
public struct ReferenceLoader: Sendable {
  private let plugins: PluginSet
  private let lookup: DescriptionLookup

  /// - Parameters:
  ///   - plugins: among which choices are looked up.
  ///   - files: whose descriptions are looked through.
  public init(_ plugins: PluginSet = BuiltinPlugins.all, files: ProjectFiles? = .locate()) {
    self.plugins = plugins
    lookup = DescriptionLookup(modelsFolder: files?.models)
  }

  /// - Returns: nil for the task's own.
  /// - Throws: `ReferenceChoiceError`, `EvaluationError` for other files than the plugin takes, and what the plugin throws, naming
  ///   the file. So do the others.
  package func manifold(_ choice: ReferenceChoice, _ options: ReferenceOptions) throws -> (any Manifold)? {
    switch choice {
    case .exact: nil
    case .program(let command): try ServedReferences.manifold(command, options, server: .forReferences)
    case .plugin(let id, let paths):
      try load(id, paths, from: plugins.manifolds, .manifold) { try $0.load($1, options) }
    }
  }

  /// - Returns: the score, and the noise levels it is defined at; nil for the task's own.
  package func score(
    _ choice: ReferenceChoice, _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double])? {
    switch choice {
    case .exact: nil
    case .program(let command): try ServedReferences.score(command, options, server: .forReferences)
    case .plugin(let id, let paths): try load(id, paths, from: plugins.scores, .score) { try $0.load($1, options) }
    }
  }

  package func secondReference(_ choice: ReferenceChoice, _ options: ReferenceOptions) throws -> any PosteriorScore {
    switch choice {
    case .exact: throw ReferenceChoiceError.notExact(.reference, task: options.subject, own: nil)
    case .program: throw ReferenceChoiceError.notServed(.reference, known: plugins.usages(.reference))
    case .plugin(let id, let paths):
      try load(id, paths, from: plugins.posteriorScores, .reference) { try $0.load($1, options) }
    }
  }

  package func metric(_ choice: ReferenceChoice, _ options: ReferenceOptions) throws -> any AlignmentMetric {
    switch choice {
    case .exact: throw ReferenceChoiceError.notExact(.metric, task: options.subject, own: nil)
    case .program(let command): try ServedReferences.metric(command, options, server: .forReferences)
    case .plugin(let id, let paths): try load(id, paths, from: plugins.metrics, .metric) { try $0.load($1, options) }
    }
  }

  /// The metrics of an evaluation.
  /// - Parameter threads: of the metrics.
  /// - Returns: the cosine, which decides, and each of the choices that is another; a file for the cosine is refused.
  public func metrics(
    _ choices: [ReferenceChoice], for task: any BenchmarkTask, threads: Int = 1
  ) throws -> [any AlignmentMetric] {
    let options = ReferenceOptions(
      task: task.id, imageShape: task.comparedShape, classCount: task.classCount, threads: threads)
    let decisive = ReferenceChoice.plugin(id: EvaluationConfiguration.decisiveMetric)
    return [Cosine()] + (try choices.filter { $0 != decisive }.map { try metric($0, options) })
  }

  /// - Throws: `CheckpointError`, `DescriptionError`, `JSONError`, naming the file.
  private func files(_ paths: [String], of plugin: any ReferencePlugin.Type) throws -> [ReferenceFile] {
    try paths.map { path in
      let read = try plugin.filesRead(at: path)
      guard let first = read.first else {
        throw EvaluationError.invalidConfiguration(option: plugin.id, expected: "files in \(path)", got: "none")
      }
      return try ReferenceFile(at: first, further: Array(read.dropFirst()), lookup)
    }
  }

  /// - Parameter candidates: the plugins of the kind, as metatypes of its protocol.
  private func load<Plugin, Made>(
    _ id: String, _ paths: [String], from candidates: [Plugin], _ kind: ReferenceKind,
    make: (Plugin, [ReferenceFile]) throws -> Made
  ) throws -> Made {
    guard let index = plugins.references(kind).firstIndex(where: { $0.id == id }) else {
      throw ReferenceChoiceError.unknown(kind, id: id, known: plugins.usages(kind))
    }
    let plugin = plugins.references(kind)[index]
    try plugin.check(count: paths.count, option: "--\(kind.rawValue)")
    return try make(candidates[index], files(paths, of: plugin))
  }
}

extension ReferenceFile {
  /// The files at paths, with what `lookup` finds for the first.
  /// - Throws: `CheckpointError`, `DescriptionError`, `JSONError`, naming the file.
  init(at path: String, further: [String] = [], _ lookup: DescriptionLookup) throws {
    let checkpoint = try CheckpointFile.open(path)
    self.init(
      checkpoint, further: try further.map { try CheckpointFile.open($0) },
      try lookup.find(for: checkpoint, explicit: nil)?.description)
  }
}
