/// A pair of axes with what is drawn between them.
package struct Panel: Sendable {
  package var title: String?
  package var x: Axis
  package var y: Axis
  /// Drawn in this order: spans, references, series.
  package var spans: [Span]
  package var references: [ReferenceLine]
  package var series: [Series]

  package init(
    title: String? = nil, x: Axis, y: Axis, spans: [Span] = [], references: [ReferenceLine] = [], series: [Series]
  ) {
    self.title = title
    self.x = x
    self.y = y
    self.spans = spans
    self.references = references
    self.series = series
  }
}
