import BenchCore
import Foundation
import Plugins
import Tensor
import Testing

@testable import Synthesis

@Suite struct CounterfactualTests {
  private let shape: Shape = [1, 4, 4]

  @Test func theScheduleIsThePublishedOne() {
    let exact = GaussianScore(mean: 0, variance: 1)
    let levels = NoiseSchedule.levels(from: NoiseSchedule.publishedStart, count: 100, of: exact)
    #expect(levels.count == 100 && abs(levels[0] - 1.69) < 0.005)
    #expect(abs(levels[99] - 0.005) < 1e-4)
    #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 > $1 })
    #expect(NoiseSchedule.levels(from: 2, count: 10, of: exact)[0] == 2)
    #expect(abs(NoiseSchedule.levels(from: 0.5, count: 100, of: exact)[99] - levels[99] * 0.5 / levels[0]) < 1e-12)
    // Where the shape would lead a network below them it ends with the lowest.
    let learned = LearnedScore()
    let lower = NoiseSchedule.levels(from: 0.5, count: 100, of: learned)
    #expect(lower[0] == 0.5 && lower.last == levels[99] && lower.count == 99)
    #expect(zip(lower, lower.dropFirst()).allSatisfy { $0 > $1 })
    #expect(NoiseSchedule.levels(from: 0.001, count: 10, of: learned).count == 10)
  }

  @Test func theConeTakesTheNearestDirection() throws {
    let axis = [1.0, 0, 0]
    let outside = try #require(Cone.projection(of: [0, 5, 0], around: axis, angle: 30))
    #expect(abs(outside[0] - 1) < 1e-12 && abs(outside[1] - tan(Double.pi / 6)) < 1e-12 && outside[2] == 0)
    // 20 degrees off: inside.
    #expect(Cone.projection(of: [1, tan(20 * Double.pi / 180), 0], around: axis, angle: 30) == axis)
    #expect(Cone.projection(of: [0, 0, 0], around: [3, 0, 4], angle: 30) == [0.6, 0, 0.8])
    // Opposite: off the axis there is nothing.
    #expect(Cone.projection(of: [-1, 0, 0], around: axis, angle: 30) == axis)
    #expect(Cone.projection(of: [1, 0, 0], around: [0, 0, 0], angle: 30) == nil)
  }

  /// D of N(m, v I) contracts by v / (v + sigma^2).
  @Test func jacobiansAreThoseOfTheDenoiser() throws {
    let denoiser = ScoreDenoiser(score: GaussianScore(mean: 0.5, variance: 0.3), places: [0])
    let image = randomImages(1).item(0).map(Double.init)
    let vector = randomImages(1, seed: 2).item(0).map(Double.init)
    let length = vector.length
    for noise in [0.01, 0.2, 1.5] {
      let products = try denoiser.jacobianProducts(
        of: [[vector], [image]], at: [image], noise: noise, shape: shape)
      let factor = 0.3 / (0.3 + noise * noise)
      for (value, entry) in zip(products[0][0], vector) { #expect(abs(value - factor * entry / length) < 2e-3) }
      for (value, entry) in zip(products[1][0], image) {
        #expect(abs(value - factor * entry / image.length) < 2e-3)
      }
    }
  }

  private func paths(
    _ settings: Counterfactual, _ originals: Tensor, places: [Int], seed: UInt64 = 1
  ) throws -> CounterfactualPaths {
    try CounterfactualPaths(
      settings, score: GaussianScore(mean: 0, variance: 1), from: originals, towards: places.map { _ in 1 },
      range: nil, places: places, seed: seed)
  }

  /// Finds class 1 where these pixels are bright.
  private func seeing(_ pixels: Range<Int>) -> FunctionClassifier {
    .linear(shape, [[Double](repeating: 0, count: 16), (0..<16).map { pixels.contains($0) ? 1 : 0 }])
  }

  private func run(_ settings: Counterfactual, _ originals: Tensor, places: [Int], seed: UInt64 = 1) throws -> Tensor {
    try paths(settings, originals, places: places, seed: seed).images(by: seeing(0..<8))
  }

  /// Nothing guides: an image comes back to itself, for what has not changed is not held either.
  @Test(arguments: [0, 0.3]) func theFlowLeadsBack(distance: Double) throws {
    let originals = randomImages(3)
    let images = try run(
      Counterfactual(path: .flow, startNoise: 2, classifierWeight: 0, distanceWeight: distance, holdsToOriginal: false),
      originals, places: [0, 1, 2])
    for (before, now) in zip(originals.scalars, images.scalars) { #expect(abs(before - now) < 2e-3) }
  }

  /// The classifier sees eight pixels; only they change, upwards. The distance holds them, and leaves the others where they are; that from
  /// the original moves those too: what the denoiser makes of a noisy image differs from it everywhere, and signs know no size.
  @Test func theFlowChangesWhatTheClassifierSees() throws {
    let originals = randomImages(2)
    func changes(_ distance: Double, holdsToOriginal: Bool = false) throws -> (seen: Double, others: Double) {
      let images = try run(
        Counterfactual(
          path: .flow, startNoise: 2, classifierWeight: 0.3, distanceWeight: distance, holdsToOriginal: holdsToOriginal),
        originals, places: [0, 1])
      var result = (seen: 0.0, others: 0.0)
      for (index, (before, now)) in zip(originals.scalars, images.scalars).enumerated() {
        let change = Double(now - before)
        if index % 16 < 8 { result.seen += change / 16 } else { result.others = max(result.others, abs(change)) }
      }
      return result
    }
    let (free, held, published) = (try changes(0), try changes(0.1), try changes(0.1, holdsToOriginal: true))
    #expect(free.seen > 0.1 && held.seen > 0 && held.seen < free.seen, "\(free) \(held)")
    #expect(free.others < 5e-3 && held.others < 5e-3 && published.others > 0.02, "\(free) \(held) \(published)")
  }

  /// Nothing guides and the noise is large: draws of the score's distribution.
  @Test func noiseGivesDrawsOfTheDistribution() throws {
    let count = 60
    let images = try run(
      Counterfactual(path: .noise, steps: 200, startNoise: 10, classifierWeight: 0, distanceWeight: 0),
      Tensor(shape: [count, 1, 4, 4], repeating: 0), places: Array(0..<count))
    let values = images.scalars.map(Double.init)
    let mean = values.reduce(0, +) / 960
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 960
    #expect(abs(mean) < 0.12 && abs(variance - 1) < 0.2, "\(mean) \(variance)")
  }

  @Test func noiseBelongsToThePlace() throws {
    let originals = randomImages(4)
    let settings = Counterfactual(path: .noise, steps: 10, startNoise: 1)
    let all = try run(settings, originals, places: [0, 1, 2, 3])
    #expect(try run(settings, originals.items([3, 1]), places: [3, 1]) == all.items([3, 1]))
    #expect(try run(settings, originals.items([3]), places: [3], seed: 2) != all.items([3]))
  }

  /// One beginning for all classifiers, and none of them leaves anything behind.
  @Test func pathsAreSharedByClassifiers() throws {
    let originals = randomImages(3)
    for path in Counterfactual.Path.allCases {
      let settings = Counterfactual(path: path, steps: 12, startNoise: 1, classifierWeight: 0.3)
      let shared = try paths(settings, originals, places: [0, 1, 2])
      let first = try shared.images(by: seeing(0..<8))
      let unguided = try shared.images(by: nil)
      var without = settings
      without.classifierWeight = 0
      #expect(try run(without, originals, places: [0, 1, 2]) == unguided)
      #expect(try shared.images(by: seeing(0..<8)) == first && first != unguided)
    }
  }

  /// A guide that sees other pixels moves them, less than the classifier its own by the cone's tangent; in a cone of no width it
  /// moves nothing.
  @Test func theGuideIsBroughtIntoTheCone() throws {
    let originals = randomImages(2)
    func rises(_ angle: Double) throws -> (seen: Double, guided: Double) {
      let settings = Counterfactual(
        path: .flow, steps: 60, startNoise: 2, classifierWeight: 0.3, distanceWeight: 0, coneAngle: angle)
      let images = try paths(settings, originals, places: [0, 1]).images(by: seeing(0..<8), guide: seeing(8..<16))
      var sums = (seen: 0.0, guided: 0.0)
      for (index, (before, now)) in zip(originals.scalars, images.scalars).enumerated() {
        if index % 16 < 8 { sums.seen += Double(now - before) } else { sums.guided += Double(now - before) }
      }
      return sums
    }
    let closed = try rises(0)
    #expect(closed.seen > 1 && abs(closed.guided) < 0.05, "\(closed)")
    let open = try rises(30)
    #expect(abs(open.guided / open.seen - tan(Double.pi / 6)) < 0.02, "\(open)")
  }

  @Test func augmentedGradientsBelongToTheirPlace() throws {
    let originals = randomImages(4)
    let settings = Counterfactual(path: .flow, steps: 10, startNoise: 1, classifierWeight: 0.3, augmentations: 5)
    let all = try run(settings, originals, places: [0, 1, 2, 3])
    #expect(try run(settings, originals.items([3, 1]), places: [3, 1]) == all.items([3, 1]))
    #expect(try run(settings, originals.items([3]), places: [3], seed: 2) != all.items([3]))
    var plain = settings
    plain.augmentations = 1
    #expect(try run(plain, originals, places: [0, 1, 2, 3]) != all)
  }

  @Test func presetsAreThePublishedNumbers() throws {
    let task = try GlyphsTask()
    let alone = Counterfactual.Preset.dvce.settings(on: task, isGuided: false)
    #expect(alone == Counterfactual() && alone.augmentations == 1)
    #expect(alone.classifierWeight == 0.1 && alone.distanceWeight == 0.15 && alone.coneAngle == 30)
    #expect(Counterfactual.Preset.dvce.settings(on: task, isGuided: true).augmentations == 16)
    #expect(Counterfactual.Preset.small.settings(on: task, isGuided: true).augmentations == 1)
  }
}
