/// A line of text on the page.
struct TextMark {
  enum Anchor: String { case start, middle, end }

  var text: RichText
  /// Left end, middle or right end of the baseline, by `anchor`.
  var at: Point
  var size: Double
  var anchor = Anchor.start
  var isBold = false
  var colour = Colour.ink
  /// Read from bottom to top.
  var isVertical = false
  /// Drawn around the letters where they stand on marks.
  var halo: Colour?

  var node: SVGNode {
    var attributes = [SVGAttribute("x", at.x), SVGAttribute("y", at.y), SVGAttribute("font-size", size)]
    if anchor != .start { attributes.append(SVGAttribute("text-anchor", anchor.rawValue)) }
    if isBold { attributes.append(SVGAttribute("font-weight", "bold")) }
    if colour != .ink { attributes.append(SVGAttribute("fill", colour.hex)) }
    if isVertical {
      let place = "\(SVGNumber.text(at.x)) \(SVGNumber.text(at.y))"
      attributes.append(SVGAttribute("transform", "rotate(-90 \(place))"))
    }
    guard let halo else { return .element("text", attributes, text.nodes(size: size)) }
    // Not `paint-order`, which many readers of SVG do not know: the outline is a text of its own beneath.
    let outline =
      attributes.filter { $0.name != "fill" } + [
        SVGAttribute("fill", halo.hex), SVGAttribute("stroke", halo.hex), SVGAttribute("stroke-width", 3),
        SVGAttribute("stroke-linejoin", "round"), SVGAttribute("aria-hidden", "true"),
      ]
    return .group([
      .element("text", outline, text.nodes(size: size)), .element("text", attributes, text.nodes(size: size)),
    ])
  }
}

/// Text with raised and slanted parts.
package struct RichText: Sendable, Equatable, ExpressibleByStringInterpolation {
  enum Part: Sendable, Equatable {
    case plain(String)
    case superscript(String)
    case italic(String)
  }

  var parts: [Part]

  package init(_ text: String) { parts = [.plain(text)] }
  package init(stringLiteral value: String) { self.init(value) }

  package static func superscript(_ text: String) -> RichText { RichText(parts: [.superscript(text)]) }
  package static func italic(_ text: String) -> RichText { RichText(parts: [.italic(text)]) }
  package static func + (left: RichText, right: RichText) -> RichText { RichText(parts: left.parts + right.parts) }

  private init(parts: [Part]) { self.parts = parts }

  private static let raisedSize = 0.72

  /// Raised parts by `dy`, which every reader of SVG knows, unlike `baseline-shift`.
  package func nodes(size: Double) -> [SVGNode] {
    var nodes: [SVGNode] = []
    var raised = 0.0
    for part in parts {
      var attributes: [SVGAttribute] = []
      let text: String
      let wanted: Double
      switch part {
      case .plain(let plain): (text, wanted) = (plain, 0)
      case .superscript(let upper):
        (text, wanted) = (upper, 0.38 * size)
        attributes.append(SVGAttribute("font-size", Self.raisedSize * size))
      case .italic(let slanted):
        (text, wanted) = (slanted, 0)
        attributes.append(SVGAttribute("font-style", "italic"))
      }
      if wanted != raised { attributes.insert(SVGAttribute("dy", raised - wanted), at: 0) }
      raised = wanted
      nodes.append(attributes.isEmpty ? .text(text) : .element("tspan", attributes, [.text(text)]))
    }
    return nodes
  }

  /// In two lines, as equally long as can be, where one would be longer than `width` even in a face that is somewhat wider; only
  /// text without raised or slanted parts is broken.
  func lines(within width: Double, size: Double) -> [RichText] {
    guard parts.count == 1, case .plain(let text) = parts[0], 1.2 * Typeface.width(text, size: size) > width else {
      return [self]
    }
    let breaks = text.indices.filter { text[$0] == " " }.map { (text[..<$0], text[text.index(after: $0)...]) }
    func longest(_ lines: (Substring, Substring)) -> Double {
      max(Typeface.width(String(lines.0), size: size), Typeface.width(String(lines.1), size: size))
    }
    guard let best = breaks.min(by: { longest($0) < longest($1) }) else { return [self] }
    return [RichText(String(best.0)), RichText(String(best.1))]
  }

  func width(size: Double, isBold: Bool = false) -> Double {
    parts.reduce(0) { sum, part in
      switch part {
      case .plain(let text), .italic(let text): sum + Typeface.width(text, size: size, isBold: isBold)
      case .superscript(let text): sum + Typeface.width(text, size: Self.raisedSize * size, isBold: isBold)
      }
    }
  }
}
