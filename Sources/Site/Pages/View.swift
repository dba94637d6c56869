import Mustache

/// What a template is filled with: names with texts, truth values, lists and further views.
///
/// A class of its own, and not a dictionary: templates ask a value for its conformance at every name, which is answered ten times as
/// quickly for a plain type as for a generic one.
final class View: MustacheParent, ExpressibleByDictionaryLiteral {
  private let names: [String]
  private let values: [Any]
  /// Nil where there are so few names that looking through them is quicker.
  private let places: [String: Int]?

  convenience init(dictionaryLiteral elements: (String, Any)...) { self.init(elements) }

  private init(_ elements: [(String, Any)]) {
    names = elements.map(\.0)
    values = elements.map(\.1)
    places = elements.count <= 12 ? nil : Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  func adding(_ name: String, _ value: Any) -> View { View(Array(zip(names, values)) + [(name, value)]) }

  func child(named name: String) -> Any? {
    let place = if let places { places[name] } else { names.firstIndex(of: name) }
    return place.map { values[$0] }
  }
}

/// Otherwise the package looks at every text by reflection before it writes it.
extension String: @retroactive MustacheCustomRenderable {
  public var renderText: String { self }
  public var isNull: Bool { false }
}
