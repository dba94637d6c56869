import Foundation
import Tensor
import Testing

@testable import BenchCore

/// Gradients compared with the score of smaller images.
@Suite struct ScoreComparisonTests {
  /// PyTorch 2.13.0: `interpolate(arange(35).reshape(1, 1, 5, 7) ** 1.5 / 100, size, mode="bilinear", antialias=True)`.
  private static let golden: [([Int], [Float])] = [
    ([2, 3], [0.270_432_77, 0.359_990_24, 0.461_982_85, 1.051_889_66, 1.204_592_47, 1.363_926_29]),
    (
      [4, 2],
      [
        0.081_517_68, 0.168_450_34, 0.404_509_48, 0.555_873_39, 0.883_425_18, 1.078_045_49, 1.475_940_59, 1.705_711_6,
      ]
    ),
  ]

  @Test func scalingIsThatOfTorchvision() {
    let map = Tensor(shape: [1, 1, 5, 7], scalars: (0..<35).map { Float(pow(Double($0), 1.5) / 100) })
    for (size, expected) in Self.golden {
      let scaled = map.resampled(height: size[0], width: size[1])
      #expect(scaled.shape == Shape([1, 1] + size))
      #expect(zip(scaled.scalars, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(scaled.scalars)")
    }
    #expect(map.resampled(height: 5, width: 7) == map)
    // Each map by itself.
    let two = Tensor.concatenating([map, Tensor(shape: map.shape, scalars: map.scalars.map { -$0 })])
    let both = two.resampled(height: 2, width: 3)
    #expect(both.item(0).elementsEqual(both.item(1).map { -$0 }))
  }

  /// Of class c everywhere c + 1, but for the image's mean: so it is seen which class and which image it was asked for.
  private struct ClassScore: ClassConditionalScore {
    let id = "small"
    var classCount = 3
    let knowsAllImages = false
    var learned: LearnedReference? = ReferencedTaskTests.learned

    func score(at images: Tensor, noise: Double) throws -> Tensor {
      throw EvaluationError.invalidTask(task: "toy", problem: "was asked for the score of all images")
    }

    func score(ofClasses classes: [Int], at images: Tensor, noise: Double) throws -> Tensor {
      #expect(images.shape.droppingFirst == [1, 2, 3])
      return Tensor(
        shape: images.shape,
        scalars: classes.indices.flatMap { image in
          images.item(image).enumerated().map { Float(classes[image] + 1) * Float($0) + $1 }
        })
    }
  }

  private func task(_ comparison: ScoreComparison?, _ score: any Score) throws -> ReferencedTask {
    var base = ToyTask()
    (base.score, base.scoreComparison) = (nil, comparison)
    return try ReferencedTask(base, score: (score, [0.6]))
  }

  @Test func gradientsAreScaledAfterTheirMaximumAndTheScoreIsOfTheTrueClass() throws {
    let comparison = ScoreComparison(shape: [1, 2, 3], ofTrueClass: true)
    let task = try task(comparison, ClassScore())
    let classifier = fragileClassifier(strength: 2)
    let outcome = try Evaluation(task: task, configuration: toyConfiguration(images: 12)).run(
      EvaluationSubject(classifier: classifier, record: toyRecord(), task: "toy"))
    let set = try task.evaluationImages(count: 12, seed: 3)
    let target = GradientTarget.logitPredicted
    let gradient = try classifier.inputGradient(target, at: set.images).gradient.scaledToUnitMaximum()
    let scores = try ClassScore().score(ofClasses: set.labels, at: comparison.scaled(set.images), noise: 0.6)
    let expected = cosineSimilarities(comparison.scaled(gradient), scores)
    let measured = try #require(outcome.samples["score-alignment/logit-predicted/cosine/0.6"])
    #expect(zip(measured, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(measured) \(expected)")
    let record = try #require(outcome.result.task.score)
    #expect(record.scaledTo == [1, 2, 3] && record.ofTrueClass == true && record.id == "small")
    #expect(!outcome.result.task.hasOwnReferences && ResultValidation.problems(in: outcome.result) == [])
    #expect(try ResultFile.decode(ResultFile.encode(outcome.result), source: "toy.json") == outcome.result)
    let text = ResultSummary.text(outcome.result)
    #expect(text.contains("scaled down to 2 x 3") && text.contains("true class"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= ResultSummary.width })
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let comparison = ScoreComparison(shape: [1, 2, 3], ofTrueClass: true)
    #expect(throws: EvaluationError.self) { try task(comparison, ClassScore(classCount: 4)) }
    // Where the task does not ask for the true class, a score of single classes means nothing.
    #expect(throws: EvaluationError.self) { try task(.init(shape: [1, 2, 3], ofTrueClass: false), ClassScore()) }
    #expect(throws: EvaluationError.self) { try task(nil, ClassScore()) }
  }
}
