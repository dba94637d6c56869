/// A figure: columns of panels that share their x axis, and one legend below.
package struct Figure: Sendable {
  /// Read by screen readers and shown by browsers.
  package var title: String
  package var description: String
  /// From left to right; each from top to bottom.
  package var columns: [[Panel]]
  package var legend: Legend
  package var style: FigureStyle

  package init(title: String, description: String, columns: [[Panel]], legend: Legend, style: FigureStyle) {
    self.title = title
    self.description = description
    self.columns = columns
    self.legend = legend
    self.style = style
  }

  /// The document, UTF-8 with a final newline: the same bytes for the same figure.
  /// - Parameter lettering: of all text but title and description.
  package func svg(_ lettering: Lettering = .text) -> String {
    let key = LegendDrawing(legend: legend, left: 10, width: width - 20, style: style)
    // Whole: else the edge of a PNG is half transparent.
    let height = (legendTop + key.height + 6).rounded(.up)
    let page = [SVGAttribute("width", width), SVGAttribute("height", height)]
    let viewBox = "0 0 \(SVGNumber.text(width)) \(SVGNumber.text(height))"
    let attributes =
      [SVGAttribute("xmlns", "http://www.w3.org/2000/svg")] + page + [
        SVGAttribute("viewBox", viewBox), SVGAttribute("font-family", Typeface.stack), SVGAttribute("role", "img"),
      ]
    let drawings = self.drawings
    var children: [SVGNode] = [
      .element("title", [], [.text(title)]), .element("desc", [], [.text(description)]),
      .element("defs", [], shades.compactMap(\.definition) + drawings.map(\.definition)),
      .element("rect", page + [SVGAttribute("fill", Colour.paper.hex)], []),
    ]
    for drawing in drawings { children.append(.group(drawing.nodes)) }
    for column in columns.indices {
      let nodes = title(of: column) + strip(of: column)
      if !nodes.isEmpty { children.append(.group(nodes)) }
    }
    if !legend.entries.isEmpty { children.append(.group(key.nodes(top: legendTop))) }
    let root = SVGNode.element("svg", attributes, children)
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.lettered(lettering).serialised() + "\n"
  }

  // MARK: Places

  private var rows: Int { columns.map(\.count).max() ?? 0 }

  private var width: Double {
    let gaps = Double(max(0, columns.count - 1)) * style.columnGap
    return leftMargin + Double(columns.count) * style.panelWidth + gaps + style.rightMargin
  }

  private var leftMargin: Double {
    let lines = columns.first?.compactMap(\.y.label).map { style.lines(ofYLabel: $0).count }.max() ?? 1
    return style.leftMargin + Double(lines - 1) * style.labelLeading
  }

  /// The upper line of the uppermost panels.
  private var top: Double {
    let titleHeight = columns.contains { $0.first?.title != nil } ? style.titleSize + 9 : 4
    return titleHeight + (hasStrip ? style.stripHeight + 3 : 0) + 4
  }

  private var legendTop: Double {
    let gaps = Double(max(0, rows - 1)) * style.rowGap
    return top + Double(rows) * style.panelHeight + gaps + style.tickSize + style.labelSize + 26
  }

  private func left(of column: Int) -> Double {
    leftMargin + Double(column) * (style.panelWidth + style.columnGap)
  }

  private var drawings: [PanelDrawing] {
    columns.enumerated().flatMap { column, panels in
      panels.enumerated().map { row, panel in
        let frame = Rectangle(
          left: left(of: column), top: top + Double(row) * (style.panelHeight + style.rowGap),
          width: style.panelWidth, height: style.panelHeight)
        return PanelDrawing(
          panel: panel, frame: frame, style: style, number: column * rows + row, hasPowers: hasPowers(inRow: row))
      }
    }
  }

  /// One format in a row: powers of ten where any of its axes needs them.
  private func hasPowers(inRow row: Int) -> Bool {
    columns.contains { $0.indices.contains(row) && !$0[row].x.scale.hasPlainNumbers }
  }

  private var hasStrip: Bool {
    style.stripHeight > 0 && columns.contains { $0.first?.spans.contains { !$0.labels.isEmpty } ?? false }
  }

  // MARK: Parts

  /// Each once, in the order of their first use.
  private var shades: [Shade] {
    var seen: [Shade] = []
    let inLegend = legend.entries.compactMap { entry -> Shade? in
      if case .shade(let shade) = entry.sign { shade } else { nil }
    }
    for shade in columns.joined().flatMap({ $0.spans.map(\.shade) }) + inLegend where !seen.contains(shade) {
      seen.append(shade)
    }
    return seen
  }

  private func title(of column: Int) -> [SVGNode] {
    guard let title = columns[column].first?.title else { return [] }
    let place = Point(x: left(of: column) + style.panelWidth / 2, y: style.titleSize + 2)
    return [
      TextMark(text: RichText(title), at: place, size: style.titleSize, anchor: .middle, isBold: true).node
    ]
  }

  /// The strip above a column that names the spans of its first panel.
  private func strip(of column: Int) -> [SVGNode] {
    guard hasStrip, let panel = columns[column].first else { return [] }
    let left = left(of: column)
    return panel.spans.flatMap { span -> [SVGNode] in
      let box = Rectangle(
        left: left + span.range.lowerBound * style.panelWidth, top: top - style.stripHeight - 3,
        width: (span.range.upperBound - span.range.lowerBound) * style.panelWidth, height: style.stripHeight)
      let paint = [
        SVGAttribute("fill", span.shade.fill), SVGAttribute("stroke", Colour.grey(110).hex),
        SVGAttribute("stroke-width", 0.7),
      ]
      let ground = SVGNode.element("rect", box.attributes() + paint, [])
      let size = style.tickSize
      let label = span.labels.first { Typeface.width($0, size: size) + 4 <= box.width }
      guard let label else {
        return [ground] + upright(span.labels, in: box, avoiding: marks(of: panel, left: left), halo: span.shade.tint)
      }
      let place = Point(x: box.left + box.width / 2, y: box.top + 0.5 * box.height + 0.35 * size)
      let name = TextMark(text: RichText(label), at: place, size: size, anchor: .middle, halo: span.shade.tint)
      return [ground, name.node]
    }
  }

  private func marks(of panel: Panel, left: Double) -> [Point] {
    panel.series.flatMap(\.samples).compactMap { sample in
      guard let across = panel.x.scale.position(sample.x), let up = panel.y.scale.position(sample.y) else { return nil }
      return Point(x: left + across * style.panelWidth, y: top + (1 - up) * style.panelHeight)
    }
  }

  /// The name of a span that is too narrow for it, upright in the panel below the strip: at its top, or where marks are in the way there
  /// and not at its bottom, there.
  private func upright(_ labels: [String], in box: Rectangle, avoiding marks: [Point], halo: Colour) -> [SVGNode] {
    let size = style.tickSize
    guard let label = labels.last, box.width >= size, Typeface.width(label, size: size) + 12 <= style.panelHeight else {
      return []
    }
    let (length, centre) = (Typeface.width(label, size: size), box.left + box.width / 2)
    func isFree(_ start: Double) -> Bool {
      !marks.contains { abs($0.x - centre) < size && (start - 6...start + length + 6).contains($0.y) }
    }
    let (upper, lower) = (top + 6, top + style.panelHeight - 6 - length)
    let start = !isFree(upper) && isFree(lower) ? lower : upper
    let place = Point(x: centre + 0.35 * size, y: start + length / 2)
    return [TextMark(text: RichText(label), at: place, size: size, anchor: .middle, isVertical: true, halo: halo).node]
  }
}
