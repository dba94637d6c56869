/// The sign at a measured point; shapes differ, so that they are told apart without colour.
package struct Marker: Sendable, Equatable {
  package enum Shape: Sendable, Equatable, CaseIterable { case circle, square, diamond, triangle }

  package var shape: Shape
  /// Filled with the line's colour, otherwise with the paper's.
  package var isFilled: Bool

  package init(_ shape: Shape, isFilled: Bool = true) {
    self.shape = shape
    self.isFilled = isFilled
  }

  /// The marker around a point; all shapes have about the same area.
  func node(at point: Point, colour: Colour, size: Double = 3.4) -> SVGNode {
    let (inside, outline) = isFilled ? (colour, Colour.paper) : (.paper, colour)
    let paint = [
      SVGAttribute("fill", inside.hex), SVGAttribute("stroke", outline.hex),
      SVGAttribute("stroke-width", isFilled ? 0.7 : 1.4),
    ]
    func polygon(_ corners: [(Double, Double)]) -> SVGNode {
      let path = SVGPath.polyline(
        corners.map { Point(x: point.x + size * $0.0, y: point.y + size * $0.1) }, closed: true)
      return .element("path", [SVGAttribute("d", path.data)] + paint, [])
    }
    switch shape {
    case .circle:
      return .element(
        "circle", [SVGAttribute("cx", point.x), SVGAttribute("cy", point.y), SVGAttribute("r", 1.02 * size)] + paint, []
      )
    case .square: return polygon([(-0.92, -0.92), (0.92, -0.92), (0.92, 0.92), (-0.92, 0.92)])
    case .diamond: return polygon([(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)])
    case .triangle: return polygon([(0, -1.3), (1.22, 0.85), (-1.22, 0.85)])
    }
  }
}
