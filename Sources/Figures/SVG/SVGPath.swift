/// The `d` attribute of a path.
struct SVGPath {
  private(set) var data = ""

  mutating func move(to point: Point) { append("M", point) }
  mutating func line(to point: Point) { append("L", point) }
  mutating func close() { data += "Z" }

  private mutating func append(_ command: String, _ point: Point) {
    data += "\(command)\(SVGNumber.text(point.x)) \(SVGNumber.text(point.y))"
  }

  static func polyline(_ points: [Point], closed: Bool = false) -> SVGPath {
    var path = SVGPath()
    for (index, point) in points.enumerated() {
      if index == 0 { path.move(to: point) } else { path.line(to: point) }
    }
    if closed { path.close() }
    return path
  }
}

/// A place on the page, in user units, y downwards.
struct Point: Sendable, Equatable {
  var x: Double
  var y: Double
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
