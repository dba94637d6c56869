/// An axis: what is on it, in which unit, and on which scale.
public struct Axis: Sendable {
  public var label: RichText?
  public var scale: Scale
  public var showsTickLabels: Bool

  public init(label: RichText?, scale: Scale, showsTickLabels: Bool = true) {
    self.label = label
    self.scale = scale
    self.showsTickLabels = showsTickLabels
  }
}
