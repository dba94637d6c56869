import Foundation

/// Directions of two classifiers made one (Augustin et al., "Diffusion Visual Counterfactual Explanations", NeurIPS 2022): that of a
/// robust one, brought into the cone around the direction of the classifier that is to be explained.
enum Cone {
  /// Outside the cone: tan(angle) u + v, where v is the unit direction of the axis and u that of the part of `guide` off it: the
  /// direction of the cone's surface nearest to the guide's. Inside it, and where the guide says nothing, the axis, as the
  /// public code does (in the paper it is the guide).
  /// - Parameters:
  ///   - angle: half the cone's opening, in degrees, 0 to below 90.
  /// - Returns: nil where the axis is zero.
  static func projection(of guide: [Double], around axis: [Double], angle: Double) -> [Double]? {
    guard let axis = axis.scaled(toLength: 1) else { return nil }
    guard let guide = guide.scaled(toLength: 1) else { return axis }
    let along = zip(guide, axis).reduce(0) { $0 + $1.0 * $1.1 }
    guard along < cos(angle * .pi / 180), let off = zip(guide, axis).map({ $0 - along * $1 }).scaled(toLength: 1)
    else { return axis }
    let tangent = tan(angle * .pi / 180)
    return zip(off, axis).map { tangent * $0 + $1 }
  }
}

extension [Double] {
  var length: Double { reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Nil where the length is zero or not finite.
  func scaled(toLength length: Double) -> [Double]? {
    let own = self.length
    guard own > 0, own.isFinite else { return nil }
    return map { $0 / own * length }
  }
}
