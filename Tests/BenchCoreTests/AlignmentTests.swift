import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct AlignmentTests {
  @Test func cosineIsBoundedAndUndefinedForZero() {
    let first = Tensor(shape: [3, 2], scalars: [1, 0, 3, 4, 0, 0])
    let second = Tensor(shape: [3, 2], scalars: [0, 2, 6, 8, 1, 1])
    let values = cosineSimilarities(first, second)
    #expect(values[0] == 0 && abs(values[1] - 1) < 1e-12 && values[2].isNaN)
  }

  @Test func sobelFindsEdgesOfEitherDirection() {
    // A vertical edge between columns 1 and 2, by hand: 4 times the step on both sides, 0 elsewhere.
    let image = Tensor(
      shape: [1, 1, 3, 4], scalars: [Float](repeating: 0, count: 0) + [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])
    #expect(sobelMagnitude(image).scalars == [0, 4, 4, 0, 0, 4, 4, 0, 0, 4, 4, 0])
    let turned = Tensor(shape: [1, 1, 4, 3], scalars: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    #expect(sobelMagnitude(turned).scalars == [0, 0, 0, 4, 4, 4, 4, 4, 4, 0, 0, 0])
    #expect(sobelMagnitude(Tensor(shape: [1, 2, 3, 3], repeating: 0.5)).scalars.allSatisfy { $0 == 0 })
  }

  /// The toy reference smoothed at any noise is the same linear classifier up to scale and a bias, so every target that
  /// depends on one direction is aligned exactly.
  @Test func theBayesClassifierIsAlignedWithItself() throws {
    let measurements = try toyOutcome().result.measurements
    let alignment = try #require(measurements.bayesAlignment)
    #expect(measurements.referenceAlignment == nil)
    #expect(alignment.count == GradientTarget.allCases.count * 2)
    let decisive = try #require(alignment.first { $0.target == .logOddsPredicted && $0.noise == 0.25 })
    #expect((decisive.value ?? 0) > 0.95)
    #expect(abs(decisive.controls.random.value ?? 1) < 0.1)
    #expect((decisive.controls.otherImage.value ?? 1) < 0.5)
    #expect(decisive.bestControl.map { ($0.estimate.value ?? 1) < (decisive.value ?? 0) } == true)
  }

  @Test func controlsAgainstAScoreAreSharedByTheTargets() throws {
    let outcome = try toyOutcome(images: 20)
    let entries = outcome.result.measurements.scoreAlignment
    #expect(entries.count == GradientTarget.allCases.count)
    #expect(entries.allSatisfy { $0.controls == entries[0].controls })
    #expect(outcome.result.measurements.conditionalScoreAlignment.map(\.target) == [.logitPredicted])
  }

  /// The class-conditional score of the predicted class, by the toy's formula.
  @Test func conditionalScoresAreThoseOfThePredictedClass() throws {
    let classifier = fragileClassifier(strength: 2)
    let outcome = try toyOutcome(classifier, images: 9)
    let images = try ToyTask().evaluationImages(count: 9, seed: 3).images
    let predicted = try classifier.logits(images).argmaxOfRows()
    let column = try #require(outcome.samples["conditional-score-alignment/logit-predicted/cosine/0.25"])
    for image in 0..<9 {
      let score = images.item(image).enumerated().map { pixel, value -> Float in
        let variance = pow(ToyDensity.deviation(pixel: pixel), 2) + 0.0625
        return Float((ToyDensity.mean(ofClass: predicted[image], pixel: pixel) - Double(value)) / variance)
      }
      let gradient = classifier.weights.row(predicted[image]).map { Float($0) }
      let expected = cosineSimilarities(
        Tensor(shape: [1, 24], scalars: gradient), Tensor(shape: [1, 24], scalars: score))[0]
      #expect(abs(column[image] - expected) < 1e-5)
    }
  }

  @Test func aZeroGradientIsCountedAndLeftOut() throws {
    let constant = QuadraticClassifier(
      inputShape: [1, 4, 6], weights: Matrix(rows: 3, columns: 24), biases: [1, 0, 0])
    let outcome = try toyOutcome(constant, images: 12)
    let entry = try #require(outcome.result.measurements.bayesAlignment?.first)
    #expect(entry.value == nil && entry.undefinedImages == 12)
    #expect(entry.controls.sobel.value != nil)
    #expect(ResultValidation.problems(in: outcome.result) == [])
  }

  @Test func anImageAloneHasNoOther() throws {
    let outcome = try toyOutcome(images: 1)
    #expect(outcome.result.measurements.scoreAlignment[0].controls.otherImage.value == nil)
  }

  @Test func blocksLeaveNoImageAlone() {
    let ranges = MeasurementBlock.ranges(imageCount: 129, scalarsPerImage: 3072)
    #expect(ranges == [0..<64, 64..<129])
    #expect(MeasurementBlock.ranges(imageCount: 3, scalarsPerImage: 1 << 22) == [0..<3])
    #expect(MeasurementBlock.ranges(imageCount: 1, scalarsPerImage: 10) == [0..<1])
  }
}
