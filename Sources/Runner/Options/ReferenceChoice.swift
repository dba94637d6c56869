import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Plugins
import Text

/// `--manifold`, `--score` or `--reference`: the task's own (nothing), the exact one by name, or a plugin and its checkpoint.
struct ReferenceChoice: ExpressibleByArgument {
  enum Kind: Equatable {
    case exact
    case plugin(id: String, file: String)
  }

  let kind: Kind

  /// `exact`, or `ID=FILE`.
  init?(argument: String) {
    if argument == "exact" {
      kind = .exact
      return
    }
    guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex,
      argument.index(after: sign) < argument.endIndex
    else { return nil }
    kind = .plugin(id: String(argument[..<sign]), file: String(argument[argument.index(after: sign)...]))
  }

  /// - Parameter known: ids of the plugins of this kind.
  /// - Throws: `ValidationError` for an id that there is not.
  func validate(option: String, known: [String]) throws {
    guard case .plugin(let id, _) = kind, !known.contains(id) else { return }
    let nearest = Nearest.match(id, in: known).map { "; did you mean `\($0)`?" } ?? ";"
    throw ValidationError(
      "\(option): there is no `\(id)`\(nearest) expected exact, or "
        + known.map { "\($0)=FILE" }.joined(separator: ", "))
  }
}

/// The task as it is measured: with the manifold, the score, the second reference and the criteria that the user chose.
struct ReferencedTaskLoader {
  let options: ReferenceSelection
  let threads: Int
  let files: ProjectFiles?
  var plugins = PagsBench.plugins

  /// - Throws: `ValidationError` where the exact one is asked for and not known; the plugins' errors, naming the file.
  func task(_ base: any BenchmarkTask) throws -> any BenchmarkTask {
    let wanted = ReferenceOptions(
      task: base.id, imageShape: base.imageShape, classCount: base.classCount, threads: threads)
    func exact(_ option: String, isKnown: Bool, own: String?) throws {
      guard isKnown else {
        throw ValidationError(
          "\(option) exact: nothing exact is known of task `\(base.id)`, "
            + (own.map { "whose own is `\($0)`" } ?? "which has none") + "; leave the option out")
      }
    }
    var (manifold, score): ((any Manifold)?, (score: any Score, noises: [Double])?) = (nil, nil)
    switch options.manifold?.kind {
    case nil: break
    case .exact: try exact("--manifold", isKnown: base.exactManifold != nil, own: base.manifold?.id)
    case .plugin(let id, let file):
      manifold = try plugins.manifolds.first { $0.id == id }.map {
        try $0.load(find($0.paths(file, option: "--manifold")), wanted)
      }
    }
    switch options.score?.kind {
    case nil: break
    case .exact: try exact("--score", isKnown: base.exactScore != nil, own: base.score?.id)
    case .plugin(let id, let file):
      score = try plugins.scores.first { $0.id == id }.map {
        try $0.load(find($0.paths(file, option: "--score")), wanted)
      }
    }
    var second: (any PosteriorScore)?
    if case .plugin(let id, let file) = options.reference?.kind {
      second = try plugins.posteriorScores.first { $0.id == id }.map {
        try $0.load(find($0.paths(file, option: "--reference")), wanted)
      }
    }
    let criteria = try options.criteria.map {
      try CriteriaFile.read(URL(fileURLWithPath: $0), for: base.id, version: base.version)
    }
    guard manifold != nil || score != nil || second != nil || criteria != nil else { return base }
    return try ReferencedTask(
      base, manifold: manifold, score: score, secondReference: second, criteria: criteria)
  }

  private func find(_ paths: [String]) throws -> [ReferenceFile] {
    try paths.map { path in
      let checkpoint = try CheckpointFile.open(path)
      return ReferenceFile(
        checkpoint,
        try DescriptionLookup(modelsFolder: files?.models).find(for: checkpoint, explicit: nil)?.description)
    }
  }
}
