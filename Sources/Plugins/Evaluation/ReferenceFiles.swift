import BenchCore
import Foundation
import Served
import Text

/// What a task is measured with and judged by in place of its own, named by plugins and files.
public struct ReferenceFiles: Sendable, Equatable {
  public enum Choice: Sendable, Equatable {
    /// The task's own, where that is exact.
    case exact
    /// A plugin's id and the checkpoint that it reads; or `program`, and the command of a program that serves it.
    case plugin(id: String, file: String)
  }

  /// Tangent spaces; nil for the task's own.
  public var manifold: Choice?
  /// Nil for the task's own.
  public var score: Choice?
  /// A second reference, asked beside the task's density; nil for none.
  public var second: Choice?
  /// A file of thresholds, as `tasks calibrate` writes it; nil for the task's own.
  public var criteria: String?

  public init(manifold: Choice? = nil, score: Choice? = nil, second: Choice? = nil, criteria: String? = nil) {
    self.manifold = manifold
    self.score = score
    self.second = second
    self.criteria = criteria
  }

  /// The task as it is measured.
  /// - Parameters:
  ///   - threads: of the references.
  ///   - plugins: among which choices are looked up.
  ///   - files: whose descriptions are looked through.
  /// - Returns: `base` where nothing was chosen.
  /// - Throws: `ReferenceChoiceError`, and the errors of the plugins and of the criteria, naming the file.
  package func task(
    _ base: any BenchmarkTask, threads: Int, plugins: PluginSet, files: ProjectFiles?
  ) throws -> any BenchmarkTask {
    let server = ServerRequest.forReferences
    let wanted = ReferenceOptions(
      task: base.id, imageShape: base.imageShape, classCount: base.classCount, threads: threads,
      scoreNoises: base.protocolConstants.scoreNoises, decisiveNoise: base.protocolConstants.decisiveNoise)
    /// What a plugin of the kind makes of its file; nil for the task's own.
    func made<Plugin, Reference>(
      _ choice: Choice?, _ kind: ReferenceChoiceError.Kind, of plugins: [Plugin], id: (Plugin) -> String,
      exactIsKnown: Bool, own: String?, filesRead: (Plugin, String?, String) throws -> [String],
      served: ((String) throws -> Reference)? = nil, load: (Plugin, [ReferenceFile]) throws -> Reference
    ) throws -> Reference? {
      switch choice {
      case nil: return nil
      case .exact:
        guard exactIsKnown else { throw ReferenceChoiceError.notExact(kind, task: base.id, own: own) }
        return nil
      case .plugin(ServedReferences.id, let command) where served != nil: return try served?(command)
      case .plugin(let name, let file):
        guard let plugin = plugins.first(where: { id($0) == name }) else {
          throw ReferenceChoiceError.unknown(
            kind, id: name, known: plugins.map(id) + (served == nil ? [] : [ServedReferences.id]))
        }
        let lookup = DescriptionLookup(modelsFolder: files?.models)
        return try load(plugin, filesRead(plugin, file, "--\(kind.rawValue)").map { try ReferenceFile(at: $0, lookup) })
      }
    }
    let manifold = try made(
      manifold, .manifold, of: plugins.manifolds, id: { $0.id }, exactIsKnown: base.exactManifold != nil,
      own: base.manifold?.id, filesRead: { try $0.filesRead($1, option: $2) },
      served: { try ServedReferences.manifold($0, wanted, server: server) }
    ) { try $0.load($1, wanted) }
    let score = try made(
      score, .score, of: plugins.scores, id: { $0.id }, exactIsKnown: base.exactScore != nil, own: base.score?.id,
      filesRead: { try $0.filesRead($1, option: $2) },
      served: { try ServedReferences.score($0, wanted, server: server) }
    ) { try $0.load($1, wanted) }
    // An exact density is the task's own reference already.
    let second = try made(
      second, .reference, of: plugins.posteriorScores, id: { $0.id }, exactIsKnown: false, own: base.density?.id,
      filesRead: { try $0.filesRead($1, option: $2) }
    ) { try $0.load($1, wanted) }
    let criteria = try criteria.map {
      try CriteriaFile.read(URL(fileURLWithPath: $0)).of(base.id, version: base.version)
    }
    guard manifold != nil || score != nil || second != nil || criteria != nil else { return base }
    return try ReferencedTask(
      base, manifold: manifold, score: score, secondReference: second, criteria: criteria)
  }
}

/// Why a reference cannot be had.
public enum ReferenceChoiceError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable { case manifold, score, reference, metric }

  case notExact(Kind, task: String, own: String?)
  /// Known are ids, or usages such as `lpips-alex=FILE`.
  case unknown(Kind, id: String, known: [String])

  public var description: String {
    switch self {
    case .notExact(.reference, _, _):
      "reference exact: an exact density is the task's own reference; name a plugin and its file"
    case .notExact(let kind, let task, let own):
      "\(kind.rawValue) exact: nothing exact is known of task `\(task)`"
        + (own.map { ", whose own is `\($0)`" } ?? ", which has none") + "; leave the option out"
    case .unknown(let kind, let id, let known):
      "\(kind.rawValue): there is no `\(id)`"
        + (Nearest.match(id, in: known.map { String($0.prefix { $0 != "=" }) }).map { "; did you mean `\($0)`?" } ?? ";")
        + " known are \(known.joined(separator: ", "))"
    }
  }
}
