import Foundation
import Tensor

/// What a function of images gives for one of them: a list of numbers for each of its results. Equal where all bits are.
struct ImageNumbers: Equatable {
  var results: [[Double]]

  static func == (left: Self, right: Self) -> Bool {
    left.results.count == right.results.count
      && zip(left.results, right.results).allSatisfy { one, other in
        one.lazy.map(\.bitPattern).elementsEqual(other.lazy.map(\.bitPattern))
      }
  }

  /// Norm of the difference over the norm of `reference`, the largest of all results; infinite where they cannot be compared.
  func distance(to reference: Self) -> Double {
    guard results.map(\.count) == reference.results.map(\.count) else { return .infinity }
    return zip(results, reference.results).reduce(0) { largest, pair in
      var (difference, size) = (0.0, 0.0)
      for (one, other) in zip(pair.0, pair.1) {
        difference += (one - other) * (one - other)
        size += other * other
      }
      guard difference != 0 else { return largest }
      let distance = (difference / size).squareRoot()
      return distance.isNaN ? .infinity : max(largest, distance)
    }
  }
}

extension ConformanceReport {
  /// Requires the same bits for every image; where the report allows for rounding, what is no more than that is remarked on.
  mutating func requireSame(
    _ got: [ImageNumbers], as expected: [ImageNumbers], _ requirement: ConformanceRequirement, _ what: String
  ) {
    guard
      require(got.count == expected.count, requirement, "\(what): \(got.count) results for \(expected.count) images")
    else { return }
    let differing = got.indices.filter { got[$0] != expected[$0] }
    let distances = differing.map { got[$0].distance(to: expected[$0]) }
    guard let largest = distances.max() else { return }
    let extent =
      "for \(differing.count) of \(got.count) images"
      + (largest.isFinite ? ", by up to \(String(format: "%.1g", largest)) of their norm" : "")
    if largest <= rounding {
      remark(requirement, "\(what): the last digits differ \(extent)")
    } else {
      add(requirement, "\(what): the results differ \(extent)")
    }
  }
}

extension Tensor {
  /// Each image's scalars.
  var numbersOfImages: [ImageNumbers] { (0..<batch).map { ImageNumbers(results: [item($0).map(Double.init)]) } }
}

extension Matrix {
  /// Each row's numbers.
  var numbersOfRows: [ImageNumbers] { (0..<rows).map { ImageNumbers(results: [Array(row($0))]) } }
}

/// Several results of the same images, side by side.
/// - Returns: one element for each image; as many as the longest of `parts` has, so that a wrong count shows.
func joined(_ parts: [[ImageNumbers]]) -> [ImageNumbers] {
  let count = parts.reduce(0) { max($0, $1.count) }
  return (0..<count).map { image in
    ImageNumbers(results: parts.flatMap { image < $0.count ? $0[image].results : [] })
  }
}
