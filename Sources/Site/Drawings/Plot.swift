import BenchCore
import Figures

/// Axes on which pages draw; all paint is the style sheet's, so that it follows light and dark.
struct Plot {
  var x: Axis
  var y: Axis
  /// Of the frame, in user units.
  var width: Double
  var height: Double
  var horizontalTicks = 6
  var verticalTicks = 5
  /// Where the x axis is labelled; empty for wherever its scale finds good.
  var places: [Double] = []

  private static let (left, right, top, bottom) = (46.0, 14.0, 30.0, 44.0)
  private static let letters = 12.0

  private var frame: (left: Double, top: Double, right: Double, bottom: Double) {
    (Self.left, Self.top, Self.left + width, Self.top + height)
  }

  /// - Returns: nil where an axis has no place for it; what lies beyond an axis is at its end.
  func point(_ x: Double, _ y: Double) -> Point? {
    guard let across = self.x.scale.position(x), let up = self.y.scale.position(y) else { return nil }
    return Point(
      x: frame.left + min(max(across, 0), 1) * width, y: frame.bottom - min(max(up, 0), 1) * height)
  }

  /// Path data of a line through points.
  static func path(_ points: [Point]) -> String {
    var text = ""
    append(points, to: &text)
    return text
  }

  /// The same at the end of a text. Piece by piece: pages of a thousand models have half a million coordinates.
  static func append(_ points: [Point], to text: inout String) {
    for (index, point) in points.enumerated() {
      text += index == 0 ? "M" : "L"
      DrawnNumber.append(point.x, to: &text)
      text += " "
      DrawnNumber.append(point.y, to: &text)
    }
  }

  /// - Parameters:
  ///   - label: what a screen reader says in the drawing's place; plain text.
  ///   - isImage: whether nothing in it can be followed.
  func svg(label: String, isImage: Bool = true, _ content: String) -> String {
    let size = "0 0 \(DrawnNumber.text(frame.right + Self.right)) \(DrawnNumber.text(frame.bottom + Self.bottom))"
    return
      "<svg class=\"plot\" viewBox=\"\(size)\" role=\"\(isImage ? "img" : "group")\" aria-label=\"\(XMLText.escaped(label))\">"
      + grid + content + "</svg>"
  }

  /// A line across the frame at a value of the x axis, and one along it.
  func vertical(_ value: Double, class style: String) -> String {
    guard let share = x.scale.position(value), (0...1).contains(share) else { return "" }
    let place = DrawnNumber.text(frame.left + share * width)
    return "<path class=\"\(style)\" d=\"M\(place) \(DrawnNumber.text(frame.top))V\(DrawnNumber.text(frame.bottom))\"/>"
  }

  func horizontal(_ value: Double, class style: String) -> String {
    guard let share = y.scale.position(value), (0...1).contains(share) else { return "" }
    let place = DrawnNumber.text(frame.bottom - share * height)
    return "<path class=\"\(style)\" d=\"M\(DrawnNumber.text(frame.left)) \(place)H\(DrawnNumber.text(frame.right))\"/>"
  }

  /// Light lines at the labelled ticks, the frame's lower and left line, labels. The name of the y axis stands above it, level: nobody
  /// has to turn their head.
  private var grid: String {
    var lines = ""
    var labels = ""
    let ticks =
      places.isEmpty
      ? x.scale.ticks(count: horizontalTicks)
      : places.compactMap { place in
        x.scale.position(place).map { Tick(position: $0, label: RichText(significant(place, trimming: true))) }
      }
    for tick in ticks where (-1e-9...1 + 1e-9).contains(tick.position) {
      let place = frame.left + tick.position * width
      guard let label = tick.label else { continue }
      lines += "M\(DrawnNumber.text(place)) \(DrawnNumber.text(frame.top))V\(DrawnNumber.text(frame.bottom + 4))"
      labels += text(label, at: Point(x: place, y: frame.bottom + 18), anchor: "middle")
    }
    for tick in y.scale.ticks(count: verticalTicks) where (-1e-9...1 + 1e-9).contains(tick.position) {
      let place = frame.bottom - tick.position * height
      guard let label = tick.label else { continue }
      lines += "M\(DrawnNumber.text(frame.left - 4)) \(DrawnNumber.text(place))H\(DrawnNumber.text(frame.right))"
      labels += text(label, at: Point(x: frame.left - 8, y: place + 0.35 * Self.letters), anchor: "end")
    }
    if let name = x.label {
      labels += text(name, at: Point(x: frame.right, y: frame.bottom + 36), anchor: "end", style: "name")
    }
    if let name = y.label { labels += text(name, at: Point(x: 4, y: 14), anchor: "start", style: "name") }
    return "<path class=\"grid\" d=\"\(lines)\"/>\(labels)"
  }

  private func text(_ text: RichText, at point: Point, anchor: String, style: String = "tick") -> String {
    let place = "x=\"\(DrawnNumber.text(point.x))\" y=\"\(DrawnNumber.text(point.y))\""
    let words = text.nodes(size: Self.letters).map { $0.serialised(isInline: true) }.joined()
    return "<text class=\"\(style)\" \(place) text-anchor=\"\(anchor)\">\(words)</text>"
  }
}
