/// Draws one panel into a frame.
struct PanelDrawing {
  let panel: Panel
  let frame: Rectangle
  let style: FigureStyle
  /// Of this panel among all, for the name of its clipping path.
  let number: Int
  /// Whether a logarithmic x axis has powers of ten as its numbers, as others of the same row.
  let hasPowers: Bool

  private func point(_ x: Double, _ y: Double) -> Point? {
    guard let across = panel.x.scale.position(x), let up = panel.y.scale.position(y) else { return nil }
    return Point(x: frame.left + across * frame.width, y: frame.bottom - up * frame.height)
  }

  var clipID: String { "frame-\(number)" }

  var definition: SVGNode {
    .element(
      "clipPath", [SVGAttribute("id", clipID)],
      [.element("rect", frame.attributes(), [])])
  }

  var nodes: [SVGNode] {
    let inside = panel.spans.map(shade) + panel.references.compactMap(reference) + panel.series.flatMap(curve)
    let clipped = SVGNode.element("g", [SVGAttribute("clip-path", "url(#\(clipID))")], inside)
    return [clipped, outline] + axis(horizontal: true) + axis(horizontal: false) + panel.series.flatMap(markers)
  }

  // MARK: Inside

  private func shade(_ span: Span) -> SVGNode {
    let part = Rectangle(
      left: frame.left + span.range.lowerBound * frame.width, top: frame.top,
      width: (span.range.upperBound - span.range.lowerBound) * frame.width, height: frame.height)
    return .element("rect", part.attributes() + [SVGAttribute("fill", span.shade.fill)], [])
  }

  private func reference(_ reference: ReferenceLine) -> SVGNode? {
    guard let share = panel.y.scale.position(reference.value) else { return nil }
    let y = frame.bottom - share * frame.height
    let path = SVGPath.polyline([Point(x: frame.left, y: y), Point(x: frame.right, y: y)])
    return .element("path", [SVGAttribute("d", path.data)] + reference.line.attributes, [])
  }

  /// Band and line. Across the break of a logarithmic axis they are interrupted.
  private func curve(_ series: Series) -> [SVGNode] {
    pieces(series.samples).flatMap { piece -> [SVGNode] in
      let line = piece.compactMap { point($0.x, $0.y) }
      let upper = piece.compactMap { point($0.x, $0.high) }
      let lower = piece.compactMap { point($0.x, $0.low) }
      var nodes: [SVGNode] = []
      if piece.count > 1, piece.contains(where: { $0.low < $0.high }) {
        let band = SVGPath.polyline(upper + lower.reversed(), closed: true)
        nodes.append(
          .element(
            "path", SVGAttribute("d", band.data), SVGAttribute("fill", series.line.colour.hex),
            SVGAttribute("fill-opacity", "0.22")))
      }
      if line.count > 1 {
        nodes.append(.element("path", [SVGAttribute("d", SVGPath.polyline(line).data)] + series.line.attributes, []))
      }
      return nodes
    }
  }

  private func pieces(_ samples: [Series.Sample]) -> [[Series.Sample]] {
    guard case .logarithmic(_, hasZero: true) = panel.x.scale else { return [samples] }
    return [samples.filter { $0.x == 0 }, samples.filter { $0.x != 0 }].filter { !$0.isEmpty }
  }

  /// Above the frame's line, so that a point at the edge stays whole.
  private func markers(_ series: Series) -> [SVGNode] {
    guard let marker = series.marker else { return [] }
    return pieces(series.samples).flatMap { piece -> [SVGNode] in
      let bars = piece.count == 1 ? piece.compactMap { bar($0, colour: series.line.colour) } : []
      return bars
        + piece.compactMap { sample in
          point(sample.x, sample.y).map { marker.node(at: $0, colour: series.line.colour) }
        }
    }
  }

  /// A point without neighbours cannot carry a band: its range is a bar with caps.
  private func bar(_ sample: Series.Sample, colour: Colour) -> SVGNode? {
    guard sample.low < sample.high, let low = point(sample.x, sample.low), let high = point(sample.x, sample.high)
    else { return nil }
    var path = SVGPath()
    for end in [low, high] {
      path.move(to: Point(x: end.x - 3.5, y: end.y))
      path.line(to: Point(x: end.x + 3.5, y: end.y))
    }
    path.move(to: low)
    path.line(to: high)
    return .element(
      "path", SVGAttribute("d", path.data), SVGAttribute("fill", "none"), SVGAttribute("stroke", colour.hex),
      SVGAttribute("stroke-width", 1.2))
  }

  // MARK: Around

  private var outline: SVGNode {
    .element(
      "rect",
      frame.attributes() + [
        SVGAttribute("fill", "none"), SVGAttribute("stroke", Colour.ink.hex), SVGAttribute("stroke-width", 0.9),
      ], [])
  }

  private func axis(horizontal: Bool) -> [SVGNode] {
    let axis = horizontal ? panel.x : panel.y
    let ticks = axis.scale.ticks(
      count: horizontal ? style.horizontalTicks : style.verticalTicks, asPowers: horizontal && hasPowers)
    var path = SVGPath()
    var nodes: [SVGNode] = []
    for tick in ticks where (-1e-9...1 + 1e-9).contains(tick.position) {
      let length = tick.isMajor ? 4 : 2.2
      let place =
        horizontal
        ? Point(x: frame.left + tick.position * frame.width, y: frame.bottom)
        : Point(x: frame.left, y: frame.bottom - tick.position * frame.height)
      path.move(to: place)
      path.line(to: horizontal ? Point(x: place.x, y: place.y + length) : Point(x: place.x - length, y: place.y))
      guard axis.showsTickLabels, let label = tick.label else { continue }
      nodes.append(
        TextMark(
          text: label,
          at: horizontal
            ? Point(x: place.x, y: place.y + 6 + style.tickSize)
            : Point(x: place.x - 7, y: place.y + 0.35 * style.tickSize),
          size: style.tickSize, anchor: horizontal ? .middle : .end
        ).node)
    }
    let strokes = [SVGAttribute("stroke", Colour.ink.hex), SVGAttribute("stroke-width", 0.9)]
    nodes.insert(.element("path", [SVGAttribute("d", path.data), SVGAttribute("fill", "none")] + strokes, []), at: 0)
    if horizontal, case .logarithmic(_, hasZero: true) = axis.scale { nodes += breakMarks }
    if let label = axis.label { nodes += horizontal ? [title(label)] : upright(label) }
    return nodes
  }

  private func title(_ label: RichText) -> SVGNode {
    TextMark(
      text: label,
      at: Point(x: frame.left + frame.width / 2, y: frame.bottom + style.tickSize + style.labelSize + 12),
      size: style.labelSize, anchor: .middle
    ).node
  }

  /// The last line next to the panel.
  private func upright(_ label: RichText) -> [SVGNode] {
    let lines = style.lines(ofYLabel: label)
    return lines.enumerated().map { index, line in
      let offset = style.leftLabelOffset + Double(lines.count - 1 - index) * style.labelLeading
      return TextMark(
        text: line, at: Point(x: frame.left - offset, y: frame.top + frame.height / 2), size: style.labelSize,
        anchor: .middle, isVertical: true
      ).node
    }
  }

  /// Two short strokes through the lower and upper line of the frame, on a gap.
  private var breakMarks: [SVGNode] {
    let x = frame.left + Scale.breakPosition * frame.width
    return [frame.bottom, frame.top].flatMap { y -> [SVGNode] in
      var gap = SVGPath()
      gap.move(to: Point(x: x - 2.5, y: y))
      gap.line(to: Point(x: x + 2.5, y: y))
      var strokes = SVGPath()
      for offset in [-2.5, 2.5] {
        strokes.move(to: Point(x: x + offset - 1.8, y: y + 4))
        strokes.line(to: Point(x: x + offset + 1.8, y: y - 4))
      }
      return [
        .element(
          "path", SVGAttribute("d", gap.data), SVGAttribute("stroke", Colour.paper.hex),
          SVGAttribute("stroke-width", 2.4)),
        .element(
          "path", SVGAttribute("d", strokes.data), SVGAttribute("stroke", Colour.ink.hex),
          SVGAttribute("stroke-width", 0.9)),
      ]
    }
  }
}
