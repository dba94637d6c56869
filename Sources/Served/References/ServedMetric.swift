import BenchCore
import Tensor

/// A metric that a program computes: `--metric program=CMD`.
struct ServedMetric: AlignmentMetric {
  let reference: ServedReference
  var id: String { reference.id }
  var learned: LearnedReference? { reference.learned }

  /// What is not said is taken to be the least that can be relied on.
  var properties: MetricProperties {
    let said = reference.announcement.properties
    return MetricProperties(
      isScaleInvariant: said?.scaleInvariant ?? false, isDefinedAtZero: said?.definedAtZero ?? false,
      smallestSide: said?.smallestSide ?? 1, channels: said?.channels)
  }

  func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
    let values = try reference.ask(
      "compare", [("a", gradients), ("b", references)], answer: ("values", []), mayBeUndefined: true)
    // Not every program looks whether its images are numbers.
    return values.enumerated().map { image, value in
      isDefined(gradients.item(image)) && isDefined(references.item(image)) ? Double(value) : .nan
    }
  }

  private func isDefined(_ image: ArraySlice<Float>) -> Bool {
    image.allSatisfy(\.isFinite) && (properties.isDefinedAtZero || image.contains { $0 != 0 })
  }
}
