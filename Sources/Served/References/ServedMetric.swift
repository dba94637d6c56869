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
    // Not every program looks whether its images are numbers: it is not asked about those that are none.
    let asked = (0..<gradients.batch).filter { isDefined(gradients.item($0)) && isDefined(references.item($0)) }
    func chosen(_ images: Tensor) -> Tensor {
      Tensor(shape: images.shape.droppingFirst.prepending(asked.count), scalars: asked.flatMap(images.item))
    }
    let values = try reference.ask(
      "compare", [("a", chosen(gradients)), ("b", chosen(references))], answer: ("values", []), mayBeUndefined: true)
    var all = [Double](repeating: .nan, count: gradients.batch)
    for (place, value) in zip(asked, values) { all[place] = Double(value) }
    return all
  }

  private func isDefined(_ image: ArraySlice<Float>) -> Bool {
    image.allSatisfy(\.isFinite) && (properties.isDefinedAtZero || image.contains { $0 != 0 })
  }
}
