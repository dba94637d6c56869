import Text

/// Which keys of the objects behind one value its type asked for, to find those that nothing reads.
///
/// One audit spans everything that a single `init(from:)` reads through its decoder: its object, shared with a
/// superclass, and nested containers. Values decoded as types of their own have audits of their own.
final class KeyAudit {
  final class Object {
    let members: [JSONMember]
    let path: JSONPath
    private var isAsked: [Bool]
    /// What was asked for and is not there: in the order of asking, so that messages do not depend on hashing.
    private(set) var absent: [String] = []

    init(members: [JSONMember], path: JSONPath) {
      self.members = members
      self.path = path
      isAsked = [Bool](repeating: false, count: members.count)
    }

    /// - Parameter place: of the member with that key; nil where there is none.
    func ask(_ key: String, at place: Int?) {
      if let place {
        isAsked[place] = true
      } else if !absent.contains(key) {
        absent.append(key)
      }
    }

    func askForAll() {
      for place in isAsked.indices { isAsked[place] = true }
    }

    var unasked: [String] { zip(members, isAsked).compactMap { $1 ? nil : $0.key } }
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
      throw .unknownKey(
        source: source, path: object.path.description, key: key, similar: Nearest.match(key, in: object.absent))
    }
  }
}
