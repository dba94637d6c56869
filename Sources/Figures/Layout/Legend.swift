/// What the marks of a figure mean.
package struct Legend: Sendable {
  package enum Sign: Sendable {
    case series(LineStyle, Marker?)
    case shade(Shade)
    /// A band in a line's colour.
    case band(Colour)
  }

  package struct Entry: Sendable {
    package var sign: Sign
    package var text: RichText

    package init(_ sign: Sign, _ text: RichText) {
      self.sign = sign
      self.text = text
    }
  }

  package var entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries }
}

/// Entries in lines as wide as the figure, read from left to right.
struct LegendDrawing {
  let legend: Legend
  let left: Double
  let width: Double
  let style: FigureStyle

  private static let signWidth = 30.0
  private static let gap = 20.0
  /// Readers without the typeface that widths are known of take a wider one: DejaVu Sans is about a sixth wider.
  private static let widerTypeface = 1.2
  private var lineHeight: Double { style.legendSize + 8 }

  private func width(_ entry: Legend.Entry) -> Double {
    Self.signWidth + 6 + Self.widerTypeface * entry.text.width(size: style.legendSize)
  }

  /// The entries of each line.
  private var lines: [[Legend.Entry]] {
    var lines: [[Legend.Entry]] = []
    var used = 0.0
    for entry in legend.entries {
      let needed = width(entry)
      if lines.isEmpty || used + Self.gap + needed > width {
        lines.append([entry])
        used = needed
      } else {
        lines[lines.count - 1].append(entry)
        used += Self.gap + needed
      }
    }
    return lines
  }

  var height: Double { Double(lines.count) * lineHeight }

  func nodes(top: Double) -> [SVGNode] {
    lines.enumerated().flatMap { row, entries -> [SVGNode] in
      let total = entries.reduce(0) { $0 + width($1) } + Self.gap * Double(entries.count - 1)
      var x = left + max(0, (width - total) / 2)
      let middle = top + (Double(row) + 0.5) * lineHeight
      return entries.flatMap { entry -> [SVGNode] in
        defer { x += width(entry) + Self.gap }
        let text = TextMark(
          text: entry.text, at: Point(x: x + Self.signWidth + 6, y: middle + 0.35 * style.legendSize),
          size: style.legendSize)
        return sign(entry.sign, left: x, middle: middle) + [text.node]
      }
    }
  }

  private func sign(_ sign: Legend.Sign, left: Double, middle: Double) -> [SVGNode] {
    let box = Rectangle(left: left + 3, top: middle - 6, width: Self.signWidth - 3, height: 12)
    switch sign {
    case .series(let line, let marker):
      let path = SVGPath.polyline([Point(x: left, y: middle), Point(x: left + Self.signWidth, y: middle)])
      let stroke = SVGNode.element("path", [SVGAttribute("d", path.data)] + line.attributes, [])
      let place = Point(x: left + Self.signWidth / 2, y: middle)
      return [stroke] + (marker.map { [$0.node(at: place, colour: line.colour)] } ?? [])
    case .shade(let shade):
      return [
        .element(
          "rect",
          box.attributes() + [
            SVGAttribute("fill", shade.fill), SVGAttribute("stroke", Colour.grey(120).hex),
            SVGAttribute("stroke-width", 0.7),
          ], [])
      ]
    case .band(let colour):
      return [
        .element(
          "rect", box.attributes() + [SVGAttribute("fill", colour.hex), SVGAttribute("fill-opacity", "0.22")], [])
      ]
    }
  }
}
