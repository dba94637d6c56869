import BenchCore
import Foundation
import Synchronization
import Tensor
import Testing
import _TestSupport

/// That the checks notice what they are for, and nothing else.
@Suite struct ConformanceBrokenClassifierTests {
  private let images = ConformanceFixtures.uniformImages(7, [1, 3, 4])

  @Test func soundOneConforms() {
    expectNone(ClassifierConformance.problems(ToyClassifier(flaw: nil), images: images))
  }

  @Test("broken classifiers are reported", arguments: ToyClassifier.Flaw.allCases)
  func broken(flaw: ToyClassifier.Flaw) {
    expect(flaw.violated, in: ClassifierConformance.problems(ToyClassifier(flaw: flaw), images: images))
  }

  @Test("another model is not the same model")
  func differences() {
    let problems = ClassifierConformance.differences(
      between: ToyClassifier(flaw: nil), and: ToyClassifier(flaw: .wrongScale), images: images)
    #expect(
      problems.count == 1 && problems[0].finding.hasPrefix("input gradients: the results differ for 7 of 7 images"))
  }

  @Test("a problem says whose it is, what was found and why it matters")
  func wording() throws {
    let problems = ClassifierConformance.problems(
      ToyClassifier(flaw: .wrongScale), subject: "toy", images: images)
    let words = try #require(problems.first).description
    #expect(words.hasPrefix("toy: input gradients differ from central differences along random directions by "))
    #expect(words.contains(" % of their size") && words.hasSuffix("must be those of the function (derivative)"))
  }
}

/// logit k = sum over pixels of w_kp tanh(3 x_p), with its exact gradient, and at most one flaw.
struct ToyClassifier: Classifier {
  enum Flaw: String, CaseIterable, Sendable {
    case batchDependent, orderDependent, nondeterministic, nan, wrongScale, forgetsPixels, noGradient, quantised
    case wrongLogits, firstCotangentForAll, noGradientsForNoImages, swallowsErrors, wrongShape, wrongRange

    var violated: ConformanceRequirement {
      switch self {
      case .batchDependent, .orderDependent: .batchInvariance
      case .nondeterministic: .determinism
      case .nan: .finite
      case .wrongScale, .forgetsPixels, .noGradient: .derivative
      case .quantised: .linearity
      case .wrongLogits: .consistency
      case .firstCotangentForAll, .wrongRange: .cotangents
      case .noGradientsForNoImages: .emptyBatch
      case .swallowsErrors: .errorPropagation
      case .wrongShape: .shape
      }
    }
  }

  let inputShape: Shape = [1, 3, 4]
  let classCount = 3
  let flaw: Flaw?
  private static let calls = Atomic<Int>(0)

  private func weight(_ label: Int, _ pixel: Int) -> Float { Float(sin(Double(12 * label + pixel + 1))) }

  func logits(_ images: Tensor) throws -> Tensor {
    var scalars: [Float] = []
    for image in 0..<images.batch {
      for label in 0..<classCount {
        var sum: Float = 0
        for (pixel, value) in images.item(image).enumerated() { sum += weight(label, pixel) * tanh(3 * value) }
        switch flaw {
        case .batchDependent: sum += Float(images.batch) * 0x1p-20
        case .orderDependent: sum += Float(image) * 0x1p-20
        case .nondeterministic: sum += Float(Self.calls.add(1, ordering: .relaxed).newValue % 1009) * 0x1p-20
        case .nan where image == 2: sum = .nan
        default: break
        }
        scalars.append(sum)
      }
    }
    return flaw == .wrongShape
      ? Tensor(shape: [classCount, images.batch], scalars: scalars)
      : Tensor(shape: [images.batch, classCount], scalars: scalars)
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    var logits = try logits(images)
    let range = flaw == .wrongRange ? 1..<images.batch + 1 : 0..<images.batch
    var vectors: [Tensor]
    do { vectors = try cotangents(logits, range) } catch {
      guard flaw == .swallowsErrors else { throw error }
      vectors = []
    }
    if flaw == .firstCotangentForAll { vectors = vectors.map { _ in vectors[0] } }
    if flaw == .noGradientsForNoImages, images.batch == 0 { vectors = [] }
    if flaw == .wrongLogits { logits.scalars = logits.scalars.map { $0.nextUp } }
    return (logits, vectors.map { gradient(images, $0) })
  }

  private func gradient(_ images: Tensor, _ cotangent: Tensor) -> Tensor {
    var scalars: [Float] = []
    for image in 0..<images.batch {
      let vector = Array(cotangent.item(image))
      for (pixel, value) in images.item(image).enumerated() {
        let slope = 3 * (1 - pow(tanh(3 * value), 2))
        var sum: Float = 0
        for label in 0..<classCount { sum += vector[label] * weight(label, pixel) * slope }
        switch flaw {
        case .wrongScale: sum *= 1.1
        case .forgetsPixels where pixel < 6: sum = 0
        case .noGradient: sum = 0
        case .quantised: sum = (sum * 0x1p8).rounded() * 0x1p-8
        default: break
        }
        scalars.append(sum)
      }
    }
    return Tensor(shape: images.shape, scalars: scalars)
  }
}
