import BenchCore
import Foundation
import Tensor
import Testing

@testable import Plugins

/// The closed forms against each other and against the theory.
@Suite struct GlyphsBayesTests {
  let task: GlyphsTask
  let images: ImageSet

  init() throws {
    task = try GlyphsTask()
    images = try task.sample(split: .evaluation, count: 40, seed: 11)
  }

  /// Including sigma = 0, where the density off the manifold has standard deviation 0.015 alone.
  @Test(arguments: [0, 0.5, 1])
  func scoreIsTheDerivativeOfTheLogDensity(noise: Double) throws {
    let score = try #require(task.score).score(at: images.images, noise: noise)
    let directions = RandomStream(seed: 1, name: "directions")
    for image in 0..<20 {
      let pixels = images.images.item(image).map(Double.init)
      let direction = unit(directions.normals(item: image, count: 800))
      let values = score.item(image).map(Double.init)
      let derivative = try derivative(at: pixels, along: direction) {
        try task.exactDensity.logDensity(of: $0, noise: noise)
      }
      let scale = zip(values, values).reduce(0) { $0 + $1.0 * $1.1 }.squareRoot()
      #expect(abs(derivative - inner(values, direction)) < 1e-6 * scale)
    }
  }

  /// Averaging a Gaussian-convolved density once more is the same as convolving once with the larger sigma.
  @Test func noiseLevelsCompose() throws {
    let pixels = images.images.item(0).map(Double.init)
    let (inner, outer) = (1.0, 0.1)
    let stream = RandomStream(seed: 2, name: "noise")
    let base = try task.exactDensity.logDensity(of: pixels, noise: inner)
    // E exp(log p_1(x + 0.1 n) - log p_1(x)), antithetic.
    var ratio = 0.0
    let draws = 4000
    for draw in 0..<draws {
      let normals = stream.normals(item: draw, count: 800)
      for sign in [-1.0, 1.0] {
        let moved = zip(pixels, normals).map { $0 + sign * outer * $1 }
        ratio += exp(try task.exactDensity.logDensity(of: moved, noise: inner) - base) / Double(2 * draws)
      }
    }
    let both = try task.exactDensity.logDensity(of: pixels, noise: (inner * inner + outer * outer).squareRoot())
    #expect(abs(log(ratio) - (both - base)) < 0.15, "\(log(ratio)) against \(both - base)")
  }

  @Test func logDensityIsNormalised() throws {
    let values = try task.exactDensity.logDensity(at: images.images, noise: 0.5)
    for (image, value) in values.enumerated() {
      #expect(try value == task.exactDensity.logDensity(of: images.images.item(image).map(Double.init), noise: 0.5))
    }
    // The mean of -log p lies between the mean entropy of the Gaussians, in nats, and that plus the entropy of which one.
    let noise = task.exactDensity.signal.offManifoldNoise
    var entropy = 0.5 * 800 * (1 + log(2 * Double.pi)) + 577 * log(noise)
    var choice = 0.0
    for block in [task.exactDensity.signal, task.exactDensity.distractor] {
      let determinants = try block.precisions(noise: 0).logDeterminants
      for drawing in determinants.indices {
        let share = (0..<block.classCount).reduce(0) { $0 + block.weights[$1, drawing] } / Double(block.classCount)
        entropy += 0.5 * share * determinants[drawing]
        choice -= share * log(share)
      }
    }
    let many = try task.sample(split: .training, count: 400, seed: 4)
    let mean = try -task.exactDensity.logDensity(at: many.images, noise: 0).reduce(0, +) / 400
    // -log p has a standard deviation of sqrt(800 / 2) = 20 per image.
    #expect(mean > entropy - 4 && mean < entropy + choice + 4, "\(mean) against \(entropy)")
  }

  @Test(arguments: GradientTarget.allCases)
  func classifierGradientsMatchFiniteDifferences(target: GradientTarget) throws {
    for noise in [0, 0.5] {
      let classifier = DensityClassifier(task.exactDensity, noise: noise)
      let labels = images.labels.map { ($0 + 3) % 10 }
      let (logits, gradient) = try classifier.inputGradient(target, at: images.images, labels: labels)
      #expect(try logits == classifier.logits(images.images))
      let directions = RandomStream(seed: 3, name: "directions")
      for image in 0..<10 {
        let direction = unit(directions.normals(item: image, count: 800))
        let row = logits[batch: image..<image + 1]
        let cotangent = target.cotangent(logits: row, predicted: row.argmaxOfRows(), labels: [labels[image]])
        let derivative = try derivative(
          at: images.images.item(image).map(Double.init), along: direction
        ) { pixels in
          let left = (0..<400).map { pixels[$0 / 20 * 40 + $0 % 20] }
          let values = try task.exactDensity.signal.evaluate(left, noise: noise).logDensities
          return zip(values, cotangent.scalars).reduce(0) { $0 + $1.0 * Double($1.1) }
        }
        let values = gradient.item(image).map(Double.init)
        let scale = inner(values, values).squareRoot()
        #expect(abs(derivative - inner(values, direction)) < 1e-5 * (scale + 1e-3), "\(target.rawValue)")
      }
    }
  }

  /// The Bayes classifier sees nothing off the manifold: what is left is the rounding of pixels and logits to float32.
  @Test func offManifoldSensitivityIsZero() throws {
    let set = try task.sample(split: .evaluation, count: 200, seed: 0)
    let stream = RandomStream(seed: 4, name: "directions")
    let normals = Tensor(
      shape: set.images.shape,
      scalars: (0..<200).flatMap { stream.normals(item: $0, count: 800).map(Float.init) })
    let projected = try #require(task.manifold).tangentBasis(at: set.images).projection(of: normals)
    for noise in [0, 0.5] {
      let classifier = DensityClassifier(task.exactDensity, noise: noise)
      let before = try classifier.logits(set.images)
      var moved = set.images
      for image in 0..<200 {
        let range = image * 800..<(image + 1) * 800
        let off = unit(range.map { Double(normals.scalars[$0] - projected.scalars[$0]) })
        for (place, index) in range.enumerated() { moved.scalars[index] += Float(8 * off[place]) }
      }
      let after = try classifier.logits(moved)
      let changes = (0..<200).map { image in
        zip(softmax(before.item(image).map(Double.init)), softmax(after.item(image).map(Double.init)))
          .reduce(0) { $0 + abs($1.0 - $1.1) }
      }
      #expect(changes.reduce(0, +) / 200 < 1e-6)
      #expect(changes.allSatisfy { $0 < 1e-4 })
    }
    // And its gradients lie in the tangent space, on the signal half.
    for target in GradientTarget.allCases {
      let gradient = try DensityClassifier(task.exactDensity, noise: 0.5)
        .inputGradient(target, at: set.images, labels: set.labels).gradient
      let projection = try #require(task.manifold).tangentBasis(at: set.images).projection(of: gradient)
      let scale = gradient.scalars.reduce(0) { max($0, abs($1)) }
      #expect(zip(gradient.scalars, projection.scalars).allSatisfy { abs($0 - $1) < 1e-5 * scale })
      #expect(gradient.scalars.indices.allSatisfy { $0 % 40 < 20 || gradient.scalars[$0] == 0 })
    }
  }

  /// Theorem 3.1, rho1 -> rho2 as sigma -> 0, on the smoothed Bayes classifier; with the leading 20 dimensions of the
  /// manifold instead of all, because with all of them both sides are 0.
  @Test func theoremOfOffManifoldRobustness() throws {
    let classifier = DensityClassifier(task.exactDensity, noise: 0.5)
    let whole = try #require(task.manifold).tangentBasis(at: images.images).bases[0]
    let basis = Matrix(rows: 20, columns: 800, scalars: whole.scalars[..<(20 * 800)].map(Double.init))
    let gradients = try classifier.inputGradient(.logitPredicted, at: images.images)
    let predicted = gradients.logits.argmaxOfRows()
    let stream = RandomStream(seed: 6, name: "theorem")
    for image in 0..<4 {
      let gradient = gradients.gradient.item(image).map(Double.init)
      let rho2 = inner(off(gradient, basis), off(gradient, basis)) / inner(gradient, gradient)
      #expect(rho2 > 0.05 && rho2 < 0.95)
      let pixels = images.images.item(image).map(Double.init)
      func logit(_ displacement: [Double]) throws -> Double {
        let left = (0..<400).map { index in
          let pixel = index / 20 * 40 + index % 20
          return pixels[pixel] + displacement[pixel]
        }
        return try task.exactDensity.signal.evaluate(left, noise: 0.5).logDensities[predicted[image]]
      }
      let base = try logit([Double](repeating: 0, count: 800))
      var deviations: [Double] = []
      for sigma in [1, 1e-1, 1e-3] {
        var (numerator, denominator) = (0.0, 0.0)
        for draw in 0..<1500 {
          let u = stream.normals(item: image * 1500 + draw, count: 800).map { sigma * $0 }
          numerator += try pow(logit(off(u, basis)) - base, 2)
          denominator += try pow(logit(u) - base, 2)
        }
        deviations.append(abs(numerator / denominator - rho2))
      }
      // The error of a ratio of means of 1,500 squared normals is about 2 %.
      #expect(deviations[2] < 0.1, "\(deviations)")
      #expect(deviations[2] <= deviations[0] + 0.02, "\(deviations)")
    }
  }

  @Test func nothingDependsOnBatchOrThreads() throws {
    let all = try DensityClassifier(task.exactDensity, noise: 0.5).inputGradient(.logOddsPredicted, at: images.images)
    let threaded = try DensityClassifier(task.exactDensity, noise: 0.5, threads: 2)
      .inputGradient(.logOddsPredicted, at: images.images)
    #expect(all.logits == threaded.logits && all.gradient == threaded.gradient)
    let score = try #require(task.score).score(at: images.images, noise: 0.5)
    for image in [0, 15, 16, 39] {
      let range = image..<image + 1
      let single = try DensityClassifier(task.exactDensity, noise: 0.5)
        .inputGradient(.logOddsPredicted, at: images.images[batch: range])
      #expect(single.logits == all.logits[batch: range] && single.gradient == all.gradient[batch: range])
      let alone = try #require(task.score).score(at: images.images[batch: range], noise: 0.5)
      #expect(alone == score[batch: range])
    }
  }

  @Test func scoreOfAClassAddsUpToTheScore() throws {
    let (logDensities, scores) = try task.exactDensity.classScores(at: images.images, noise: 0.5)
    let posterior = task.exactDensity.logPosteriors(logDensities)
    let score = try #require(task.score).score(at: images.images, noise: 0.5)
    for image in 0..<5 {
      for pixel in 0..<800 {
        var sum = 0.0
        for digit in 0..<10 {
          sum += exp(posterior[image, digit]) * Double(scores.scalars[(image * 10 + digit) * 800 + pixel])
        }
        #expect(abs(sum - Double(score.scalars[image * 800 + pixel])) < 1e-5)
      }
    }
    let own = try task.exactDensity.score(ofClasses: images.labels, at: images.images, noise: 0.5)
    for image in 0..<5 {
      let start = (image * 10 + images.labels[image]) * 800
      #expect(zip(own.item(image), scores.scalars[start..<start + 800]).allSatisfy { $0 == $1 })
    }
  }

  // MARK: - Vectors

  private func inner(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }

  private func unit(_ vector: [Double]) -> [Double] {
    let norm = inner(vector, vector).squareRoot()
    return vector.map { $0 / norm }
  }

  /// v - T T' v.
  private func off(_ vector: [Double], _ basis: Matrix) -> [Double] {
    let column = Matrix(rows: vector.count, columns: 1, scalars: vector)
    let tangent = basis.times(basis.times(column), transposingSelf: true)
    return zip(vector, tangent.scalars).map { $0 - $1 }
  }

  private func derivative(
    at pixels: [Double], along direction: [Double], of function: ([Double]) throws -> Double
  ) throws -> Double {
    let step = 1e-4
    let forward = try function(zip(pixels, direction).map { $0 + step * $1 })
    let backward = try function(zip(pixels, direction).map { $0 - step * $1 })
    return (forward - backward) / (2 * step)
  }
}
