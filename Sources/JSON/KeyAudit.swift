/// Which keys of the objects behind one value its type asked for, to find those that nothing reads.
///
/// One audit spans everything that a single `init(from:)` reads through its decoder: its object, shared with a
/// superclass, and nested containers. Values decoded as types of their own have audits of their own.
final class KeyAudit {
  final class Object {
    let members: [JSONMember]
    let path: JSONPath
    /// In the order of asking, so that messages do not depend on hashing.
    private(set) var asked: [String] = []
    private var askedSet: Set<String> = []

    init(members: [JSONMember], path: JSONPath) {
      self.members = members
      self.path = path
    }

    func ask(_ key: String) {
      if askedSet.insert(key).inserted { asked.append(key) }
    }

    var unasked: [String] { members.lazy.map(\.key).filter { !askedSet.contains($0) } }
  }

  private var objects: [Object] = []

  /// The entry of the object at `path`, made at the first call.
  func object(at path: JSONPath, members: [JSONMember]) -> Object {
    if let object = objects.first(where: { $0.path == path }) { return object }
    let object = Object(members: members, path: path)
    objects.append(object)
    return object
  }

  func rejectUnknownKeys(source: String) throws(JSONError) {
    for object in objects {
      guard let key = object.unasked.first else { continue }
      let unused = object.asked.filter { asked in !object.members.contains { $0.key == asked } }
      throw .unknownKey(
        source: source, path: object.path.description, key: key, similar: nearest(to: key, among: unused))
    }
  }
}

/// The candidate that `key` is most likely a mistyping of, the first of the best; `nil` where none is near.
///
/// Near is an edit distance (insertions, deletions, substitutions, swaps of neighbours; case ignored) of at most a third
/// of the longer text, and of 1 for short ones.
func nearest(to key: String, among candidates: some Sequence<String>) -> String? {
  let longest = 64
  let key = Array(key.lowercased().unicodeScalars.prefix(longest + 1))
  guard key.count <= longest else { return nil }
  var best: (distance: Int, candidate: String)?
  for candidate in candidates {
    let scalars = Array(candidate.lowercased().unicodeScalars.prefix(longest + 1))
    let limit = min(max(1, max(key.count, scalars.count) / 3), (best?.distance ?? .max) - 1)
    guard scalars.count <= longest, abs(scalars.count - key.count) <= limit else { continue }
    let distance = editDistance(key, scalars)
    if distance <= limit { best = (distance, candidate) }
  }
  return best?.candidate
}

/// Optimal string alignment, after Damerau.
private func editDistance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
  var rows = [Array(0...second.count)]
  for i in first.indices {
    var row = [i + 1]
    for j in second.indices {
      var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (first[i] == second[j] ? 0 : 1))
      if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
      row.append(cost)
    }
    rows.append(row)
  }
  return rows[first.count][second.count]
}
