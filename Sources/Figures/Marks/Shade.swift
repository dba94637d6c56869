/// The ground of a part of a panel: a tint and a hatching, so that it is told apart without colour too.
package struct Shade: Sendable, Equatable {
  package enum Hatching: String, Sendable, CaseIterable {
    case none, rising, falling, dots
  }

  package var tint: Colour
  package var hatching: Hatching
  package var ink: Colour

  package init(tint: Colour, hatching: Hatching, ink: Colour = .grey(200)) {
    self.tint = tint
    self.hatching = hatching
    self.ink = ink
  }

  /// The same for the same shade, so that a document holds each pattern once.
  var patternID: String { "shade-\(hatching.rawValue)-\(tint.hex.dropFirst())-\(ink.hex.dropFirst())" }

  var fill: String { hatching == .none ? tint.hex : "url(#\(patternID))" }

  /// The `pattern` element; nil for a plain tint.
  var definition: SVGNode? {
    let step = 6.0
    let mark: SVGNode
    switch hatching {
    case .none: return nil
    case .rising, .falling:
      // The line leaves the tile through two corners; the short ones complete it there.
      var path = SVGPath()
      for offset in [-1.0, 0, 1] {
        let rise = hatching == .rising ? (step, 0.0) : (0.0, step)
        path.move(to: Point(x: offset * step - 1, y: rise.0 + (hatching == .rising ? 1 : -1)))
        path.line(to: Point(x: offset * step + step + 1, y: rise.1 + (hatching == .rising ? -1 : 1)))
      }
      mark = .element(
        "path", [SVGAttribute("d", path.data), SVGAttribute("stroke", ink.hex), SVGAttribute("stroke-width", 0.8)], [])
    case .dots:
      mark = .element(
        "circle", SVGAttribute("cx", step / 2), SVGAttribute("cy", step / 2), SVGAttribute("r", 0.9),
        SVGAttribute("fill", ink.hex))
    }
    return .element(
      "pattern",
      [
        SVGAttribute("id", patternID), SVGAttribute("patternUnits", "userSpaceOnUse"), SVGAttribute("width", step),
        SVGAttribute("height", step),
      ],
      [
        .element(
          "rect", SVGAttribute("width", step), SVGAttribute("height", step), SVGAttribute("fill", tint.hex)), mark,
      ])
  }
}

/// A shaded part of a panel, over its whole height.
package struct Span: Sendable {
  /// In shares of the x axis, 0 its left end.
  package var range: ClosedRange<Double>
  package var shade: Shade
  /// Names to write above the uppermost panel, longest first: the first for which there is room is taken.
  package var labels: [String]

  package init(range: ClosedRange<Double>, shade: Shade, labels: [String]) {
    self.range = range
    self.shade = shade
    self.labels = labels
  }
}
