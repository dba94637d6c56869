import Foundation

extension Figure3 {
  private enum Quantity: CaseIterable {
    case offManifold, onManifold, accuracy, alignment

    func values(_ group: Group) -> [Double] {
      switch self {
      case .offManifold: group.offManifold
      case .onManifold: group.onManifold
      case .accuracy: group.accuracy
      case .alignment: group.alignment
      }
    }

    var line: LineStyle {
      switch self {
      case .offManifold: LineStyle(.vermilion, dashes: [6, 3])
      case .onManifold: LineStyle(.blue)
      case .accuracy: LineStyle(.ink)
      case .alignment: LineStyle(.green, dashes: [7, 3, 1.5, 3])
      }
    }

    var marker: Marker {
      switch self {
      case .offManifold: Marker(.square, isFilled: false)
      case .onManifold: Marker(.circle)
      case .accuracy: Marker(.diamond, isFilled: false)
      case .alignment: Marker(.triangle)
      }
    }
  }

  private static func referenceLine(_ colour: Colour) -> LineStyle { LineStyle(colour, width: 1.1, dashes: [2, 2.5]) }

  package var figure: Figure {
    var style = FigureStyle(panelWidth: columns.count > 1 ? 236 : 340, panelHeight: columns.count > 1 ? 168 : 190)
    style.columnGap = 20
    return Figure(
      title: columns.map(\.title).joined(separator: ", ") + ": " + Self.subject,
      description: description, columns: columns.enumerated().map { panels($1, isFirst: $0 == 0) }, legend: legend,
      style: style)
  }

  private var description: String {
    "Above, the mean L1 change of the softmax under steps of length \(brief(stepSize)) on and off the manifold; below, "
      + "accuracy and the mean cosine between the input gradient and that of the \(alignmentReference). "
      + (seeds > 1 ? "Lines are means over \(seeds) seeds, bands their range. " : "One seed. ")
      + "Backgrounds are the regimes found."
  }

  private func samples(_ quantity: Quantity, _ column: Column) -> [Series.Sample] {
    column.groups.compactMap { group in
      let values = quantity.values(group)
      guard let low = values.min(), let high = values.max() else { return nil }
      return .init(
        x: group.strength, y: values.reduce(0, +) / Double(values.count), low: low, high: high)
    }
  }

  private func series(_ quantities: [Quantity], _ column: Column) -> [Series] {
    quantities.map { quantity in
      Series(
        name: name(quantity), samples: samples(quantity, column), line: quantity.line, marker: quantity.marker)
    }
  }

  private func name(_ quantity: Quantity) -> RichText {
    switch quantity {
    case .offManifold: "off-manifold sensitivity"
    case .onManifold: "on-manifold sensitivity"
    case .accuracy: "accuracy"
    case .alignment: RichText("alignment with the \(alignmentReference)")
    }
  }

  private func panels(_ column: Column, isFirst: Bool) -> [Panel] {
    let x = Scale.strengths(column.groups.map(\.strength))
    let spans = spans(column, on: x)
    func axis(_ label: RichText, _ scale: Scale) -> Axis {
      Axis(label: isFirst ? label : nil, scale: scale, showsTickLabels: isFirst)
    }
    return [
      Panel(
        title: column.title, x: Axis(label: nil, scale: x, showsTickLabels: false),
        y: axis(RichText("Softmax change (L1), steps of length \(brief(stepSize))"), sensitivityScale), spans: spans,
        references: column.bayesOnManifold.map {
          [ReferenceLine(value: $0, line: Self.referenceLine(Quantity.onManifold.line.colour))]
        } ?? [], series: series([.onManifold, .offManifold], column)),
      Panel(
        x: Axis(label: column.strengthLabel, scale: x), y: axis("Accuracy; cosine", shareScale), spans: spans,
        references: column.bayesAccuracy.map {
          [ReferenceLine(value: $0, line: Self.referenceLine(Quantity.accuracy.line.colour))]
        } ?? [], series: series([.accuracy, .alignment], column)),
    ]
  }

  /// The same for all columns, so that they can be compared.
  private var sensitivityScale: Scale {
    .covering(
      columns.flatMap { column in
        column.groups.flatMap { $0.onManifold + $0.offManifold } + (column.bayesOnManifold.map { [$0] } ?? [])
      }, including: [0])
  }

  /// Up to 1, and below 0 where a cosine is.
  private var shareScale: Scale {
    let lowest = columns.flatMap { $0.groups.flatMap { $0.alignment + $0.accuracy } }.filter(\.isFinite).min() ?? 0
    return .linear(min(0, (lowest * 5).rounded(.down) / 5)...1)
  }

  /// From halfway to the left neighbour to halfway to the right one; neighbours of one regime are one span.
  private func spans(_ column: Column, on scale: Scale) -> [Span] {
    let places = column.groups.compactMap { group in
      scale.position(group.strength).map { (position: $0, strength: group.strength, regime: group.regime) }
    }
    guard !places.isEmpty else { return [] }
    var edges = [0.0]
    for (left, right) in zip(places, places.dropFirst()) {
      edges.append(left.strength == 0 ? Scale.breakPosition : (left.position + right.position) / 2)
    }
    edges.append(1)
    var spans: [Span] = []
    for (index, place) in places.enumerated() {
      let range = edges[index]...max(edges[index], edges[index + 1])
      if let last = spans.last, last.shade == place.regime.shade {
        spans[spans.count - 1].range = last.range.lowerBound...range.upperBound
      } else {
        spans.append(Span(range: range, shade: place.regime.shade, labels: place.regime.names))
      }
    }
    return spans
  }

  private var legend: Legend {
    let isAligned = columns.contains { $0.groups.contains { !$0.alignment.isEmpty } }
    var entries = Quantity.allCases.filter { $0 != .alignment || isAligned }.map {
      Legend.Entry(.series($0.line, $0.marker), name($0))
    }
    if columns.contains(where: { $0.bayesOnManifold != nil || $0.bayesAccuracy != nil }) {
      entries.append(.init(.series(Self.referenceLine(.grey(70)), nil), "Bayes classifier (same colours)"))
    }
    if seeds > 1 { entries.append(.init(.band(.grey(90)), RichText("range over \(seeds) seeds"))) }
    let found = Set(columns.flatMap { $0.groups.map(\.regime) })
    entries += Regime.allCases.filter(found.contains).map { .init(.shade($0.shade), RichText($0.name)) }
    return Legend(entries)
  }

  private func brief(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : String(format: "%.4g", value)
  }
}
