/// A pair of axes with what is drawn between them.
public struct Panel: Sendable {
  public var title: String?
  public var x: Axis
  public var y: Axis
  /// Drawn in this order: spans, references, series.
  public var spans: [Span]
  public var references: [ReferenceLine]
  public var series: [Series]

  public init(
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
