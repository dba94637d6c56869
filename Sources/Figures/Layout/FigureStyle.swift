/// Sizes, in user units of 1/96 inch.
package struct FigureStyle: Sendable {
  package var panelWidth: Double
  package var panelHeight: Double
  package var tickSize = 11.0
  package var labelSize = 12.0
  package var titleSize = 13.0
  package var legendSize = 11.5
  package var horizontalTicks = 5
  package var verticalTicks = 6
  /// From a panel's left line to the baseline of its y label.
  package var leftLabelOffset = 42.0
  package var leftMargin = 62.0
  package var rightMargin = 14.0
  /// Between columns, and between the panels of one column.
  package var columnGap = 26.0
  package var rowGap = 16.0
  /// The strip above the uppermost panel that names its spans; 0 for none.
  package var stripHeight = 17.0

  /// From one line of a label to the next; whole, as all that a page's width is made of.
  var labelLeading: Double { (1.2 * labelSize).rounded(.up) }

  /// A y label that is longer than its panel has two lines.
  func lines(ofYLabel label: RichText) -> [RichText] { label.lines(within: panelHeight, size: labelSize) }

  package init(panelWidth: Double, panelHeight: Double) {
    self.panelWidth = panelWidth
    self.panelHeight = panelHeight
  }
}
