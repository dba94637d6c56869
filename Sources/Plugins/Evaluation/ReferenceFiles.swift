import BenchCore
import Foundation

/// What a task is measured with and judged by in place of its own, named by plugins and files.
public struct ReferenceFiles: Sendable, Equatable {
  /// Tangent spaces; nil for the task's own.
  public var manifold: ReferenceChoice?
  /// Nil for the task's own.
  public var score: ReferenceChoice?
  /// A second reference, asked beside the task's density; nil for none.
  public var second: ReferenceChoice?
  /// A file of thresholds, as `tasks calibrate` writes it; nil for the task's own.
  public var criteria: String?

  public init(
    manifold: ReferenceChoice? = nil, score: ReferenceChoice? = nil, second: ReferenceChoice? = nil,
    criteria: String? = nil
  ) {
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
    let wanted = ReferenceOptions(
      task: base.id, imageShape: base.imageShape, classCount: base.classCount, threads: threads,
      scoreNoises: base.protocolConstants.scoreNoises, decisiveNoise: base.protocolConstants.decisiveNoise)
    let loader = ReferenceLoader(plugins, files: files)
    if self.manifold == .exact, base.exactManifold == nil {
      throw ReferenceChoiceError.notExact(.manifold, task: base.id, own: base.manifold?.id)
    }
    if self.score == .exact, base.exactScore == nil {
      throw ReferenceChoiceError.notExact(.score, task: base.id, own: base.score?.id)
    }
    let manifold = try manifold.flatMap { try loader.manifold($0, wanted) }
    var ofScore = wanted
    ofScore.imageShape = base.comparedShape
    let score = try score.flatMap { try loader.score($0, ofScore) }
    let second = try second.map { try loader.secondReference($0, wanted) }
    let criteria = try criteria.map {
      try CriteriaFile.read(URL(fileURLWithPath: $0)).of(base.id, version: base.version)
    }
    guard manifold != nil || score != nil || second != nil || criteria != nil else { return base }
    return try ReferencedTask(
      base, manifold: manifold, score: score, secondReference: second, criteria: criteria)
  }
}
