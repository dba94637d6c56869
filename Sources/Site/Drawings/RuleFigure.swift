import BenchCore
import Figures

/// The rule as questions from top to bottom: an answer leads to a regime on the right, or to the next question below.
enum RuleFigure {
  private struct Question {
    /// Up to two lines.
    let lines: [String]
    /// Where it leads, and on which answer; nil at the last.
    let exit: (answer: String, regime: RegimeLabel, note: String)
    let next: String?
  }

  private static let questions = [
    Question(
      lines: ["Is accuracy above chance,", "and can the logits be calibrated?"],
      exit: ("no", .indeterminate, "no regime: nothing to measure"), next: "yes"),
    Question(
      lines: ["Do steps off the manifold move it less", "than steps on it? R below the threshold"],
      exit: ("no", .weak, "not robust off the manifold"), next: "yes"),
    Question(
      lines: ["Did it keep its signal?", "D, A and K high enough"],
      exit: ("no", .excessive, "signal is lost"), next: "yes"),
    Question(
      lines: ["Does its gradient fit the single image?", "share (and G) high enough"],
      exit: ("no", .weak, "robust, but not aligned"), next: "yes"),
  ]

  private static let (boxWidth, boxHeight, gap, left, top) = (318.0, 58.0, 34.0, 8.0, 8.0)
  private static let exitLeft = 414.0

  static var svg: String {
    let step = boxHeight + gap
    var parts = ""
    for (index, question) in questions.enumerated() {
      let y = top + Double(index) * step
      parts += box(question, y: y) + exit(question.exit, y: y + boxHeight / 2)
      if let next = question.next {
        let x = left + boxWidth / 2
        parts += arrow(from: Point(x: x, y: y + boxHeight), to: Point(x: x, y: y + step))
        parts += text(next, x: x + 8, y: y + boxHeight + gap / 2 + 4, style: "tick")
      }
    }
    let end = top + Double(questions.count) * step
    parts += sign(.bayesAligned, x: left + 14, y: end + 22)
    parts += text("Bayes-aligned", x: left + 30, y: end + 20, style: "strong")
    parts += text(
      "gradients point where the Bayes-optimal classifier\u{2019}s do", x: left + 30, y: end + 38, style: "tick")
    let label =
      "The rule: accuracy not above chance gives no regime; R not below its threshold gives weak; lost signal gives excessive; "
      + "gradients that do not fit the image give weak; otherwise Bayes-aligned."
    let height = DrawnNumber.text(end + 50)
    return
      "<svg class=\"plot flow\" viewBox=\"0 0 640 \(height)\" role=\"img\" aria-label=\"\(XMLText.escaped(label))\">\(parts)</svg>"
  }

  private static func box(_ question: Question, y: Double) -> String {
    let frame = "x=\"\(DrawnNumber.text(left))\" y=\"\(DrawnNumber.text(y))\" width=\"\(DrawnNumber.text(boxWidth))\""
    return "<rect class=\"box\" \(frame) height=\"\(DrawnNumber.text(boxHeight))\" rx=\"6\"/>"
      + question.lines.enumerated().map {
        text($1, x: left + 14, y: y + 25 + 19 * Double($0), style: $0 == 0 ? "strong" : "tick")
      }
      .joined()
  }

  private static func exit(_ exit: (answer: String, regime: RegimeLabel, note: String), y: Double) -> String {
    arrow(from: Point(x: left + boxWidth, y: y), to: Point(x: exitLeft - 14, y: y))
      + text(exit.answer, x: left + boxWidth + 12, y: y - 6, style: "tick") + sign(exit.regime, x: exitLeft, y: y)
      + text(RegimeSign(exit.regime).name, x: exitLeft + 16, y: y - 2, style: "strong")
      + text(exit.note, x: exitLeft + 16, y: y + 16, style: "tick")
  }

  private static func sign(_ label: RegimeLabel, x: Double, y: Double) -> String {
    let sign = RegimeSign(label)
    return
      "<path class=\"spot \(sign.style)\" d=\"M\(DrawnNumber.text(x)) \(DrawnNumber.text(y))\(sign.path(size: 6.5))\"/>"
  }

  private static func arrow(from start: Point, to end: Point) -> String {
    let isLevel = start.y == end.y
    let head = isLevel ? "m-6 -4l6 4l-6 4" : "m-4 -6l4 6l4 -6"
    return "<path class=\"arrow\" d=\"\(Plot.path([start, end]))\(head)\"/>"
  }

  private static func text(_ words: String, x: Double, y: Double, style: String) -> String {
    "<text class=\"\(style)\" x=\"\(DrawnNumber.text(x))\" y=\"\(DrawnNumber.text(y))\">\(XMLText.escaped(words))</text>"
  }
}
