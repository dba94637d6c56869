import Figures

/// Coordinates of drawings that are there a thousand times: one decimal is a hundredth of a millimetre on a telephone.
enum DrawnNumber {
  static func text(_ value: Double) -> String { SVGNumber.text((value * 10).rounded() / 10) }
}
