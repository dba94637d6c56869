import BenchCore
import Figures

/// A number with its interval on the axis of its quantity, as large as a line of a table: a bar for the interval, a dot for the
/// number, a tick where the rule's threshold is. Beside the number in words, so hidden from screen readers.
enum IntervalBar {
  /// User units of 1/96 inch.
  static let width = 84.0
  private static let margin = 4.0

  static func svg(_ estimate: Estimate, of quantity: Quantity, threshold: Double?) -> String {
    svg(estimate, scale: quantity.scale, threshold: threshold)
  }

  static func svg(_ estimate: Estimate, scale: Scale, threshold: Double? = nil) -> String {
    func x(_ value: Double?) -> Double? {
      guard let value, let share = scale.position(max(value, floor(scale))) else { return nil }
      return margin + min(max(share, 0), 1) * (width - 2 * margin)
    }
    func text(_ value: Double) -> String { DrawnNumber.text(value) }
    // In this order, by which the style sheet knows them: bar, dot, tick. The axis is the ground of the drawing.
    var parts = ""
    if let low = x(estimate.low), let high = x(estimate.high) {
      // Never nothing: an interval that is too narrow to be seen is as wide as the line.
      parts += "<path d=\"M\(text(low)) 5H\(text(max(high, low + 1)))\"/>"
    } else {
      parts += "<path/>"
    }
    parts += x(estimate.value).map { "<path d=\"M\(text($0)) 5h0\"/>" } ?? "<path/>"
    if let tick = x(threshold) { parts += "<path d=\"M\(text(tick)) 1v8\"/>" }
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
