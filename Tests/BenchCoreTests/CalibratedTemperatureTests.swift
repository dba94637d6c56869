import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct CalibratedTemperatureTests {
  private static let classes = 4
  private static let labels: [Int] = (0..<200).map { $0 % 4 }
  /// Normal numbers and 1.5 for the label: two thirds of the predictions are right.
  private static let logits: Tensor = {
    let stream = RandomStream(seed: 3, name: "logits")
    var logits = Tensor(shape: [labels.count, classes], repeating: 0)
    for (image, label) in labels.enumerated() {
      for (index, normal) in stream.normals(item: image, count: classes).enumerated() {
        logits.scalars[image * classes + index] = Float(normal + (index == label ? 1.5 : 0))
      }
    }
    return logits
  }()

  private func changed(_ change: (_ image: Int, _ index: Int, _ logit: Float) -> Float) -> Tensor {
    var logits = Self.logits
    for position in logits.scalars.indices {
      logits.scalars[position] = change(
        position / Self.classes, position % Self.classes, logits.scalars[position])
    }
    return logits
  }

  /// Some images, which may occur several times.
  private func temperature(of images: [Int]) throws -> CalibratedTemperature {
    try #require(CalibratedTemperature(logits: Self.logits.items(images), labels: images.map { Self.labels[$0] }))
  }

  private func expectSame(
    _ first: CalibratedTemperature, _ second: CalibratedTemperature, factor: Double = 1, within tolerance: Double
  ) {
    #expect(abs(second.scale * factor / first.scale - 1) < tolerance, "\(first.scale), \(second.scale)")
    for (one, other) in zip(first.influences, second.influences) { #expect(abs(one - other) < 20 * tolerance) }
  }

  @Test(arguments: [Float(1e-4), 0.1, 8, 10, 1e4]) func multiplyingLogitsDividesTheScale(factor: Float) throws {
    let original = try temperature(of: Array(Self.labels.indices))
    let scaled = try #require(
      CalibratedTemperature(logits: changed { factor * $2 }, labels: Self.labels))
    expectSame(original, scaled, factor: Double(factor), within: 1e-6)
  }

  @Test func whatIsCommonToAllLogitsPlaysNoPart() throws {
    let original = try temperature(of: Array(Self.labels.indices))
    let shifted = try #require(
      CalibratedTemperature(logits: changed { 5 * Float(sin(Double($0))) + $2 }, labels: Self.labels))
    expectSame(original, shifted, within: 1e-6)
  }

  @Test func theOrderOfClassesPlaysNoPart() throws {
    let original = try temperature(of: Array(Self.labels.indices))
    let order = [2, 0, 3, 1]
    let permuted = changed { image, index, _ in Self.logits.scalars[image * Self.classes + order[index]] }
    let labels = Self.labels.map { label in order.firstIndex(of: label) ?? 0 }
    expectSame(original, try #require(CalibratedTemperature(logits: permuted, labels: labels)), within: 1e-12)
  }

  @Test func theOrderOfImagesPlaysNoPart() throws {
    let original = try temperature(of: Array(Self.labels.indices))
    let order = RandomStream(seed: 4, name: "order").permutation(item: 0, count: Self.labels.count)
    let permuted = try temperature(of: order)
    #expect(abs(permuted.scale / original.scale - 1) < 1e-12)
    for (place, image) in order.enumerated() {
      #expect(abs(permuted.influences[place] - original.influences[image]) < 1e-9)
    }
  }

  /// At calibrated temperature itself the factor is 1.
  @Test func calibratedLogitsAreCalibrated() throws {
    let scale = try temperature(of: Array(Self.labels.indices)).scale
    let calibrated = try #require(
      CalibratedTemperature(logits: changed { Float(scale) * $2 }, labels: Self.labels))
    #expect(abs(calibrated.scale - 1) < 1e-6)
  }

  @Test func logitsThatSayNothingHaveNone() {
    let labels = (0..<90).map { $0 % 3 }
    func temperature(_ row: (Int) -> [Float]) -> CalibratedTemperature? {
      CalibratedTemperature(
        logits: Tensor(shape: [labels.count, 3], scalars: labels.indices.flatMap { row(labels[$0]) }), labels: labels)
    }
    #expect(temperature { _ in [0, 0, 0] } == nil)
    #expect(temperature { _ in [7, 7, 7] } == nil)
    // The largest where the label is not.
    #expect(temperature { label in (0..<3).map { $0 == label ? -1 : 0 } } == nil)
  }

  /// The same for all images of equally many labels: the best factor is 0, whatever rounding says of the slope there.
  @Test(arguments: [9, 12, 30, 60, 90, 120, 150, 300]) func aConstantGuessHasNone(images: Int) {
    for row: [Float] in [[1, 0, 0], [2, 0, -1]] {
      let logits = Tensor(shape: [images, 3], scalars: (0..<images).flatMap { _ in row })
      #expect(CalibratedTemperature(logits: logits, labels: (0..<images).map { $0 % 3 }) == nil, "\(row)")
    }
  }

  /// One logit of 3 for the label, the others 0: with u = exp(-3 b) the condition is 9 u / (1 + 3 u) = 1.5 / (N + 1).
  @Test func whereAllPredictionsAreRightItIsFinite() throws {
    let count = 100
    let labels = (0..<count).map { $0 % 4 }
    let logits = Tensor(
      shape: [count, 4], scalars: labels.flatMap { label in (0..<4).map { $0 == label ? Float(3) : 0 } })
    let temperature = try #require(CalibratedTemperature(logits: logits, labels: labels))
    let u = 1.5 / (9 * Double(count + 1) - 4.5)
    #expect(abs(temperature.scale + log(u) / 3) < 1e-9, "\(temperature.scale)")
    #expect(temperature.influences.allSatisfy { abs($0) < 1e-9 })
  }

  @Test func aSingleImageDoesNotCrash() {
    let right = CalibratedTemperature(logits: Tensor(shape: [1, 2], scalars: [1, 0]), labels: [0])
    #expect(right.map { $0.scale.isFinite && $0.influences == [0] } ?? false)
    #expect(CalibratedTemperature(logits: Tensor(shape: [1, 2], scalars: [1, 0]), labels: [1]) == nil)
  }

  @Test func influencesSumToNothing() throws {
    let influences = try temperature(of: Array(Self.labels.indices)).influences
    #expect(abs(influences.reduce(0, +)) < 1e-9)
    #expect(influences.contains { abs($0) > 1 })
  }

  /// To first order log b moves by the influence over N where the image occurs once more.
  @Test func influencesTellWhatOneMoreOccurrenceChanges() throws {
    let original = try temperature(of: Array(Self.labels.indices))
    for image in stride(from: 0, to: Self.labels.count, by: 9) {
      let again = try temperature(of: Array(Self.labels.indices) + [image])
      let change = Double(Self.labels.count) * log(again.scale / original.scale)
      let influence = original.influences[image]
      #expect(abs(change - influence) < 0.05 * (1 + abs(influence)), "image \(image): \(change), \(influence)")
    }
  }

  /// And by the mean over a bootstrap resample, up to the square of that.
  @Test func influencesTellTheTemperatureOfAResample() throws {
    let original = try temperature(of: Array(Self.labels.indices))
    let stream = RandomStream(seed: 9, name: "resample")
    for resample in 0..<8 {
      let images = stream.integers(item: resample, count: Self.labels.count, below: Self.labels.count)
      let change = log(try temperature(of: images).scale / original.scale)
      let predicted = images.reduce(0) { $0 + original.influences[$1] } / Double(images.count)
      #expect(abs(change - predicted) < predicted * predicted + 1e-3, "\(change), \(predicted)")
    }
  }
}
