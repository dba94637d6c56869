/// An axis: what is on it, in which unit, and on which scale.
package struct Axis: Sendable {
  package var label: RichText?
  package var scale: Scale
  package var showsTickLabels: Bool

  package init(label: RichText?, scale: Scale, showsTickLabels: Bool = true) {
    self.label = label
    self.scale = scale
    self.showsTickLabels = showsTickLabels
  }
}
