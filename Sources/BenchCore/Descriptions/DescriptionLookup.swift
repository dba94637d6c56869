import Checkpoints
import Foundation
import JSON
import Text

/// Finds the description of a checkpoint, in the contract's order: a file named by the user, `model.json` or
/// `<checkpoint>.json` beside it, and the descriptions under `models/` by the checkpoint's SHA-256.
package struct DescriptionLookup: Sendable {
  package struct Found: Sendable {
    package let description: ModelDescription
    /// Which file it is, for the summary.
    package let path: String

    package init(description: ModelDescription, path: String) {
      self.description = description
      self.path = path
    }
  }

  private let modelsFolder: URL?

  package init(modelsFolder: URL?) { self.modelsFolder = modelsFolder }

  /// - Parameter explicit: `--model`.
  /// - Returns: nil where there is no description anywhere.
  /// - Throws: `DescriptionError`, `JSONError`, naming the file.
  package func find(for checkpoint: CheckpointFile, explicit: String?) throws -> Found? {
    if let explicit {
      let url = URL(fileURLWithPath: explicit)
      guard FileManager.default.fileExists(atPath: url.path) else { throw DescriptionError.notFound(explicit) }
      return try read(url, for: checkpoint, mustMatch: true)
    }
    let folder = checkpoint.url.deletingLastPathComponent()
    let besides = [folder.appendingPathComponent("model.json"), checkpoint.url.appendingPathExtension("json")]
    for url in besides where FileManager.default.fileExists(atPath: url.path) {
      if let found = try read(url, for: checkpoint, mustMatch: false) { return found }
    }
    return try known(checkpoint)
  }

  /// Parses one description.
  package static func read(_ url: URL) throws -> ModelDescription {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw DescriptionError.unreadable(url.path, error.localizedDescription)
    }
    let description = try JSONDecoding.decode(
      ModelDescription.self, from: data, source: url.lastPathComponent, rejectUnknownKeys: true)
    guard description.id.wholeMatch(of: /[a-z0-9][a-z0-9._-]*/) != nil else {
      throw DescriptionError.invalidID(url.path, description.id)
    }
    // They go to the terminal, to results and from there to pages.
    let source = description.source
    for (key, text) in [
      ("name", description.name), ("source.paper", source?.paper), ("source.authors", source?.authors),
      ("source.license", source?.license), ("source.training", source?.training),
    ] {
      if let text, let problem = PlainText.problem(in: text) {
        throw DescriptionError.text(url.path, key: key, problem: problem)
      }
    }
    if let problem = description.preprocessing?.problem {
      throw DescriptionError.text(url.path, key: "preprocessing", problem: problem)
    }
    let members = WeightsChoice.members
    if let member = description.checkpoint?.member, !members.contains(member) {
      throw DescriptionError.text(
        url.path, key: "checkpoint.member",
        problem: "is \(member), expected \(members.lowerBound) to \(members.upperBound)")
    }
    return description
  }

  /// A description that names another checkpoint belongs to it: beside the file it is passed over, named by the user it is
  /// an error.
  private func read(_ url: URL, for checkpoint: CheckpointFile, mustMatch: Bool) throws -> Found? {
    let description = try Self.read(url)
    if let digest = description.checkpoint?.sha256, digest.lowercased() != checkpoint.sha256 {
      let namesThisFile = description.checkpoint?.file.map { $0 == checkpoint.name } ?? true
      guard mustMatch || namesThisFile else { return nil }
      throw DescriptionError.digest(url.path, expected: digest, got: checkpoint.sha256, checkpoint: checkpoint.name)
    }
    if !mustMatch, let file = description.checkpoint?.file, file != checkpoint.name { return nil }
    return Found(description: description, path: url.path)
  }

  /// Descriptions under `models/`, by digest. Those of programs come last: that somebody serves the same weights with one is
  /// no reason to run it.
  private func known(_ checkpoint: CheckpointFile) throws -> Found? {
    guard let modelsFolder,
      let entries = FileManager.default.enumerator(at: modelsFolder, includingPropertiesForKeys: nil)
    else { return nil }
    let files = entries.compactMap { $0 as? URL }.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    var found: [Found] = []
    for url in files {
      // A cheap look first: most descriptions are of other checkpoints.
      guard let data = try? Data(contentsOf: url),
        String(decoding: data, as: UTF8.self).lowercased().contains(checkpoint.sha256)
      else { continue }
      let description = try Self.read(url)
      if description.checkpoint?.sha256?.lowercased() == checkpoint.sha256 {
        found.append(Found(description: description, path: url.path))
      }
    }
    let builtin = found.filter { $0.description.plugin == nil }
    let candidates = builtin.isEmpty ? found : builtin
    guard Set(candidates.map(\.description.id)).count <= 1 else {
      throw DescriptionError.ambiguous(checkpoint: checkpoint.name, candidates.map(\.path))
    }
    return candidates.first
  }
}

/// What is wrong with a description as a file; its content is the JSON decoder's matter.
package enum DescriptionError: Error, Sendable, CustomStringConvertible {
  case notFound(String)
  case unreadable(String, String)
  case invalidID(String, String)
  case text(String, key: String, problem: String)
  /// Several models consist of the same weights, read in different ways.
  case ambiguous(checkpoint: String, [String])
  case digest(String, expected: String, got: String, checkpoint: String)

  package var description: String {
    switch self {
    case .notFound(let path): "\(path): there is no such description; --model takes the path of a model.json"
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .invalidID(let path, let id):
      "\(path): id `\(id)` must consist of lower-case letters, digits, `.`, `_` and `-`, and begin with a letter or digit"
    case .text(let path, let key, let problem): "\(path): $.\(key): \(problem)"
    case .ambiguous(let checkpoint, let paths):
      "\(checkpoint): is described by \(paths.joined(separator: " and ")); pass one of them with --model"
    case .digest(let path, let expected, let got, let checkpoint):
      "\(path): describes a checkpoint with SHA-256 \(expected), but \(checkpoint) has \(got); "
        + "the file was changed or is another one"
    }
  }
}
