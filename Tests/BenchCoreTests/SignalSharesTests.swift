import Tensor
import Testing

@testable import BenchCore

@Suite struct SignalSharesTests {
  private let mask = [Bool](repeating: true, count: 10) + [Bool](repeating: false, count: 10)

  @Test func sharesAreOfEnergyAndOfTheLargestCoordinates() {
    // 3 on one signal pixel, 1 on four others that are not.
    var gradient = [Float](repeating: 0, count: 20)
    gradient[2] = -3
    for index in 12..<16 { gradient[index] = 1 }
    let shares = SignalShares.shares(gradient[...], mask)
    #expect(abs(shares[0] - 9.0 / 13) < 1e-12)
    // The largest 1, 2 and 4 of 20.
    #expect(Array(shares.dropFirst()) == [1, 0.5, 0.25])
  }

  /// Of equal coordinates the first are the largest: no order of a sort shows.
  @Test func equalCoordinatesAreTakenInTheirOrder() {
    let shares = SignalShares.shares([Float](repeating: 0.5, count: 20)[...], mask)
    #expect(shares == [0.5, 1, 1, 1])
  }

  @Test func nothingHasNoShare() {
    let shares = SignalShares.shares([Float](repeating: 0, count: 20)[...], mask)
    #expect(shares.allSatisfy { $0.isNaN })
  }

  @Test func theBayesClassifierOfTheToyLooksAtItsSignalAlone() throws {
    let set = try ToyTask().evaluationImages(count: 70, seed: 1)
    func shares(_ classifier: QuadraticClassifier, threads: Int) throws -> SignalShares {
      try SignalShares(of: classifier, id: "toy", on: set, seed: 1, threads: threads)
    }
    let bayes = try shares(ToyDensity.bayesClassifier(), threads: 1)
    #expect(bayes.energy.value == 1 && bayes.top[0].value == 1)
    let fragile = try shares(fragileClassifier(strength: 6), threads: 1)
    #expect((fragile.energy.value ?? 1) < 0.9 && (fragile.energy.low ?? 1) < (fragile.energy.high ?? 0))
    #expect(try shares(fragileClassifier(strength: 6), threads: 2).energy == fragile.energy)
  }
}
