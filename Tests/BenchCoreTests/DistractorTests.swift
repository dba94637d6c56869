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
}
