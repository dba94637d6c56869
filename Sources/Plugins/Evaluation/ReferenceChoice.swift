import BenchCore
import Served
import Text

/// A manifold, score, second reference or metric by what it is made from: what `--score`, `--metric` and their like say.
public enum ReferenceChoice: Sendable, Equatable {
  /// The task's own manifold or score, where that is exact.
  case exact
  /// A plugin's id and the paths of what it is made from, in its order: none where it takes none.
  case plugin(id: String, files: [String] = [])
  /// The command of a program that serves it.
  case program(command: String)
}

/// Why a manifold, score, second reference or metric cannot be had.
public enum ReferenceChoiceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// `own` is the id of what the task has in its place; nil where it has nothing.
  case notExact(ReferenceKind, task: String, own: String?)
  /// Where no program can serve it. Known are usages such as `edm=COND,UNCOND`.
  case notServed(ReferenceKind, known: [String])
  /// Known are usages such as `lpips-alex=BACKBONE[,HEADS]`.
  case unknown(ReferenceKind, id: String, known: [String])

  public var description: String {
    switch self {
    case .notExact(.reference, _, _):
      "reference exact: an exact density is the task's own reference; name a plugin and its file"
    case .notExact(.metric, _, _):
      "metric exact: there is no exact metric; the cosine is always measured"
    case .notExact(let kind, let task, let own):
      "\(kind.rawValue) exact: nothing exact is known of task `\(task)`"
        + (own.map { ", whose own is `\($0)`" } ?? ", which has none") + "; leave the option out"
    case .notServed(let kind, let known):
      "\(kind.rawValue) program: a \(kind.name) cannot be a program's; known are \(known.joined(separator: ", "))"
    case .unknown(let kind, let id, let known):
      Nearest.unknown("\(kind.rawValue): there is no", id, among: known.map { String($0.prefix { $0 != "=" }) }) {
        "known are \(known.joined(separator: ", "))"
      }
    }
  }
}

extension PluginSet {
  /// - Throws: `ReferenceChoiceError.unknown`.
  package func reference(_ kind: ReferenceKind, id: String) throws(ReferenceChoiceError) -> any ReferencePlugin.Type {
    guard let plugin = references(kind).first(where: { $0.id == id }) else {
      throw .unknown(kind, id: id, known: usages(kind))
    }
    return plugin
  }

  /// How each of a kind is asked for, with the task's own and a program where these may be.
  package func usages(_ kind: ReferenceKind) -> [String] {
    (kind.canBeExact ? ["exact"] : []) + references(kind).map { $0.usage }
      + (kind.isServed ? ["\(ServedReferences.id)=CMD"] : [])
  }

  /// The same for a sentence.
  /// - Parameter withExact: whether the task's own may be asked for.
  package func spelledUsages(_ kind: ReferenceKind, withExact: Bool = true) -> String {
    let all = usages(kind).filter { withExact || $0 != "exact" }.map { "`\($0)`" }
    guard let last = all.last, all.count > 1 else { return all.joined() }
    return all.dropLast().joined(separator: ", ") + " or " + last
  }
}

extension ReferenceKind {
  /// Whether a program may serve it (docs/plugin-protocol.md).
  package var isServed: Bool { self != .reference }

  /// Whether a task may know it exactly, and be told to use that. An exact density is asked in any case.
  package var canBeExact: Bool { self == .manifold || self == .score }
}
