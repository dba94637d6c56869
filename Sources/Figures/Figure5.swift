/// The paper's figure 5: how much more a model responds to noise on the signal than to noise on the distractor, against the noise;
/// below, the two responses themselves.
package struct Figure5: Sendable {
  /// What the figure's title ends with.
  package static let subject = "response to noise on the signal and on the distractor"

  /// A number at each noise level: the line, and the edges of its band.
  package typealias Curve = [Series.Sample]

  /// Models of one kind.
  package struct Line: Sendable {
    package var name: String
    package var ratio: Curve
    /// Mean L1 change of the softmax, in [0, 2].
    package var signal: Curve
    package var distractor: Curve

    package init(name: String, ratio: Curve, signal: Curve, distractor: Curve) {
      (self.name, self.ratio, self.signal, self.distractor) = (name, ratio, signal, distractor)
    }
  }

  package var task: String
  package var lines: [Line]
  /// What the bands are.
  package var bands: String

  package init(task: String, lines: [Line], bands: String) {
    (self.task, self.lines, self.bands) = (task, lines, bands)
  }

  /// As many as can be told apart.
  package static let lineLimit = NumberedLine.limit

  private func series(_ samples: KeyPath<Line, Curve>, isDashed: Bool = false) -> [Series] {
    lines.enumerated().map { NumberedLine($0).series($1.name, $1[keyPath: samples], isDashed: isDashed) }
  }

  /// - Precondition: at most `lineLimit` lines.
  package var figure: Figure {
    precondition(lines.count <= Self.lineLimit, "more lines than colours")
    let noises = lines.flatMap { $0.ratio.map(\.x) }.filter { $0 > 0 }
    let x = Scale.strengths(noises)
    let ratios = lines.flatMap { $0.ratio.flatMap { [$0.low, $0.high, $0.y] } }.filter { $0 > 0 && $0.isFinite }
    let responses = lines.flatMap { ($0.signal + $0.distractor).flatMap { [$0.low, $0.high] } }
    let even = LineStyle(.ink, width: 1.1, dashes: [2, 2.5])
    var style = FigureStyle(panelWidth: 380, panelHeight: 190)
    style.stripHeight = 0
    return Figure(
      title: "Task \(task): \(Self.subject)",
      description:
        "Above, the mean L1 change of the softmax under noise on the signal, divided by that under noise of the same "
        + "standard deviation on the distractor; below, both. \(bands)",
      columns: [
        [
          Panel(
            x: Axis(label: nil, scale: x, showsTickLabels: false),
            y: Axis(label: "Signal / distractor", scale: .strengths(ratios + [0.5, 2])),
            references: [ReferenceLine(value: 1, line: even)], series: series(\.ratio)),
          Panel(
            x: Axis(label: "Standard deviation of the noise", scale: x),
            y: Axis(label: "Softmax change (L1)", scale: .covering(responses, including: [0])),
            series: series(\.signal) + series(\.distractor, isDashed: true)),
        ]
      ],
      legend: Legend(
        zip(series(\.ratio), lines).map { Legend.Entry(.series($0.line, $0.marker), RichText($1.name)) } + [
          .init(.series(even, nil), "as sensitive to either"), .init(.series(LineStyle(.ink), nil), "signal"),
          .init(.series(LineStyle(.ink, dashes: [6, 3]), nil), "distractor"),
        ]),
      style: style)
  }
}
