/// A level to compare with, across the whole panel.
package struct ReferenceLine: Sendable {
  package var value: Double
  package var line: LineStyle

  package init(value: Double, line: LineStyle) {
    self.value = value
    self.line = line
  }
}
