import Text

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
        source: source, path: object.path.description, key: key, similar: Nearest.match(key, in: unused))
    }
  }
}
