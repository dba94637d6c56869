import BenchCore
import Tensor

/// Checks of any `AlignmentMetric`, as far as its `properties` promise what they check.
public enum MetricConformance {
  /// Of values compared between calls with rescaled images.
  private static let tolerance = 1e-5

  /// - Parameter imageShape: `[C, H, W]` of the random images it is tried on; by default small ones that it takes.
  /// - Returns: what is wrong, empty where nothing is.
  public static func problems(
    _ metric: any AlignmentMetric, imageShape: Shape? = nil, seed: UInt64 = 1
  ) -> [ConformanceProblem] {
    let properties = metric.properties
    var report = ConformanceReport("metric \(metric.id)")
    report.requireIdentifier(metric.id)
    report.require(
      properties.smallestSide >= 1 && properties.channels.map { !$0.isEmpty && $0.allSatisfy { $0 >= 1 } } ?? true,
      .declaration,
      "takes images of side \(properties.smallestSide) and of \(properties.channels ?? []) channels, which there are not"
    )
    guard report.problems.isEmpty else { return report.problems }
    let side = max(8, properties.smallestSide)
    let channels = properties.channels.map { $0.contains(3) ? 3 : $0[0] } ?? 3
    let imageShape = imageShape ?? [channels, side, side]
    if let needed = properties.requirement(missedBy: imageShape) {
      report.add(.shape, "is to be tried on images \(imageShape), but takes \(needed)")
      return report.problems
    }
    let count = 6
    let gradients = random("gradients", count, imageShape, seed)
    // Partly alike, as gradients and scores are.
    let references = random("references", count, imageShape, seed).combined(with: gradients) { $0 + 0.5 * $1 }
    guard let values = report.attempt("compare", { try metric.compare(gradients, references) }),
      report.require(values.count == count, .shape, "\(count) pairs of images give \(values.count) values")
    else { return report.problems }
    report.require(
      values.allSatisfy(\.isFinite), .finite, "random images give \(values), expected finite values")
    ImagewiseCheck(what: "values", count: count) { indices in
      try metric.compare(gradients.selecting(indices), references.selecting(indices)).map {
        ImageNumbers(results: [[$0]])
      }
    }.run(into: &report)
    checkSelfAlignment(metric, gradients, values, &report)
    if properties.isScaleInvariant { checkScale(metric, gradients, references, values, &report) }
    checkUndefined(metric, gradients, references, values, &report)
    return report.problems
  }

  private static func random(_ name: String, _ count: Int, _ imageShape: Shape, _ seed: UInt64) -> Tensor {
    let stream = RandomStream(seed: seed, name: "conformance-\(name)")
    return Tensor(
      shape: imageShape.prepending(count),
      scalars: (0..<count).flatMap { stream.normals(item: $0, count: imageShape.count).map(Float.init) })
  }

  private static func checkSelfAlignment(
    _ metric: any AlignmentMetric, _ gradients: Tensor, _ values: [Double], _ report: inout ConformanceReport
  ) {
    let opposites = gradients.combined(with: gradients) { first, _ in -first }
    guard let own = report.attempt("compare with itself", { try metric.compare(gradients, gradients) }),
      let opposite = report.attempt("compare with the opposite", { try metric.compare(gradients, opposites) }),
      own.count == values.count, opposite.count == values.count
    else { return }
    for image in values.indices {
      report.require(
        own[image] >= values[image] && own[image] >= opposite[image], .selfAlignment,
        "image \(image) has alignment \(own[image]) with itself, \(values[image]) with another image and "
          + "\(opposite[image]) with its opposite")
    }
  }

  private static func checkScale(
    _ metric: any AlignmentMetric, _ gradients: Tensor, _ references: Tensor, _ values: [Double],
    _ report: inout ConformanceReport
  ) {
    // A saturated network's gradients of log-probabilities are as small as 1e-12; their squares still are numbers in double.
    for factor: Float in [0x1p-40, 0x1p-10, 3, 0x1p20] {
      for (left, right) in [(factor, Float(1)), (1, factor)] {
        let scaled = report.attempt("compare of rescaled images") {
          try metric.compare(
            gradients.combined(with: gradients) { first, _ in left * first },
            references.combined(with: references) { first, _ in right * first })
        }
        guard let scaled, scaled.count == values.count else { continue }
        let largest = zip(scaled, values).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
        let name = left == 1 ? "the references" : "the gradients"
        report.require(
          largest <= tolerance, .scaleInvariance, "multiplying \(name) by \(factor) changes a value by \(largest)")
      }
    }
  }

  private static func checkUndefined(
    _ metric: any AlignmentMetric, _ gradients: Tensor, _ references: Tensor, _ values: [Double],
    _ report: inout ConformanceReport
  ) {
    let middle = gradients.batch / 2
    let zero: [(Float, String)] = [(0, "zero everywhere")]
    for (value, name) in (metric.properties.isDefinedAtZero ? [] : zero) + [(.nan, "NaN"), (.infinity, "infinite")] {
      for replacesGradient in [true, false] {
        func replaced(_ tensor: Tensor, _ replaces: Bool) -> Tensor {
          var result = tensor
          if replaces {
            for index in middle * tensor.stride..<(middle + 1) * tensor.stride { result.scalars[index] = value }
          }
          return result
        }
        let which = replacesGradient ? "gradient" : "reference"
        let found = report.attempt("compare of a \(which) that is \(name)") {
          try metric.compare(replaced(gradients, replacesGradient), replaced(references, !replacesGradient))
        }
        guard let found, found.count == values.count else { continue }
        report.require(
          found[middle].isNaN, .undefined, "a \(which) that is \(name) gives \(found[middle]), expected NaN")
        report.require(
          found.indices.allSatisfy { $0 == middle || found[$0] == values[$0] }, .batchInvariance,
          "a \(which) that is \(name) changes the values of other images")
      }
    }
    if metric.properties.isDefinedAtZero { checkZero(metric, gradients, &report) }
  }

  /// A metric with values at zero has finite ones.
  private static func checkZero(
    _ metric: any AlignmentMetric, _ gradients: Tensor, _ report: inout ConformanceReport
  ) {
    let zeros = gradients.combined(with: gradients) { _, _ in 0 }
    for (first, second) in [(zeros, gradients), (gradients, zeros), (zeros, zeros)] {
      guard let found = report.attempt("compare of images that are zero", { try metric.compare(first, second) }) else {
        continue
      }
      report.require(
        found.allSatisfy(\.isFinite), .undefined,
        "says that it is defined where an image is zero, and gives \(found), expected finite values")
    }
  }
}

extension Tensor {
  fileprivate func combined(with other: Tensor, _ combine: (Float, Float) -> Float) -> Tensor {
    Tensor(shape: shape, scalars: zip(scalars, other.scalars).map(combine))
  }
}
