import BenchCore
import Tensor

/// The share of pixels at which two images have the same sign, in [-1, 1]; undefined where one of them is zero
/// everywhere, or not finite.
struct SignAgreement: AlignmentMetric {
  let id = "sign-agreement"

  func compare(_ gradients: Tensor, _ references: Tensor) -> [Double] {
    (0..<gradients.batch).map { image in
      let (one, other) = (gradients.item(image), references.item(image))
      func isDefined(_ values: ArraySlice<Float>) -> Bool {
        values.allSatisfy(\.isFinite) && values.contains { $0 != 0 }
      }
      guard isDefined(one), isDefined(other) else { return .nan }
      func sign(_ value: Float) -> Double { value > 0 ? 1 : value < 0 ? -1 : 0 }
      return zip(one, other).reduce(0) { $0 + sign($1.0) * sign($1.1) } / Double(one.count)
    }
  }
}
