import BenchCore
import Foundation
import Synchronization
import Tensor
import Testing

@Suite struct DensityTests {
  let density = DensityToy()
  /// More than one block, and not a whole number of them.
  let images = DensityToy.images(37)

  @Test func logSumExpIsSafe() {
    #expect(logSumExp([-1e5, -1e5 - 1]) == -1e5 + log(1 + exp(-1)))
    #expect(logSumExp([1e300, 0]) == 1e300)
    #expect(logSumExp([-.infinity, -.infinity]) == -.infinity)
    #expect(logSumExp([-.infinity, 3]) == 3)
    #expect(logSumExp([.infinity, 3]) == .infinity)
    #expect(logSumExp([.nan, 3]).isNaN)
    #expect(logSumExp([Double]()) == -.infinity)
  }

  @Test func logPosteriorsSumToOneAndFallBackOnThePriors() {
    let extreme = Matrix(
      rows: 2, columns: 3, scalars: [-1e5, -2e5, -1e5 - 3, -.infinity, -.infinity, -.infinity])
    let posteriors = density.logPosteriors(extreme)
    #expect(abs(posteriors.row(0).reduce(0) { $0 + exp($1) } - 1) < 1e-10)
    #expect(posteriors[0, 1] < -9e4)
    #expect(Array(posteriors.row(1)) == density.logPriors)
  }

  @Test(arguments: [0.0, 0.6])
  func scoreIsTheDerivativeOfTheLogDensity(noise: Double) throws {
    let score = try DensityScore(density).score(at: images, noise: noise)
    for image in [0, 17, 36] {
      for pixel in 0..<6 {
        let derivative = try derivative(image, pixel) { try density.logDensity($0, noise: noise) }
        #expect(abs(derivative - Double(score.item(image)[image * 6 + pixel])) < 2e-3 * (1 + abs(derivative)))
      }
    }
  }

  @Test func classScorePicksTheClass() throws {
    let classes = (0..<37).map { $0 % 3 }
    let scores = try density.classScores(at: images, noise: 0.5).scores
    let picked = try density.score(ofClasses: classes, at: images, noise: 0.5, threads: 2)
    for image in 0..<37 {
      let start = (image * 3 + classes[image]) * 6
      #expect(Array(picked.item(image)) == Array(scores.scalars[start..<start + 6]))
    }
  }

  @Test(arguments: GradientTarget.allCases)
  func classifierGradientsMatchFiniteDifferences(target: GradientTarget) throws {
    let classifier = DensityClassifier(density, noise: 0.5)
    let labels = (0..<37).map { ($0 + 1) % 3 }
    let (logits, gradient) = try classifier.inputGradient(target, at: images, labels: labels)
    #expect(try logits == classifier.logits(images))
    for image in [0, 15, 16, 36] {
      // The cotangent is constant in the derivative of the target's linearisation, and exact there.
      let cotangent = target.cotangent(
        logits: logits[batch: image..<image + 1], predicted: logits[batch: image..<image + 1].argmaxOfRows(),
        labels: [labels[image]])
      for pixel in 0..<6 {
        let derivative = try derivative(image, pixel) { moved in
          let values = try density.logDensities(at: moved, noise: 0.5).row(0)
          return zip(values, cotangent.scalars).reduce(0) { $0 + $1.0 * Double($1.1) }
        }
        let value = Double(gradient.item(image)[image * 6 + pixel])
        #expect(abs(derivative - value) < 2e-3 * (1 + abs(derivative)), "\(target.rawValue)")
      }
    }
  }

  @Test func nothingDependsOnBatchOrThreads() throws {
    let one = DensityClassifier(density, noise: 0.5)
    let two = DensityClassifier(density, noise: 0.5, threads: 2)
    let all = try one.inputGradient(.logOddsPredicted, at: images)
    let threaded = try two.inputGradient(.logOddsPredicted, at: images)
    #expect(all.logits == threaded.logits && all.gradient == threaded.gradient)
    let single = try one.inputGradient(.logOddsPredicted, at: images[batch: 20..<21])
    #expect(single.gradient == all.gradient[batch: 20..<21])
    #expect(try one.logits(images[batch: 20..<21]) == all.logits[batch: 20..<21])
    let score = try DensityScore(density).score(at: images, noise: 0.5)
    #expect(try DensityScore(density, threads: 2).score(at: images, noise: 0.5) == score)
    #expect(try DensityScore(density).score(at: images[batch: 3..<9], noise: 0.5) == score[batch: 3..<9])
  }

  /// Notes how many images each call gets.
  private struct CountingDensity: ClassConditionalDensity {
    let base = DensityToy()
    let scalarsPerImage: Int
    let batches = BatchSizes()

    final class BatchSizes: Sendable {
      let sizes = Mutex<[Int]>([])
    }

    var id: String { base.id }
    var imageShape: Shape { base.imageShape }
    var logPriors: [Double] { base.logPriors }

    func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
      batches.sizes.withLock { $0.append(images.batch) }
      return try base.logDensities(at: images, noise: noise)
    }

    func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
      try base.classScores(at: images, noise: noise)
    }
  }

  @Test("a density gets as many images at a time as it has room for, and 65 at most", arguments: [1 << 30, 1 << 17, 1])
  func blocks(scalarsPerImage: Int) throws {
    let images = DensityToy.images(70)
    let density = CountingDensity(scalarsPerImage: scalarsPerImage)
    let logits = try DensityClassifier(density, noise: 0).logits(images)
    #expect(try logits == DensityClassifier(density.base, noise: 0).logits(images))
    let size = min(65, max(1, (1 << 21) / scalarsPerImage))
    #expect(density.batches.sizes.withLock { $0 } == stride(from: 0, to: 70, by: size).map { min(size, 70 - $0) })
    #expect(density.base.scalarsPerImage == 3 * 6)
  }

  @Test func noImagesAreLegal() throws {
    let nothing = DensityToy.images(0)
    let classifier = DensityClassifier(density, noise: 0)
    #expect(try classifier.logits(nothing).shape == [0, 3])
    #expect(try classifier.inputGradient(.logitSum, at: nothing).gradient.shape == [0, 1, 2, 3])
    #expect(try DensityScore(density).score(at: nothing, noise: 0).shape == [0, 1, 2, 3])
  }

  /// Central difference over a step that float32 pixels still resolve.
  private func derivative(
    _ image: Int, _ pixel: Int, of function: (Tensor) throws -> Double
  ) throws -> Double {
    var forward = images[batch: image..<image + 1]
    var backward = forward
    forward.scalars[pixel] += 0x1p-10
    backward.scalars[pixel] -= 0x1p-10
    let step = Double(forward.scalars[pixel]) - Double(backward.scalars[pixel])
    return try (function(forward) - function(backward)) / step
  }
}
