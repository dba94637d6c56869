import BenchCore
import Foundation
import Synthesis
import Tensor
import Testing

/// Smoothed gradients whose expectation is known.
@Suite struct SmoothGradTests {
  private let shape: Shape = [1, 4, 4]

  private func weights(_ seed: UInt64) -> [Double] { RandomStream(seed: seed, name: "w").normals(item: 0, count: 16) }

  @Test func ofALinearLogitItIsTheWeights() throws {
    let rows = [weights(1), weights(2)]
    let classifier = FunctionClassifier.linear(shape, rows)
    let images = randomImages(3)
    for variant in SmoothGrad.Variant.allCases {
      let maps = try SmoothGrad(variant, noise: .share(0.15), samples: 7).maps(
        of: classifier, .logitPredicted, at: images, places: [4, 0, 9], labels: [0, 0, 0], seed: 3)
      for image in 0..<3 {
        for (pixel, weight) in rows[maps.predicted[image]].enumerated() {
          let expected = variant == .signed ? weight : variant == .squared ? weight * weight : 0
          #expect(abs(Double(maps.maps.item(image)[image * 16 + pixel]) - expected) < 1e-5 * (1 + abs(expected)))
        }
        #expect(maps.variances[image] < 1e-9)
      }
    }
  }

  /// The gradient of -a |x - m|^2 / 2 varies by a^2 sigma^2 in every pixel: the mean of N is off by that over N.
  @Test func ofAQuadraticLogitTheErrorIsTheSamplingError() throws {
    let (a, sigma, samples) = (2.0, 0.5, 50)
    let classifier = FunctionClassifier.quadratic(shape, [(a, weights(1)), (0.1, weights(2))])
    let images = randomImages(40)
    let labels = [Int](repeating: 0, count: 40)
    let smoothing = SmoothGrad(.variance, noise: .absolute(sigma), samples: samples)
    let maps = try smoothing.maps(
      of: classifier, .logitPredicted, at: images, places: Array(0..<40), labels: labels, predicted: labels, seed: 1)
    var (error, spread) = (0.0, 0.0)
    for image in 0..<40 {
      for (pixel, mean) in weights(1).enumerated() {
        let index = image * 16 + pixel
        let exact = -a * (Double(images.scalars[index]) - mean)
        error += pow(Double(maps.means.scalars[index]) - exact, 2)
        spread += Double(maps.maps.scalars[index])
      }
    }
    let expected = a * a * sigma * sigma
    // 640 squares of standard normal numbers: their mean varies by 0.056.
    #expect(abs(error / 640 / (expected / Double(samples)) - 1) < 0.25)
    #expect(abs(spread / 640 / expected - 1) < 0.1)
    #expect(abs(maps.variances.reduce(0, +) / 640 / (expected / Double(samples)) - 1) < 0.1)
  }

  /// sin(k x) convolved with noise is exp(-k^2 sigma^2 / 2) sin(k x).
  @Test func ofASineItIsTheConvolvedOnes() throws {
    let (k, sigma) = (2.0, 0.4)
    let classifier = FunctionClassifier(
      inputShape: [1, 1, 1],
      functions: [
        { (sin(k * $0[0]), [k * cos(k * $0[0])]) }, { _ in (0, [0]) },
      ])
    let images = Tensor(shape: [2, 1, 1, 1], scalars: [0.1, 0.6])
    let maps = try SmoothGrad(noise: .absolute(sigma), samples: 20_000).maps(
      of: classifier, .logitPredicted, at: images, places: [0, 1], labels: [0, 0], predicted: [0, 0], seed: 1)
    for image in 0..<2 {
      let exact = exp(-k * k * sigma * sigma / 2) * k * cos(k * Double(images.scalars[image]))
      #expect(abs(Double(maps.maps.scalars[image]) - exact) < 5 * maps.variances[image].squareRoot())
      #expect(maps.variances[image].squareRoot() < 0.02)
    }
  }

  @Test func noiseBelongsToThePlace() throws {
    let classifier = FunctionClassifier.quadratic(shape, [(1, weights(1)), (2, weights(2))])
    let images = randomImages(5)
    let smoothing = SmoothGrad(samples: 300)
    func maps(_ places: [Int], seed: UInt64 = 1) throws -> Tensor {
      try smoothing.maps(
        of: classifier, .logOddsPredicted, at: images.items(places), places: places, labels: places.map { _ in 0 },
        seed: seed
      ).maps
    }
    let all = try maps([0, 1, 2, 3, 4])
    #expect(try maps([4, 1]) == all.items([4, 1]))
    #expect(try maps([4], seed: 2) != all.items([4]))
  }
}
