import Text

/// Where a value lies in a document, written `$.preprocessing.mean[1]`; `$` is the document itself.
struct JSONPath: Sendable, Equatable, CustomStringConvertible {
  enum Component: Sendable, Equatable {
    case key(String)
    case index(Int)
  }

  var components: [Component] = []

  func appending(_ component: Component) -> JSONPath {
    JSONPath(components: components + [component])
  }

  func appending(_ key: some CodingKey) -> JSONPath { appending(Self.component(key)) }

  static func component<Key: CodingKey>(_ key: Key) -> Component {
    // Compared first, which takes no search for what the type is.
    if Key.self == PathKey.self, let key = key as? PathKey { key.component } else { .key(key.stringValue) }
  }

  var codingPath: [any CodingKey] { components.map(PathKey.init) }

  var description: String {
    components.reduce(into: "$") { text, component in
      switch component {
      case .index(let index): text += "[\(index)]"
      case .key(let key) where Self.isPlain(key): text += ".\(key)"
      case .key(let key): text += "[\"\(shortened(key))\"]"
      }
    }
  }

  /// A key that needs no quotes behind the point.
  private static func isPlain(_ key: String) -> Bool {
    (1...64).contains(key.utf8.count)
      && key.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}

extension JSONPath {
  init(_ codingPath: [any CodingKey]) {
    self = codingPath.reduce(JSONPath()) { $0.appending($1) }
  }
}

/// One step of a path as the coding key that `Codable` wants.
struct PathKey: CodingKey {
  let component: JSONPath.Component

  init(_ component: JSONPath.Component) { self.component = component }
  init(stringValue: String) { component = .key(stringValue) }
  init(intValue: Int) { component = .index(intValue) }

  var stringValue: String {
    switch component {
    case .key(let key): key
    case .index(let index): String(index)
    }
  }

  var intValue: Int? {
    if case .index(let index) = component { index } else { nil }
  }

  /// The key that `superEncoder()` and `superDecoder()` use by the convention of `Codable`.
  static let `super` = PathKey(stringValue: "super")
}

/// `text` fit for one line of a message.
func shortened(_ text: String) -> String { PlainText.shown(text, limit: 64) }
