/// Sizes, in user units of 1/96 inch.
public struct FigureStyle: Sendable {
  public var panelWidth: Double
  public var panelHeight: Double
  public var tickSize = 11.0
  public var labelSize = 12.0
  public var titleSize = 13.0
  public var legendSize = 11.5
  public var horizontalTicks = 5
  public var verticalTicks = 6
  /// From a panel's left line to the baseline of its y label.
  public var leftLabelOffset = 42.0
  public var leftMargin = 62.0
  public var rightMargin = 14.0
  /// Between columns, and between the panels of one column.
  public var columnGap = 26.0
  public var rowGap = 16.0
  /// The strip above the uppermost panel that names its spans; 0 for none.
  public var stripHeight = 17.0

  public init(panelWidth: Double, panelHeight: Double) {
    self.panelWidth = panelWidth
    self.panelHeight = panelHeight
  }
}
