import BenchCore
import Foundation
import Synchronization
import Tensor

/// The part of `ClassifierConformance` about input gradients.
struct GradientConformance {
  let classifier: any Classifier
  let images: Tensor
  let seed: UInt64
  /// Two vectors of K standard normal numbers.
  let cotangents: [[Float]]

  /// Of norms. Both sides add the same float32 terms in the same order up to factors of two; where pooling or sums of
  /// thousands of terms reorder them, 1e-5 is left.
  private static let linearityTolerance = 1e-4

  init(classifier: any Classifier, images: Tensor, seed: UInt64) {
    self.classifier = classifier
    self.images = images
    self.seed = seed
    let stream = RandomStream(seed: seed, name: "conformance-cotangents")
    cotangents = (0..<2).map { stream.normals(item: $0, count: classifier.classCount).map(Float.init) }
  }

  /// Shapes, finite values, the logits of `logits(_:)`, and that every image's cotangent is asked for once.
  /// - Returns: whether it makes sense to look further.
  func checkShapes(_ logits: Tensor, _ report: inout ConformanceReport) -> Bool {
    let asked = Mutex<[(range: Range<Int>, logits: Tensor)]>([])
    let result = report.attempt("input gradients") {
      try classifier.inputGradients(at: images) { logits, range in
        asked.withLock { $0.append((range, logits)) }
        return try constantCotangents(cotangents)(logits, range)
      }
    }
    guard let result, report.requireShape(result.logits.shape, logits.shape, "logits of input gradients"),
      report.require(
        result.gradients.map(\.shape) == cotangents.map { _ in images.shape }, .shape,
        "input gradients for \(cotangents.count) cotangents have shapes \(result.gradients.map(\.shape)), expected "
          + "\(images.shape) each")
    else { return false }
    for gradient in result.gradients { report.requireFinite(gradient, "the input gradients") }
    report.requireSame(
      result.logits.numbersOfImages, as: logits.numbersOfImages, .consistency,
      "the logits that come with input gradients, and those of logits(_:)")

    let calls = asked.withLock { $0 }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    var end = 0
    for call in calls where call.range.lowerBound == end { end = call.range.upperBound }
    report.require(
      end == images.batch && calls.reduce(0) { $0 + $1.range.count } == images.batch, .cotangents,
      "cotangents were asked for the ranges \(calls.map(\.range)), which do not make up 0..<\(images.batch) once")
    report.require(
      calls.allSatisfy { call in
        call.range.clamped(to: 0..<images.batch) == call.range
          && call.logits.shape == [call.range.count, classifier.classCount]
          && call.logits.numbersOfImages == Array(result.logits.numbersOfImages[call.range])
      }, .cotangents, "the logits that cotangents are made from are not those of their images")
    return true
  }

  /// Together as apart, and linear.
  func checkCotangents(_ report: inout ConformanceReport) {
    let (first, second) = (cotangents[0], cotangents[1])
    let sum = zip(first, second).map { 2 * $0 - 0.5 * $1 }
    let together = report.attempt("input gradients of three cotangents") { try gradients([first, second, sum]) }
    let apart = [first, second, sum].compactMap { cotangent in
      report.attempt("input gradients of one cotangent") { try gradients([cotangent]) }?.first
    }
    guard let together, together.count == 3, apart.count == 3 else { return }
    for (index, pair) in zip(together, apart).enumerated() {
      report.requireSame(
        pair.0.numbersOfImages, as: pair.1.numbersOfImages, .cotangents,
        "the gradients of cotangent \(index) of three, and of that cotangent alone")
    }
    var (error, size) = (0.0, 0.0)
    for index in apart[0].scalars.indices {
      let terms = (2 * Double(apart[0].scalars[index]), -0.5 * Double(apart[1].scalars[index]))
      error += pow(Double(apart[2].scalars[index]) - (terms.0 + terms.1), 2)
      size += pow(abs(terms.0) + abs(terms.1), 2)
    }
    report.require(
      error.squareRoot() <= Self.linearityTolerance * size.squareRoot(), .linearity,
      "the gradient of 2 v - w / 2 is not that of v and w combined: the difference is \((error / size).squareRoot()) of it"
    )
  }

  /// What the caller throws comes back.
  func checkErrors(_ report: inout ConformanceReport) {
    do {
      _ = try classifier.inputGradients(at: images) { _, _ in throw CancellationError() }
      report.add(.errorPropagation, "an error thrown while cotangents are made is lost")
    } catch is CancellationError {
      report.check(.errorPropagation, finding: nil)
    } catch { report.add(.errorPropagation, "an error thrown while cotangents are made becomes \(error)") }
  }

  /// The directional derivatives of <v, logits>.
  func checkDerivative(_ report: inout ConformanceReport) {
    // Differences of every image would cost more than they tell.
    let few = images[batch: 0..<min(6, images.batch)].jittered(by: 0x1p-6, seed: seed)
    let cotangent = cotangents[0]
    let finding = report.attempt("input gradients beside the images") { () throws -> String? in
      let result = try classifier.inputGradients(at: few, cotangents: constantCotangents([cotangent]))
      guard let gradients = result.gradients.first else { return nil }
      return try DirectionalDerivativeCheck(
        images: few, gradients: gradients,
        function: { moved in
          let logits = try classifier.logits(moved)
          return (0..<logits.batch).map { image in
            zip(logits.item(image), cotangent).reduce((0, 0)) { sum, pair in
              let term = Double(pair.0) * Double(pair.1)
              return (sum.0 + term, sum.1 + abs(term))
            }
          }
        }, seed: seed
      ).finding("input gradients")
    }
    if let finding { report.check(.derivative, finding: finding) }
  }

  private func gradients(_ cotangents: [[Float]]) throws -> [Tensor] {
    try classifier.inputGradients(at: images, cotangents: constantCotangents(cotangents)).gradients
  }
}
