import BenchCore
import Figures

/// Curves with bands over one axis, each told apart by its dashes and its sign as well as by its colour.
struct CurvePlot {
  struct Curve {
    var name: String
    /// Of the style sheet: `on` or `off`.
    var style: String
    var samples: [(x: Double, y: Estimate)]
  }

  var label: String
  var x: RichText
  var y: RichText
  var curves: [Curve]
  var isLogarithmic = false
  /// Where the rule looks.
  var marks: [Double] = []

  /// Nil where nothing can be drawn.
  var svg: String? {
    let all = curves.flatMap { $0.samples.filter { $0.y.value != nil } }
    guard all.count > 1, let low = all.map(\.x).min(), let high = all.map(\.x).max(), low < high else { return nil }
    let values = all.flatMap { [$0.y.value, $0.y.low, $0.y.high].compactMap { $0 } }
    let plot = Plot(
      x: Axis(
        label: x, scale: isLogarithmic && low > 0 ? .strengths(all.map(\.x)) : .linear(min(0, low)...high * 1.04)),
      y: Axis(label: y, scale: .covering(values, including: [0])), width: 360, height: 190)
    return plot.svg(
      label: label,
      marks.map { plot.vertical($0, class: "rule") }.joined() + curves.map { drawing($0, on: plot) }.joined())
  }

  /// Beside the plot: line, sign and name of each curve.
  var legend: String {
    curves.map { "<span class=\"entry\">\(key($0)) \(XMLText.escaped($0.name))</span> " }.joined()
  }

  private func key(_ curve: Curve) -> String {
    "<svg class=\"key\" viewBox=\"0 0 30 12\" aria-hidden=\"true\"><g class=\"curve \(curve.style)\">"
      + "<path class=\"line\" d=\"M1 6H29\"/><path class=\"signs\" d=\"M15 6\(sign(of: curve).path(size: 3.4))\"/></g></svg>"
  }

  private func sign(of curve: Curve) -> RegimeSign { RegimeSign(curve.style == "off" ? .weak : .bayesAligned) }

  private func drawing(_ curve: Curve, on plot: Plot) -> String {
    let samples = curve.samples.filter { $0.y.value != nil }
    func points(_ value: (Estimate) -> Double?) -> [Point] {
      samples.compactMap { sample in value(sample.y).flatMap { plot.point(sample.x, $0) } }
    }
    let line = points(\.value)
    let (upper, lower) = (points(\.high), points(\.low))
    let band = upper.count == line.count && lower.count == line.count ? upper + lower.reversed() : []
    let sign = sign(of: curve).path(size: 3.4)
    var drawing = "<g class=\"curve \(curve.style)\">"
    if !band.isEmpty {
      drawing += "<path class=\"band\" d=\""
      Plot.append(band, to: &drawing)
      drawing += "Z\"/>"
    }
    drawing += "<path class=\"line\" d=\""
    Plot.append(line, to: &drawing)
    drawing += "\"/><path class=\"signs\" d=\""
    for point in line {
      Plot.append([point], to: &drawing)
      drawing += sign
    }
    return drawing + "\"/></g>"
  }
}
