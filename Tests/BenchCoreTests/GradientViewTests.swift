import Tensor
import Testing

@testable import BenchCore

@Suite struct GradientViewTests {
  @Test(arguments: GradientTarget.allCases)
  func numbersAreThoseOfAnEvaluation(_ target: GradientTarget) throws {
    let (task, classifier) = (ToyTask(), fragileClassifier(strength: 1))
    let samples = try toyOutcome(classifier, images: 40).samples
    let positions = [7, 0, 31]
    // Fewer images are drawn, the same ones.
    let images = try ChosenImages(
      positions, of: task.evaluationImages(count: 32, seed: 3), task: "toy", classCount: 3)
    let view = try GradientView(
      task, at: images, target: target, scoreNoise: 0.25, withTangentSpace: true, threads: 2)
    let model = try view.model(classifier, id: "fragile")
    for (reference, noise, values) in [
      (AlignmentReference.score, 0.25, model.comparisons.score?.first),
      (.classifier, 0.5, model.comparisons.reference?.first),
    ] {
      let column = AlignmentColumns(reference: reference, target: target, metric: "cosine", noise: noise).column
      let expected = try #require(samples[column])
      let found = try #require(values)
      for (index, position) in positions.enumerated() {
        #expect(abs(found[index] - expected[position]) < 1e-6, "\(column) at \(position)")
      }
    }
    if target == .logitPredicted {
      let expected = try #require(samples[SampleColumn.gradientShare])
      let shares = try #require(model.parts?.tangentShare)
      for (index, position) in positions.enumerated() { #expect(abs(1 - shares[index] - expected[position]) < 1e-6) }
    }
    #expect(try GradientView.predictions(classifier, id: "fragile", at: images, on: task).predicted == model.predicted)
  }

  /// What is shown is scaled to its own largest value, so the rounding errors of a part that is zero would look like a part.
  @Test func aPartThatIsRoundingAloneIsZero() throws {
    let task = ToyTask()
    let images = try ChosenImages([4, 1], of: task.evaluationImages(count: 8, seed: 3), task: "toy", classCount: 3)
    let view = try GradientView(
      task, at: images, target: .logOddsPredicted, scoreNoise: 0.25, withTangentSpace: true, threads: 1)
    let stride = task.imageShape.count
    for (leak, isShown) in [(Float(0), false), (1e-7, false), (1e-3, true)] {
      // Of each class a unit gradient along one of the tangent space's pixels, and `leak` along a pixel off it.
      var weights = Matrix(rows: 3, columns: stride)
      let off = try #require((0..<stride).first { !(ToyDensity.signal + ToyDensity.distractor).contains($0) })
      for (row, pixel) in ToyDensity.signal.prefix(3).enumerated() {
        weights[row, pixel] = 1
        weights[row, off] = Double(leak) * Double(row + 1)
      }
      let model = try view.model(
        QuadraticClassifier(inputShape: task.imageShape, weights: weights), id: "leak \(leak)")
      let parts = try #require(model.parts)
      #expect(parts.normal.scalars.contains { $0 != 0 } == isShown, "\(leak)")
      #expect(parts.tangent.scalars.contains { $0 != 0 } && parts.tangentShare.allSatisfy { $0 > 0.999 }, "\(leak)")
    }
  }

  @Test func furtherMetricsFollowTheCosine() throws {
    let task = ToyTask()
    let images = try ChosenImages(
      [4, 1], of: task.evaluationImages(count: 8, seed: 3), task: "toy", classCount: 3)
    let view = try GradientView(
      task, at: images, target: .logitSum, scoreNoise: 0.25, withTangentSpace: false, metrics: [FirstPixel()],
      threads: 1)
    let model = try view.model(fragileClassifier(strength: 1), id: "fragile")
    let scaled = model.gradient.scaledToUnitMaximum()
    for values in [try #require(model.comparisons.score), try #require(model.comparisons.reference)] {
      #expect(values.count == 2 && values[0].count == 2)
      #expect(values[1] == (0..<2).map { Double(scaled.item($0).first ?? 0) })
    }
    // What is zero has no value, whatever the metric says.
    let zero = try view.model(uninformedClassifier(), id: "zero")
    #expect(zero.comparisons.score?[1].allSatisfy { $0.isNaN } == true)
  }

  private struct FirstPixel: AlignmentMetric {
    let id = "first-pixel"

    func compare(_ gradients: Tensor, _ references: Tensor) -> [Double] {
      (0..<gradients.batch).map { Double(gradients.item($0).first ?? 0) }
    }
  }

  @Test func directionsAreThoseOfAnEvaluation() throws {
    let task = ToyTask()
    let set = try task.evaluationImages(count: 9, seed: 5)
    let space = try ToyManifold().tangentBasis(at: set.images)
    let all = PerturbationDirections(
      at: set.images, range: 0..<9, seed: 5, on: ToyManifold(), tangentSpace: space, shared: SharedArrays())
    let images = try ChosenImages([8, 2], of: set, task: "toy", classCount: 3)
    let chosen = images.directions(seed: 5, on: try ToyManifold().tangentBasis(at: images.images))
    #expect(chosen.onManifold.scalars == all.onManifold.items([8, 2]).scalars)
    #expect(chosen.offManifold.scalars == all.offManifold.items([8, 2]).scalars)
  }

  @Test func modelsOfOtherImagesAreRefused() throws {
    let task = ToyTask()
    let images = try ChosenImages([0], of: task.evaluationImages(count: 1, seed: 0), task: "toy", classCount: 3)
    let view = try GradientView(
      task, at: images, target: .logitSum, scoreNoise: 0.25, withTangentSpace: false, threads: 1)
    let other = QuadraticClassifier(inputShape: [1, 4, 5], weights: Matrix(rows: 3, columns: 20))
    #expect(throws: EvaluationError.self) { try view.model(other, id: "other") }
    let two = QuadraticClassifier(inputShape: [1, 4, 6], weights: Matrix(rows: 2, columns: 24))
    #expect(throws: EvaluationError.self) { try view.model(two, id: "two") }
    let broken = BrokenClassifier(base: fragileClassifier(strength: 1), brokenPixel: images.images.scalars[0])
    #expect(throws: EvaluationError.self) { try view.model(broken, id: "broken") }
    // A gradient that is zero has no direction.
    let uninformed = try view.model(uninformedClassifier(), id: "zero")
    #expect(uninformed.comparisons.score?[0][0].isNaN == true && uninformed.parts == nil)
    var bare = task
    (bare.score, bare.density, bare.densityIsExact) = (nil, nil, false)
    let without = try GradientView(
      bare, at: images, target: .logitSum, scoreNoise: 0.25, withTangentSpace: true, threads: 1
    ).model(fragileClassifier(strength: 1), id: "a")
    #expect(without.comparisons.score == nil && without.comparisons.reference == nil && without.parts != nil)
  }

  @Test func imagesThatCannotBeShownAreRefused() throws {
    let set = ImageSet(
      name: "x", split: "y", images: Tensor(shape: [2, 1, 1, 2], scalars: [0, 1, .nan, 1]), labels: [0, 4])
    #expect(throws: EvaluationError.self) { try ChosenImages([1], of: set, task: "toy", classCount: 9) }
    #expect(throws: EvaluationError.self) {
      try ChosenImages(
        [0], of: ImageSet(name: "x", split: "y", images: set.images, labels: [3, 0]), task: "toy", classCount: 3)
    }
    #expect(try ChosenImages([0, 0], of: set, task: "toy", classCount: 9).labels == [0, 0])
  }
}
