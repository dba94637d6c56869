import BenchCore
import Figures

/// A number with its interval on the axis of its quantity, as large as a line of a table: a bar for the interval, a dot for the
/// number, a tick where the rule's threshold is. Beside the number in words, so hidden from screen readers.
enum IntervalBar {
  /// User units of 1/96 inch.
  static let width = 84.0
  private static let (middle, margin) = (5.0, 4.0)

  static func svg(_ estimate: Estimate, of quantity: Quantity, threshold: Double?) -> String {
    svg(estimate, scale: quantity.scale, threshold: threshold)
  }

  static func svg(_ estimate: Estimate, scale: Scale, threshold: Double? = nil) -> String {
    func x(_ value: Double?) -> Double? {
      guard let value, let share = scale.position(max(value, floor(scale))) else { return nil }
      return margin + min(max(share, 0), 1) * (width - 2 * margin)
    }
    func text(_ value: Double) -> String { DrawnNumber.text(value) }
    var parts = "<path class=\"g\" d=\"M\(text(margin)) \(text(middle))H\(text(width - margin))\"/>"
    if let tick = x(threshold) { parts += "<path class=\"t\" d=\"M\(text(tick)) 1V9\"/>" }
    if let low = x(estimate.low), let high = x(estimate.high) {
      // Never nothing: an interval that is too narrow to be seen is as wide as the line.
      parts += "<path class=\"b\" d=\"M\(text(low)) \(text(middle))H\(text(max(high, low + 1)))\"/>"
    }
    if let place = x(estimate.value) {
      parts += "<circle cx=\"\(text(place))\" cy=\"\(text(middle))\" r=\"2.6\"/>"
    }
    return "<svg class=\"bar\" viewBox=\"0 0 \(text(width)) 10\" aria-hidden=\"true\">\(parts)</svg>"
  }

  /// A logarithmic axis has no place for zero; it is drawn at the edge.
  private static func floor(_ scale: Scale) -> Double {
    switch scale {
    case .linear: -.greatestFiniteMagnitude
    case .logarithmic(let range, _): range.lowerBound
    }
  }
}
