import Tensor

/// How numbers are compared in tests: within `absolute + relative * |expected|`.
package enum Agreement {
  /// The largest |got - expected| / (absolute + relative |expected|), at most 1 where the numbers agree; infinite where the
  /// counts differ or only one of the two is finite.
  package static func excess(
    _ got: some Collection<Float>, _ expected: some Collection<Double>, absolute: Double, relative: Double
  ) -> Double {
    guard got.count == expected.count else { return .infinity }
    var largest = 0.0
    for (value, reference) in zip(got, expected) {
      let value = Double(value)
      if value == reference || (value.isNaN && reference.isNaN) { continue }
      let ratio = abs(value - reference) / (absolute + relative * abs(reference))
      largest = ratio.isNaN ? .infinity : max(largest, ratio)
    }
    return largest
  }

  package static func excess(_ got: Tensor, _ expected: Tensor, absolute: Double, relative: Double) -> Double {
    guard got.shape == expected.shape else { return .infinity }
    return excess(got.scalars, expected.scalars.map(Double.init), absolute: absolute, relative: relative)
  }
}
