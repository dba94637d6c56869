/// How a line is drawn.
package struct LineStyle: Sendable, Equatable {
  package var colour: Colour
  /// In user units.
  package var width: Double
  /// Lengths of dashes and gaps, in user units; empty for a solid line.
  package var dashes: [Double]

  package init(_ colour: Colour, width: Double = 1.8, dashes: [Double] = []) {
    self.colour = colour
    self.width = width
    self.dashes = dashes
  }

  var attributes: [SVGAttribute] {
    var attributes = [
      SVGAttribute("fill", "none"), SVGAttribute("stroke", colour.hex), SVGAttribute("stroke-width", width),
      SVGAttribute("stroke-linejoin", "round"),
    ]
    if !dashes.isEmpty {
      attributes.append(SVGAttribute("stroke-dasharray", dashes.map(SVGNumber.text).joined(separator: " ")))
    }
    return attributes
  }
}
