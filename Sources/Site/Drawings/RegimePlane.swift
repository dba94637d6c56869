import BenchCore
import Figures
import Foundation

/// The plane of off- over on-manifold sensitivity R against alignment G, with every model of a task as a sign of its regime.
struct RegimePlane {
  struct Spot {
    var name: String
    var regime: RegimeSign
    var ratio: Estimate
    var alignment: Estimate
    /// Of its page.
    var address: String
    /// Whether something stands against the label.
    var hasReservation = false
  }

  let spots: [Spot]
  /// Of R and G, where all models are judged by the same ones.
  let thresholds: (ratio: Double?, alignment: Double?)

  /// So many signs are links with names; more would be slower to open than they could be told apart.
  static let mostLinks = 2000
  /// So many have their intervals drawn.
  private static let mostIntervals = 60
  /// Of R that is shown: exact classifiers have 1e-8, and a model that is robust on the manifold alone any number.
  private static let shown = 0.05...20.0

  private var placed: [Spot] { spots.filter { $0.ratio.value != nil && $0.alignment.value != nil } }

  /// Whether each sign leads to its model.
  var areLinks: Bool { placed.count <= Self.mostLinks }

  /// How many have no place, and how many are drawn at the edge because they lie beyond it.
  var counts: (missing: Int, beyond: Int) {
    let range = ratioRange
    return (
      spots.count - placed.count, placed.count { $0.ratio.value.map { !range.contains($0) } ?? false }
    )
  }

  private var ratioRange: ClosedRange<Double> {
    let values = placed.compactMap(\.ratio.value).filter(Self.shown.contains) + [thresholds.ratio ?? 1]
    let (low, high) = (values.min() ?? 1, values.max() ?? 1)
    return max(Self.shown.lowerBound, low / 1.3)...min(Self.shown.upperBound, max(high, 2 * low) * 1.3)
  }

  var svg: String {
    let alignments = placed.compactMap(\.alignment.value)
    let range = ratioRange
    let plot = Plot(
      x: Axis(label: "R, off / on the manifold (logarithmic)", scale: .logarithmic(range, hasZero: false)),
      y: Axis(label: "G, alignment of gradients", scale: .covering(alignments, including: [0, 0.5])), width: 560,
      height: 320, places: [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20])
    let lines =
      (thresholds.ratio.map { plot.vertical($0, class: "rule") } ?? "")
      + (thresholds.alignment.map { plot.horizontal($0, class: "rule") } ?? "")
    let label =
      "Plane of R against G with \(placed.count) models as points: "
      + RegimeSign.all.map { sign in
        let spots = placed.filter { $0.regime.label == sign.label }
        let qualified = spots.count(where: \.hasReservation)
        return "\(spots.count) \(sign.name)" + (qualified > 0 ? " (\(qualified) of them with a reservation)" : "")
      }.joined(separator: ", ") + ". The table below has the same numbers."
    return plot.svg(label: label, isImage: !areLinks, lines + (areLinks ? links(on: plot) : shapes(on: plot)))
  }

  private func place(_ spot: Spot, on plot: Plot) -> Point? {
    guard let ratio = spot.ratio.value, let alignment = spot.alignment.value else { return nil }
    // A logarithmic axis has no zero.
    return plot.point(max(ratio, Self.shown.lowerBound / 10), alignment)
  }

  private func links(on plot: Plot) -> String {
    let hasIntervals = placed.count <= Self.mostIntervals
    let size = placed.count <= 200 ? 4.6 : 3.4
    return placed.compactMap { spot -> String? in
      guard let point = place(spot, on: plot) else { return nil }
      let regime = spot.hasReservation ? "\(spot.regime.name) with a reservation" : spot.regime.name
      let words =
        "\(OutsideText.within(OutsideText.name(spot.name))): \(regime), R \(Quantity.ratio.text(spot.ratio.value)), "
        + "G \(Quantity.alignment.text(spot.alignment.value))"
      // Keyboards reach the same pages by the table, in its order.
      return "<a class=\"spot \(spot.regime.style)\" href=\"\(XMLText.escaped(spot.address))\" tabindex=\"-1\">"
        + "<title>\(XMLText.escaped(words))</title>" + (hasIntervals ? interval(spot, on: plot) : "")
        + "<path d=\"\(Plot.path([point]))\(spot.regime.path(size: size))\"/></a>"
    }.joined(separator: "\n")
  }

  private func interval(_ spot: Spot, on plot: Plot) -> String {
    guard let ratio = spot.ratio.value, let alignment = spot.alignment.value else { return "" }
    let least = Self.shown.lowerBound / 10
    func line(_ from: (Double?, Double?), _ to: (Double?, Double?)) -> String {
      guard let x = from.0, let y = from.1, let u = to.0, let v = to.1, let start = plot.point(max(x, least), y),
        let end = plot.point(max(u, least), v)
      else { return "" }
      return Plot.path([start, end])
    }
    let data =
      line((spot.ratio.low, alignment), (spot.ratio.high, alignment))
      + line((ratio, spot.alignment.low), (ratio, spot.alignment.high))
    return data.isEmpty ? "" : "<path class=\"whisker\" d=\"\(data)\"/>"
  }

  /// One path for each regime.
  private func shapes(on plot: Plot) -> String {
    RegimeSign.all.map { sign in
      let data = placed.filter { $0.regime.label == sign.label }.compactMap { place($0, on: plot) }
        .map { "\(Plot.path([$0]))\(sign.path(size: 2.4))" }.joined()
      return data.isEmpty ? "" : "<path class=\"spot many \(sign.style)\" d=\"\(data)\"/>"
    }.joined(separator: "\n")
  }
}
