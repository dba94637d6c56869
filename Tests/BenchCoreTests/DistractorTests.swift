import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct DistractorTests {
  @Test func noisesAreThePapers() {
    let noises = DistractorMeasurement.noises
    #expect(noises.count == 30 && abs(noises[0] - 0.01) < 1e-12 && abs(noises[29] - 10) < 1e-9)
  }

  @Test func aClassifierThatIgnoresTheDistractorDoesNotRespondToIt() throws {
    let entries = try #require(try toyOutcome().result.measurements.distractor)
    let last = entries[29]
    #expect(last.distractor.value == 0 && (last.signal.value ?? 0) > 0.5)
    #expect(last.relativeNoiseRobustness.value == nil)
    #expect((entries[0].signal.value ?? 1) < 0.1)
  }

  @Test func oneThatLooksAtBothRespondsToBoth() throws {
    let entries = try #require(try toyOutcome(fragileClassifier(strength: 6)).result.measurements.distractor)
    #expect(entries.allSatisfy { ($0.relativeNoiseRobustness.value ?? 0) > 0 })
    #expect((entries[20].distractor.value ?? 0) > 0.1)
  }

  /// One that treats both blocks alike has ratio 1, and half of its gradient on the signal.
  @Test func aSymmetricClassifierHasRatioOne() throws {
    let random = RandomStream(seed: 3, name: "symmetric")
    let half = ToyDensity.dimension / 2
    var weights = Matrix(rows: 3, columns: ToyDensity.dimension)
    for index in 0..<3 {
      for (pixel, normal) in random.normals(item: index, count: half).enumerated() {
        (weights[index, pixel], weights[index, half + pixel]) = (normal, normal)
      }
    }
    let classifier = QuadraticClassifier(inputShape: ToyDensity.bayesClassifier().inputShape, weights: weights)
    let entries = try #require(try toyOutcome(classifier).result.measurements.distractor)
    for entry in entries {
      let ratio = entry.relativeNoiseRobustness
      // Noise of its own on either block: 95 % intervals of thirty levels, with a tenth of room.
      let (low, high) = (try #require(ratio.low), try #require(ratio.high))
      #expect(low < 1.1 && high > 0.9, "noise \(entry.noise): \(ratio)")
    }
    let shares = try SignalShares(
      of: classifier, id: "symmetric", on: try ToyTask().evaluationImages(count: 20, seed: 1), seed: 1, threads: 1)
    let energy = try #require(shares.energy.value)
    #expect(abs(energy - 0.5) < 1e-6)
  }
}
