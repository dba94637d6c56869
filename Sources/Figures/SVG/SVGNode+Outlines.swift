import Foundation

/// How a document's text is given.
package enum Lettering: Sendable {
  /// As text, in whatever typeface of Helvetica's widths the reader has.
  case text
  /// As the strokes that pictures have (`StrokeLetters`): the same on every machine, whichever typefaces it has.
  case outlines
}

extension SVGNode {
  /// With every `text` element as a path.
  func lettered(_ lettering: Lettering) -> SVGNode {
    guard lettering == .outlines, case .element(let name, let attributes, let children) = self else { return self }
    guard name == "text" else { return .element(name, attributes, children.map { $0.lettered(lettering) }) }
    return Self.outline(attributes, children)
  }

  /// The pen is 0.8 tenths of the font size wide, of bold text 1.2, as in pictures. A text with a stroke is a halo: its pen is wider
  /// by that stroke.
  private static func outline(_ attributes: [SVGAttribute], _ children: [SVGNode]) -> SVGNode {
    func value(_ name: String) -> String? { attributes.first { $0.name == name }?.value }
    func number(_ name: String) -> Double { value(name).flatMap(Double.init) ?? 0 }
    let size = number("font-size")
    let isBold = value("font-weight") == "bold"
    let runs = runs(children, size: size)
    let width = runs.reduce(0) { $0 + Typeface.width($1.text, size: $1.size, isBold: isBold) }
    let share = value("text-anchor").flatMap(TextMark.Anchor.init)?.share ?? 0
    var left = number("x") - share * width
    var path = SVGPath()
    for run in runs {
      let baseline = number("y") + run.fall
      for character in run.text {
        var end: SIMD2<Double>?
        for piece in StrokeOutline.of(character).pieces {
          func point(_ place: SIMD2<Double>) -> Point {
            let lean = run.isItalic ? 0.2 * place.y : 0
            return Point(x: left + (place.x + lean) * run.size / 10, y: baseline - place.y * run.size / 10)
          }
          if end != piece.from { path.move(to: point(piece.from)) }
          path.line(to: point(piece.to))
          end = piece.to
        }
        left += Typeface.width(String(character), size: run.size, isBold: isBold)
      }
    }
    let pen = (isBold ? 0.12 : 0.08) * size + (value("stroke") == nil ? 0 : number("stroke-width"))
    let place = attributes.filter { ["transform", "aria-hidden"].contains($0.name) }
    return .element(
      "path",
      [
        SVGAttribute("d", path.data), SVGAttribute("fill", "none"),
        SVGAttribute("stroke", value("fill") ?? Colour.ink.hex), SVGAttribute("stroke-width", pen),
        SVGAttribute("stroke-linecap", "round"), SVGAttribute("stroke-linejoin", "round"),
      ] + place, [])
  }

  /// A piece of a line in one size, so far below its baseline.
  private struct Run {
    var text: String
    var size: Double
    var fall: Double
    var isItalic: Bool
  }

  /// The parts that `RichText.nodes` makes.
  private static func runs(_ children: [SVGNode], size: Double) -> [Run] {
    var fall = 0.0
    return children.map { child in
      switch child {
      case .text(let text): return Run(text: text, size: size, fall: fall, isItalic: false)
      case .element(_, let attributes, let texts):
        var run = Run(text: "", size: size, fall: fall, isItalic: false)
        for attribute in attributes {
          switch attribute.name {
          case "dy": fall += Double(attribute.value) ?? 0
          case "font-size": run.size = Double(attribute.value) ?? size
          case "font-style": run.isItalic = attribute.value == "italic"
          default: break
          }
        }
        run.fall = fall
        run.text = texts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
        return run
      }
    }
  }
}

extension TextMark.Anchor {
  /// The part of a line that lies before its place.
  fileprivate var share: Double {
    switch self {
    case .start: 0
    case .middle: 0.5
    case .end: 1
    }
  }
}
