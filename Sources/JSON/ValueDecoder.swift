import Text

/// Presents one JSON value to an `init(from:)`, and keeps account of the keys that it asks for, to find those that nothing reads.
///
/// One `init(from:)` may read through several decoders: that of its value, which a superclass shares, and those of nested
/// containers. Values decoded as types of their own have accounts of their own.
///
/// Nearly every value of a file has one of these for a moment, so paths are not made before a message needs one.
final class ValueDecoder: Decoder {
  let value: JSONValue
  let context: DecodingContext
  /// Of an object.
  let members: [JSONMember]
  /// Below whose value this one lies, and where there; nil for the document.
  private let parent: ValueDecoder?
  private let place: JSONPath.Component?
  /// The decoder that the `init(from:)` was given; nil in itself.
  private let first: ValueDecoder?
  /// The others of the same `init(from:)`, kept by the first until it has ended.
  private var nested: [ValueDecoder] = []

  /// Whether the object is read by its keys.
  private var isKeyed = false
  /// Which members were asked for: of the first 64 a bit each, of the others their places.
  private var asked: UInt64 = 0
  private var askedBeyond: Set<Int> = []
  /// Of the first decoder: whether what is asked for and is not there is kept, for a message; it mostly is of no interest.
  var notesAbsentKeys = false
  /// In the order of asking, so that messages do not depend on hashing.
  private var absent: [String] = []
  /// Keys mostly come in the order in which types ask for them.
  private var expected = 0
  /// Of many members, made when one of them is not where it is expected.
  private var places: [String: Int]?

  init(
    value: JSONValue, below parent: ValueDecoder?, at place: JSONPath.Component?, context: DecodingContext,
    first: ValueDecoder? = nil
  ) {
    (self.value, self.parent, self.place, self.context, self.first) = (value, parent, place, context, first)
    if case .object(let members) = value { self.members = members } else { members = [] }
  }

  var path: JSONPath { Self.path(below: parent, at: place) }

  static func path(below parent: ValueDecoder?, at place: JSONPath.Component?) -> JSONPath {
    var components = place.map { [$0] } ?? []
    var decoder = parent
    while let current = decoder, let place = current.place {
      components.append(place)
      decoder = current.parent
    }
    return JSONPath(components: components.reversed())
  }

  var codingPath: [any CodingKey] { path.codingPath }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    try beginObject()
    return KeyedDecodingContainer(KeyedReader(decoder: self))
  }

  func beginObject() throws(JSONError) {
    guard case .object = value else { throw context.wrongType("object", got: value, at: path) }
    isKeyed = true
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = value else { throw context.wrongType("array", got: value, at: path) }
    return UnkeyedReader(elements: elements, decoder: self)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  /// The value as it is, all its keys thereby known.
  func takeWholeValue() -> JSONValue {
    askForAll()
    return value
  }

  /// The decoder of a container in this one, the same for the same place.
  func nested(_ value: JSONValue, at place: JSONPath.Component) -> ValueDecoder {
    let keeper = first ?? self
    if let known = keeper.nested.first(where: { $0.parent === self && $0.place == place }) { return known }
    let decoder = ValueDecoder(value: value, below: self, at: place, context: context, first: keeper)
    keeper.nested.append(decoder)
    return decoder
  }
}

extension ValueDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value.isNull }

  // The names of cases.
  func decode(_ type: String.Type) throws -> String { try context.read(type, from: value, at: path) }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    // The same decoder goes on for types that are no scalars: what either type asks for is known to both.
    guard let scalar = DecodingContext.scalar(type) else { return try T(from: self) }
    return try context.decode(type, as: scalar, from: value, at: path)
  }
}

/// Scalars of an object.
extension ValueDecoder {
  /// Nil where the key is missing or null.
  func scalarIfPresent<T: JSONScalar>(_ key: String) throws(JSONError) -> T? {
    guard let value = member(key), !value.isNull else { return nil }
    return try scalar(value, at: key)
  }

  func scalar<T: JSONScalar>(_ value: JSONValue, at key: String) throws(JSONError) -> T {
    do throws(ScalarMismatch) { return try T.read(value) } catch {
      throw context.describe(error, of: value, at: path.appending(.key(key)))
    }
  }
}

/// The account of an object's keys.
extension ValueDecoder {
  /// Looking through a few keys is quicker than hashing them.
  private static let few = 16

  /// The value of a key, nil where there is none; of equal keys, which the parser refuses, the first counts.
  func member(_ key: String) -> JSONValue? {
    guard let index = index(of: key) else {
      if (first ?? self).notesAbsentKeys, !absent.contains(key) { absent.append(key) }
      return nil
    }
    if index < 64 { asked |= 1 << UInt64(index) } else { askedBeyond.insert(index) }
    return members[index].value
  }

  private func index(of key: String) -> Int? {
    if expected < members.count, members[expected].key == key {
      expected += 1
      return expected - 1
    }
    let found = members.count > Self.few ? placed(key) : members.firstIndex { $0.key == key }
    if let found { expected = found + 1 }
    return found
  }

  private func placed(_ key: String) -> Int? {
    let places =
      self.places ?? Dictionary(members.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    self.places = places
    return places[key]
  }

  func askForAll() {
    isKeyed = true
    asked = .max
    askedBeyond = Set(members.indices.dropFirst(64))
  }

  private var firstUnasked: Int? {
    guard isKeyed, members.count > 63 || asked != 1 << UInt64(members.count) - 1 else { return nil }
    return members.indices.first { !isAsked($0) }
  }

  private func isAsked(_ index: Int) -> Bool {
    index < 64 ? asked & 1 << UInt64(index) != 0 : askedBeyond.contains(index)
  }

  var unasked: [String] { members.indices.filter { !isAsked($0) }.map { members[$0].key } }

  /// Whether there are keys that nothing asked for, of the value of this decoder, the first, or of a nested container's.
  var hasUnknownKeys: Bool { firstUnasked != nil || nested.contains { $0.firstUnasked != nil } }

  /// - Throws: where there are.
  func rejectUnknownKeys() throws(JSONError) {
    try rejectUnknownKey()
    for decoder in nested { try decoder.rejectUnknownKey() }
  }

  private func rejectUnknownKey() throws(JSONError) {
    guard let key = firstUnasked.map({ members[$0].key }) else { return }
    throw .unknownKey(
      source: context.source, path: path.description, key: key, similar: Nearest.match(key, in: absent))
  }

  /// Decoders hold those above them, and the first one all: without this none would ever be freed.
  func end() { nested = [] }
}
