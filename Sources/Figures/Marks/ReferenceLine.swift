/// A level to compare with, across the whole panel.
public struct ReferenceLine: Sendable {
  public var value: Double
  public var line: LineStyle

  public init(value: Double, line: LineStyle) {
    self.value = value
    self.line = line
  }
}
