/// The `d` attribute of a path.
package struct SVGPath {
  package private(set) var data = ""

  package init() {}

  package mutating func move(to point: Point) { append("M", point) }
  package mutating func line(to point: Point) { append("L", point) }
  package mutating func close() { data += "Z" }

  private mutating func append(_ command: String, _ point: Point) {
    data += "\(command)\(SVGNumber.text(point.x)) \(SVGNumber.text(point.y))"
  }

  package static func polyline(_ points: [Point], closed: Bool = false) -> SVGPath {
    var path = SVGPath()
    for (index, point) in points.enumerated() {
      if index == 0 { path.move(to: point) } else { path.line(to: point) }
    }
    if closed { path.close() }
    return path
  }
}

/// A place on the page, in user units, y downwards.
package struct Point: Sendable, Equatable {
  package var x: Double
  package var y: Double

  package init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
}

/// A rectangle on the page, in user units, y downwards.
struct Rectangle: Sendable, Equatable {
  var left: Double
  var top: Double
  var width: Double
  var height: Double

  var right: Double { left + width }
  var bottom: Double { top + height }

  func attributes() -> [SVGAttribute] {
    [SVGAttribute("x", left), SVGAttribute("y", top), SVGAttribute("width", width), SVGAttribute("height", height)]
  }
}
