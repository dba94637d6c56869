/// A piece of an SVG document (W3C, Scalable Vector Graphics 1.1).
///
/// Attributes keep their order, so that the same figure is the same bytes.
package indirect enum SVGNode: Sendable {
  case element(String, [SVGAttribute], [SVGNode])
  case text(String)

  package static func element(_ name: String, _ attributes: SVGAttribute...) -> SVGNode {
    .element(name, attributes, [])
  }

  package static func group(_ children: [SVGNode]) -> SVGNode { .element("g", [], children) }
}

package struct SVGAttribute: Sendable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }

  package init(_ name: String, _ value: Double) { (self.name, self.value) = (name, SVGNumber.text(value)) }
}

extension SVGNode {
  /// The document's text, one element a line; text and what stands beside it inside `text` elements is kept on one line,
  /// because white space counts there.
  package func serialised(indent: Int = 0, isInline: Bool = false) -> String {
    let margin = isInline ? "" : String(repeating: " ", count: indent)
    switch self {
    case .text(let text): return margin + XMLText.escaped(text)
    case .element(let name, let attributes, let children):
      let opening = name + attributes.map { " \($0.name)=\"\(XMLText.escaped($0.value))\"" }.joined()
      guard !children.isEmpty else { return "\(margin)<\(opening)/>" }
      if isInline || ["text", "title", "desc"].contains(name) {
        return "\(margin)<\(opening)>\(children.map { $0.serialised(isInline: true) }.joined())</\(name)>"
      }
      let body = children.map { $0.serialised(indent: indent + 2) }.joined(separator: "\n")
      return "\(margin)<\(opening)>\n\(body)\n\(margin)</\(name)>"
    }
  }
}
