/// How much better networks learn from the coordinates that an attribution calls important than from those that it calls unimportant,
/// against the share that is left; below, the accuracies themselves.
package struct FigureDiffROAR: Sendable {
  /// What the figure's title ends with.
  package static let subject = "learning from the largest and from the smallest gradients"

  package struct Line: Sendable {
    package var name: String
    /// In [-1, 1].
    package var difference: [Series.Sample]
    /// In [0, 1].
    package var top: [Series.Sample]
    package var bottom: [Series.Sample]

    package init(
      name: String, difference: [Series.Sample], top: [Series.Sample], bottom: [Series.Sample]
    ) {
      (self.name, self.difference, self.top, self.bottom) = (name, difference, top, bottom)
    }
  }

  package var task: String
  package var lines: [Line]
  /// Accuracy on whole images; nil where it was not measured.
  package var whole: Double?

  package init(task: String, lines: [Line], whole: Double?) {
    (self.task, self.lines, self.whole) = (task, lines, whole)
  }

  /// As many as can be told apart.
  package static let lineLimit = NumberedLine.limit

  private func series(_ samples: KeyPath<Line, [Series.Sample]>, isDashed: Bool = false) -> [Series] {
    lines.enumerated().map { NumberedLine($0).series($1.name, $1[keyPath: samples], isDashed: isDashed) }
  }

  /// - Precondition: at most `lineLimit` lines.
  package var figure: Figure {
    precondition(lines.count <= Self.lineLimit, "more lines than colours")
    let x = Scale.covering(lines.flatMap { $0.difference.map(\.x) }, including: [0, 1])
    let differences = lines.flatMap { $0.difference.flatMap { [$0.low, $0.high] } }
    let accuracies = lines.flatMap { ($0.top + $0.bottom).flatMap { [$0.low, $0.high] } }
    let even = LineStyle(.ink, width: 1.1, dashes: [2, 2.5])
    let wholeLine = LineStyle(.ink, width: 0.9)
    var style = FigureStyle(panelWidth: 380, panelHeight: 190)
    style.stripHeight = 0
    return Figure(
      title: "Task \(task): \(Self.subject)",
      description:
        "Above, the test accuracy of networks trained on images of which only the coordinates with the largest gradient are left, less that "
        + "with the smallest, against the share that is left; below, both. Bands are 95 % intervals.",
      columns: [
        [
          Panel(
            x: Axis(label: nil, scale: x, showsTickLabels: false),
            y: Axis(label: "DiffROAR", scale: .covering(differences, including: [0])),
            references: [ReferenceLine(value: 0, line: even)], series: series(\.difference)),
          Panel(
            x: Axis(label: "Share of the coordinates that is left", scale: x),
            y: Axis(label: "Test accuracy", scale: .covering(accuracies, including: [0, 1])),
            references: whole.map { [ReferenceLine(value: $0, line: wholeLine)] } ?? [],
            series: series(\.top) + series(\.bottom, isDashed: true)),
        ]
      ],
      legend: Legend(
        zip(series(\.difference), lines).map { Legend.Entry(.series($0.line, $0.marker), RichText($1.name)) } + [
          .init(.series(LineStyle(.ink), nil), "largest"),
          .init(.series(LineStyle(.ink, dashes: [6, 3]), nil), "smallest"), .init(.series(even, nil), "no difference"),
        ] + (whole == nil ? [] : [.init(.series(wholeLine, nil), "whole images")])),
      style: style)
  }
}
