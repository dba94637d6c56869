import BenchCore
import Foundation
import Tensor
import Testing

@testable import Attacks

/// Against classifiers whose distances and directions are known.
@Suite struct DirectionTests {
  /// Classes N(mean, I).
  private struct Gaussians: ClassConditionalDensity {
    let id = "gaussians"
    let imageShape: Shape
    let means: [[Double]]
    var logPriors: [Double] { means.map { _ in -log(Double(means.count)) } }

    func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
      var densities = Matrix(rows: images.batch, columns: means.count)
      for image in 0..<images.batch {
        for (label, mean) in means.enumerated() {
          for (centre, pixel) in zip(mean, images.item(image)) {
            let difference = centre - Double(pixel)
            densities[image, label] -= difference * difference / 2 / (1 + noise * noise)
          }
        }
      }
      return densities
    }

    func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
      var scores: [Float] = []
      for image in 0..<images.batch {
        for mean in means {
          for (centre, pixel) in zip(mean, images.item(image)) {
            scores.append(Float((centre - Double(pixel)) / (1 + noise * noise)))
          }
        }
      }
      return (
        try logDensities(at: images, noise: noise),
        Tensor(shape: Shape([images.batch, means.count] + imageShape.dimensions), scalars: scores)
      )
    }
  }

  /// In the order in which tables have them, whatever the order of the groups.
  private static func estimators(_ groups: [any ClosestPointEstimates]) -> DirectionEstimators {
    DirectionEstimators(groups, order: ["nearest", "nearest-mean", "density"])
  }

  private static func images(_ rows: [[Float]]) -> Tensor {
    Tensor(shape: [rows.count, 1, 1, rows[0].count], scalars: rows.flatMap { $0 })
  }

  private static func set(_ rows: [[Float]], _ labels: [Int]) -> ImageSet {
    ImageSet(name: "points", split: "test", images: images(rows), labels: labels)
  }

  @Test("the class at the smallest signed distance, not the one with the largest logit")
  func closestMargin() throws {
    // Logits 0, x and 4 y - 2: at (-0.3, 0.4) the second is larger than the third, and its boundary three times as far.
    let classifier = LinearClassifier(
      inputShape: [1, 1, 2], weights: [[0, 0], [1, 0], [0, 4]], biases: [0, 0, -2])
    let points: [[Float]] = [[-0.3, 0.4], [-0.05, 0.4], [0.5, 0.6]]
    let margin = try ClosestMargin(
      of: classifier, id: "lines", at: Self.images(points), labels: [0, 0, 0], firstImage: 0)
    #expect(margin.classes == [2, 1, 1])
    for (distance, expected) in zip(margin.distances, [0.1, 0.05, -0.5]) { #expect(abs(distance - expected) < 1e-6) }
    #expect(Array(margin.gradients.item(0)) == [0, 4] && Array(margin.gradients.item(1)) == [1, 0])
    #expect(margin.predicted == [0, 0, 1])
    #expect(Array(margin.predictedGradients.item(2)) == [1, 0])
  }

  /// Of lengths that fill vectors and parts of sums, and of others; sums end early where an image is too far away.
  @Test(arguments: [1, 15, 16, 255, 256, 700])
  func nearestOfMany(_ size: Int) throws {
    let stream = RandomStream(seed: 2, name: "nearest")
    let rows = (0..<90).map { row in stream.normals(item: row, count: size).map { Float($0) } }
    let training = TensorImages(Self.set(Array(rows[10...]), (10..<90).map { $0 % 2 }), classCount: 2)
    let estimates = try NearestImages(training, count: 80, neighbours: [1, 3])
    let queries = Self.images(Array(rows[..<10]))
    let found = estimates.directions(from: queries, towards: [Int](repeating: 1, count: 10))
    for query in 0..<10 {
      func distance(_ row: Int) -> Double {
        zip(rows[row], rows[query]).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
      }
      let nearest = (10..<90).filter { $0 % 2 == 1 }.sorted { distance($0) < distance($1) }
      for (count, ways) in zip([1, 3], found) {
        for place in 0..<size {
          let mean = nearest.prefix(count).reduce(0.0) { $0 + Double(rows[$1][place]) } / Double(count)
          #expect(
            abs(mean - Double(rows[query][place]) - Double(ways.item(query)[ways.item(query).startIndex + place]))
              < 1e-5)
        }
      }
    }
  }

  @Test func withoutGradientsThereIsNoDirection() throws {
    let flat = LinearClassifier(inputShape: [1, 1, 2], weights: [[0, 0], [0, 0]], biases: [1, 0])
    let set = Self.set([[1, 0], [0, 1]], [0, 1])
    let reference = TensorImages(set, classCount: 2)
    let measured = try DirectionMeasurement(
      of: flat, id: "flat", on: set, estimators: Self.estimators([NearestImages(reference, count: 2, neighbours: [1])]),
      seed: 0, threads: 1)
    #expect(measured.result.alphaDx[0].value.value == nil && measured.result.alphaDx[0].value.undefinedImages == 2)
    #expect(measured.accuracy.value == 0.5)
  }

  /// Equal covariances: the Bayes classifier's gradient is the difference of the means, everywhere.
  @Test("the Bayes classifier of two Gaussians points from each mean to the other")
  func alphaOfTheBayesClassifier() throws {
    let means: [[Double]] = [[0, 0, 0, 0], [3, 0, 0, 0]]
    let density = Gaussians(imageShape: [1, 1, 4], means: means)
    let classifier = LinearClassifier(
      inputShape: [1, 1, 4], weights: [[0, 0, 0, 0], [3, 0, 0, 0]], biases: [0, -4.5])
    // At the means themselves every way to the other class is the same.
    let set = Self.set([[0, 0, 0, 0], [3, 0, 0, 0]], [0, 1])
    let reference = TensorImages(set, classCount: 2)
    let estimators = Self.estimators([
      SingleEstimate(DensityStep(density, noise: 0.5)), try NearestImages(reference, count: 2, neighbours: [1, 10]),
    ])
    let measured = try DirectionMeasurement(
      of: classifier, id: "bayes", on: set, estimators: estimators, seed: 0, threads: 1)
    #expect(measured.result.alphaDx.map(\.estimator) == ["nearest", "nearest-mean", "density"])
    for alpha in measured.result.alphaDx { #expect(abs((alpha.value.value ?? 0) - 1) < 1e-6) }
    #expect(abs((measured.result.medianLinearisedDistance.value ?? 0) - 1.5) < 1e-6)
    // The first class's logit has no gradient; the second image is along its own, in [-1, 1] it is (5, -1, -1, -1).
    #expect(
      measured.result.alphaXOfPixels.undefinedImages == 1 && abs((measured.result.alphaXOfPixels.value ?? 0) - 1) < 1e-6
    )
    let published = 5 / (28.0).squareRoot()
    #expect(abs((measured.result.alphaX.value ?? 0) - published) < 1e-6)
    // A classifier that looks elsewhere has no such direction; turned round it has the opposite one.
    for (weights, expected) in [([Float](arrayLiteral: 0, 1, 0, 0), 0.0), ([-3, 0, 0, 0], -1)] {
      let other = LinearClassifier(inputShape: [1, 1, 4], weights: [[0, 0, 0, 0], weights], biases: [0, 0])
      let alpha = try DirectionMeasurement(
        of: other, id: "other", on: set, estimators: estimators, seed: 0, threads: 2
      ).result.alphaDx[0].value.value
      #expect(abs((alpha ?? .nan) - expected) < 1e-6, "\(weights)")
    }
  }

  @Test func theNearestImagesAreTaken() throws {
    let rows: [[Float]] = [[0, 0], [1, 0], [0, 2], [5, 5], [6, 5]]
    let reference = TensorImages(Self.set(rows, [0, 0, 0, 1, 1]), classCount: 2)
    let query = Self.images([[0.9, 0.2]])
    let both = try NearestImages(reference, count: 5, neighbours: [1, 2]).directions(from: query, towards: [0])
    func near(_ tensor: Tensor, _ expected: [Float]) -> Bool {
      zip(tensor.scalars, expected).allSatisfy { abs($0 - $1) < 1e-6 }
    }
    #expect(near(both[0], [0.1, -0.2]))
    #expect(near(both[1], [-0.4, -0.2]))
    // More than there are: all of them.
    #expect(
      near(
        try NearestImages(reference, count: 5, neighbours: [10]).directions(from: query, towards: [1])[0], [4.6, 4.8]))
    #expect { try NearestImages(reference, count: 3, neighbours: [1]) } throws: { "\($0)".contains("of class 1") }
  }

  @Test func numbersDoNotDependOnThreads() throws {
    let classifier = LinearClassifier(shape: [1, 3, 3], classes: 4, seed: 3)
    let random = RandomStream(seed: 1, name: "points")
    let images = Tensor(
      shape: [50, 1, 3, 3], scalars: (0..<50).flatMap { random.normals(item: $0, count: 9).map { Float($0) } })
    let set = ImageSet(name: "points", split: "test", images: images, labels: (0..<50).map { $0 % 4 })
    let reference = TensorImages(set, classCount: 4)
    let measured = try [1, 3].map { threads in
      try DirectionMeasurement(
        of: classifier, id: "linear", on: set,
        estimators: Self.estimators([NearestImages(reference, count: 50, neighbours: [10])]),
        seed: 5, threads: threads)
    }
    #expect(measured[0].result.alphaDx[0].value == measured[1].result.alphaDx[0].value)
    #expect(
      measured[0].result == measured[1].result)
  }
}
