import BenchCore
import Foundation
import Mixtures
import Synchronization
import Tensor
import Testing
import _Fixtures

@testable import Plugins

/// What models of a task share changes how long an evaluation takes and nothing else.
@Suite struct SharedReferenceTests {
  /// Numbers by key, and what was asked for and written.
  private final class MemoryArchive: ArrayArchive {
    struct State {
      var numbers: [ArrayKey: [KeptArray]] = [:]
      var found = 0
      var written: [ArrayKey] = []
    }
    let state = Mutex(State())

    func read(_ key: ArrayKey) -> [KeptArray]? {
      state.withLock { state in
        state.found += state.numbers[key] == nil ? 0 : 1
        return state.numbers[key]
      }
    }

    func write(_ numbers: [KeptArray], for key: ArrayKey) {
      state.withLock { state in
        state.numbers[key] = numbers
        state.written.append(key)
      }
    }

    /// What was written and how much was found since it was last asked.
    func news() -> (written: [String: Int], found: Int) {
      state.withLock { state in
        defer { (state.written, state.found) = ([], 0) }
        return (Dictionary(grouping: state.written, by: \.kind).mapValues(\.count), state.found)
      }
    }
  }

  /// A classifier that stands for a model: the Bayes classifier of a noise level.
  private func outcome(
    _ task: any BenchmarkTask, noise: Double, images: Int = 70, seed: UInt64 = 0, threads: Int = 1,
    shared: SharedArrays
  ) throws -> EvaluationOutcome {
    let configuration = EvaluationConfiguration(
      images: images, seed: seed, threads: threads, metrics: [Cosine()], robustnessDraws: 1,
      resamples: 100, toolVersion: "1", shared: shared)
    let record = ModelRecord(
      id: "model", name: "Model", checkpoint: nil, plugin: .init(id: "builtin", version: "1"), architecture: "none",
      parameters: 0, preprocessing: .identity(channels: 1))
    return try Evaluation(task: task, configuration: configuration).run(
      EvaluationSubject(classifier: DensityClassifier(try #require(task.density), noise: noise), record: record))
  }

  @Test func evaluationsOfTheSameTaskShare() throws {
    let task = try GlyphsTask()
    let archive = MemoryArchive()
    func run(_ noise: Double, seed: UInt64 = 0, images: Int = 70, threads: Int = 1) throws -> EvaluationOutcome {
      // A new process each time.
      try outcome(
        task, noise: noise, images: images, seed: seed, threads: threads, shared: SharedArrays(archive: archive))
    }
    let alone = try outcome(task, noise: 0.5, shared: SharedArrays())
    let cold = try run(0.5)
    // Two blocks of images, three noise levels.
    #expect(archive.news() == (["directions": 2, "score": 6, "class-independent": 6], 0))
    let warm = try run(0.5, threads: 2)
    #expect(archive.news() == ([:], 14))
    for outcome in [cold, warm] {
      #expect(outcome.samples.columns.map(\.name) == alone.samples.columns.map(\.name))
      for (one, other) in zip(outcome.samples.columns, alone.samples.columns) {
        #expect(one.values.map(\.bitPattern) == other.values.map(\.bitPattern), "\(one.name)")
      }
      #expect(outcome.result.measurements == alone.result.measurements)
    }
    // Another model finds everything, another seed, which means other images, nothing.
    _ = try run(1)
    #expect(archive.news() == ([:], 14))
    _ = try run(0.5, seed: 1)
    #expect(archive.news() == (["directions": 2, "score": 6, "class-independent": 6], 0))
    // Of fewer images those of whole blocks.
    _ = try run(0.5, images: 64)
    #expect(archive.news() == ([:], 7))
  }

  @Test func projectionsServeAllNoiseLevels() throws {
    let plain = try MixtureFixtures.known()
    let archive = MemoryArchive()
    let shared = SharedArrays(archive: archive)
    let set = try MixtureFixtures.dataset(12, split: "test").firstImages(12, task: "synthetic")
    let manifold = MixtureManifold(mixture: plain, dimension: 2, threads: 1)
    #expect(
      try manifold.sharing(shared).tangentBasis(at: set.images).assignment
        == manifold.tangentBasis(at: set.images).assignment)
    for noise in [0, 0.1, 0.5] {
      let expected = try DensityScore(plain).score(at: set.images, noise: noise)
      #expect(try DensityScore(plain).sharing(shared).score(at: set.images, noise: noise) == expected)
      let classes = [Int](repeating: 1, count: 12)
      #expect(
        try plain.sharing(shared).score(ofClasses: classes, at: set.images, noise: noise)
          == plain.score(ofClasses: classes, at: set.images, noise: noise))
    }
    #expect(archive.news() == (["projection": 1, "score": 3], 0))
    // Another mixture has projections of its own.
    var weights = [plain.logPriors[0] - 1, plain.logPriors[1]]
    weights = weights.map { $0 - logSumExp(weights) }
    let other = FactorMixture(
      id: "other", imageShape: plain.imageShape, logPriors: weights,
      componentsOfClasses: plain.classRanges.map { Array(plain.components[$0]) })
    #expect(other.fingerprint != plain.fingerprint)
    _ = try DensityScore(other).sharing(shared).score(at: set.images, noise: 0.5)
    #expect(archive.news() == (["projection": 1, "score": 1], 0))
  }

  @Test func memoryAloneSharesWithinABlock() throws {
    let calls = Mutex(0)
    let images = Tensor(shape: [2, 1, 1, 2], scalars: [1, 2, 3, 4])
    func value(_ shared: SharedArrays, _ identity: String, _ images: Tensor, _ reuse: SharedArrays.Reuse) {
      _ = shared.arrays("value", of: [identity], at: images, reuse: reuse, isValid: { _ in true }) {
        calls.withLock { $0 += 1 }
        return [.floats(images)]
      }
    }
    func count(_ body: () -> Void) -> Int {
      calls.withLock { $0 = 0 }
      body()
      return calls.withLock { $0 }
    }
    let shared = SharedArrays()
    #expect(count { for _ in 0..<3 { value(shared, "a", images, .now) } } == 1)
    // Equal images in other memory, other images in the same.
    #expect(count { value(shared, "a", Tensor(shape: [2, 1, 1, 2], scalars: [1, 2, 3, 4]), .now) } == 0)
    var changed = images
    changed.scalars[0] = 7
    #expect(count { value(shared, "a", changed, .now) } == 1)
    #expect(count { value(shared, "a", images.reshaped(to: [1, 2, 1, 2]), .now) } == 1)
    #expect(count { value(shared, "b", images, .now) } == 1)
    #expect(count { for _ in 0..<3 { value(shared, "a", images, .later) } } == 3)
    // Room for one value only.
    let small = SharedArrays(capacity: 20)
    #expect(count { for _ in 0..<2 { for name in ["a", "b"] { value(small, name, images, .now) } } } == 4)
  }
}
