import Foundation
import JSON
import Tensor
import Testing

@testable import BenchCore

/// The toy task with references that stand for learned ones.
@Suite struct ReferencedTaskTests {
  static let learned = LearnedReference(
    id: "toy-learned", name: "Learned",
    checkpoint: .init(file: "a.pt", sha256: String(repeating: "a", count: 64), bytes: 9, format: "pytorch-zip"),
    parameters: 12)

  /// The exact directions but for the last, which is turned by an angle off the manifold.
  struct TurnedManifold: Manifold {
    let id = "turned"
    let dimension = 8
    var degrees = 30.0
    var kept = 8
    var learned: LearnedReference? = ReferencedTaskTests.learned

    func tangentBasis(at images: Tensor) throws -> TangentBasis {
      var basis = try ToyManifold().tangentBasis(at: images).bases[0]
      let last = 7 * ToyDensity.dimension
      basis.scalars[last + ToyDensity.distractor[3]] = Float(cos(degrees * .pi / 180))
      basis.scalars[last + 20] = Float(sin(degrees * .pi / 180))
      return TangentBasis(
        bases: [basis[batch: 8 - kept..<8]], assignment: [Int](repeating: 0, count: images.batch))
    }
  }

  struct ScaledScore: Score {
    let id = "scaled"
    let base = DensityScore(ToyDensity())
    var factor: Float = 2
    var learned: LearnedReference? = ReferencedTaskTests.learned

    func score(at images: Tensor, noise: Double) throws -> Tensor {
      let score = try base.score(at: images, noise: noise)
      return Tensor(shape: score.shape, scalars: score.scalars.map { factor * $0 })
    }
  }

  private func outcome(_ task: any BenchmarkTask, images: Int = 40) throws -> EvaluationOutcome {
    try Evaluation(task: task, configuration: toyConfiguration(images: images)).run(
      EvaluationSubject(classifier: fragileClassifier(strength: 2), record: toyRecord(), task: "toy"))
  }

  @Test func qualityOfATurnedManifold() throws {
    let task = try ReferencedTask(ToyTask(), manifold: TurnedManifold())
    let result = try outcome(task).result
    #expect(result.task.manifold?.id == "turned" && result.task.manifold?.learned == Self.learned)
    #expect(result.task.score?.learned == nil && result.task.score?.quality == nil)
    let quality = try #require(result.task.manifold?.quality)
    #expect(quality.exact == "toy-exact" && quality.exactDimension == 8 && quality.dimension.value == 8)
    func near(_ estimate: Estimate, _ expected: Double) -> Bool { abs((estimate.value ?? .nan) - expected) < 1e-4 }
    #expect(near(quality.largestAngleDegrees, 30) && near(quality.meanAngleDegrees, 30.0 / 8))
    #expect(near(quality.medianAngleDegrees, 0))
    #expect(near(quality.withinShare, (7 + 0.75) / 8) && near(quality.coveredShare, (7 + 0.75) / 8))
    #expect(ResultValidation.problems(in: result) == [])
    #expect(try ResultFile.decode(ResultFile.encode(result), source: "toy.json") == result)
    #expect(result.regime.evidence.sentences.first?.contains("turned toy-learned") ?? false)
    #expect(ResultSummary.text(result).contains("turned toy-learned, dimension 8"))
    #expect(ResultSummary.text(result).split(separator: "\n").allSatisfy { $0.count <= ResultSummary.width })
  }

  @Test func aSmallerTangentSpaceCoversLess() throws {
    let task = try ReferencedTask(ToyTask(), manifold: TurnedManifold(degrees: 0, kept: 2))
    let quality = try #require(try outcome(task).result.task.manifold?.quality)
    #expect(quality.dimension.value == 2 && quality.withinShare.value.map { abs($0 - 1) < 1e-9 } ?? false)
    #expect(quality.coveredShare.value.map { abs($0 - 0.25) < 1e-9 } ?? false)
  }

  /// The sensitivities are those along the chosen tangent spaces.
  @Test func sensitivitiesFollowTheManifold() throws {
    let own = try outcome(ToyTask()).result
    let same = try outcome(ReferencedTask(ToyTask(), manifold: TurnedManifold(degrees: 0))).result
    let turned = try outcome(ReferencedTask(ToyTask(), manifold: TurnedManifold(degrees: 90))).result
    #expect(same.measurements.sensitivity == own.measurements.sensitivity)
    #expect(
      same.regime.label == own.regime.label
        && same.regime.evidence.sensitivityRatio == own.regime.evidence.sensitivityRatio)
    #expect(turned.measurements.sensitivity != own.measurements.sensitivity)
    #expect(
      own.task.manifold?.quality == nil
        && own.regime.evidence.sentences.count + 1 == same.regime.evidence.sentences.count)
  }

  @Test func qualityOfAScaledScore() throws {
    let task = try ReferencedTask(ToyTask(), score: (ScaledScore(), [0.4]))
    let result = try outcome(task).result
    #expect(result.task.score?.noise == [0.4] && result.task.score?.learned == Self.learned)
    #expect(result.measurements.scoreAlignment.allSatisfy { $0.noise == 0.4 })
    let qualities = try #require(result.task.score?.quality)
    #expect(qualities.map(\.input) == [.clean, .noised])
    for quality in qualities {
      #expect(abs((quality.cosine.value ?? 0) - 1) < 1e-6 && abs((quality.relativeError.value ?? 0) - 1) < 1e-6)
    }
    #expect(ResultValidation.problems(in: result) == [])
    #expect(try ResultFile.decode(ResultFile.encode(result), source: "toy.json") == result)
  }

  /// What was measured along other tangent spaces says nothing about these.
  @Test func recordedCalibrationIsDropped() throws {
    var base = ToyTask()
    base.densityIsExact = false
    base.calibration = .recorded(onManifoldSensitivity: 0.2, models: ["a"])
    base.criteria?.standards = [RecordedStandard("a", parameters: 75, accuracy: 0.9, onManifold: 0.2)]
    let task = try ReferencedTask(base, manifold: TurnedManifold())
    guard case .none = task.calibration else { throw TestFailure() }
    guard case .recorded = try ReferencedTask(base, score: (ScaledScore(), [0.4])).calibration else {
      throw TestFailure()
    }
    // Nothing exact is known, so there is no quality.
    let result = try outcome(task).result
    #expect(result.task.manifold?.learned != nil && result.task.manifold?.quality == nil)
    #expect(result.regime.evidence.v2?.signal.standard == nil && result.regime.evidence.onManifoldRetention == nil)
    let own = try outcome(base).result
    #expect(own.regime.evidence.v2?.signal.standard?.source == .recorded)
  }

  private struct TestFailure: Error {}

  @Test func theLeaderboardTakesNoSuchResult() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("leaderboard-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let leaderboard = Leaderboard(directory: folder)
    let result = try outcome(ReferencedTask(ToyTask(), manifold: TurnedManifold())).result
    #expect(throws: ResultError.otherReferences(file: "results/toy/toy-bayes.json")) { try leaderboard.add(result) }
    try ResultFile.write(result, to: leaderboard.resultURL(task: result.task.id, model: result.model.id))
    #expect(throws: ResultError.otherReferences(file: "results/toy/toy-bayes.json")) { try leaderboard.build() }
    #expect(try leaderboard.verify(models: folder).contains { $0.reason.contains("task's own manifold") })
  }

  @Test func contradictionsAreFound() throws {
    var result = try outcome(ReferencedTask(ToyTask(), manifold: TurnedManifold())).result
    result.task.manifold?.quality?.meanAngleDegrees.value = 91
    result.task.manifold?.learned?.checkpoint.sha256 = "abc"
    let problems = ResultValidation.problems(in: result)
    for path in ["task.manifold.quality.meanAngleDegrees", "task.manifold.learned.checkpoint.sha256"] {
      #expect(problems.contains { $0.hasPrefix(path) }, "\(problems)")
    }
    result.task.manifold?.learned = nil
    #expect(ResultValidation.problems(in: result).contains { $0.hasPrefix("task.manifold.quality") })
  }

  @Test func unusableReferencesAreRefused() {
    struct Large: Manifold {
      let id = "large"
      let dimension = 25
      func tangentBasis(at images: Tensor) throws -> TangentBasis { try ToyManifold().tangentBasis(at: images) }
    }
    #expect(throws: EvaluationError.self) { try ReferencedTask(ToyTask(), manifold: Large()) }
    #expect(throws: EvaluationError.self) { try ReferencedTask(ToyTask(), score: (ScaledScore(), [])) }
    #expect(throws: EvaluationError.self) { try ReferencedTask(ToyTask(), score: (ScaledScore(), [0])) }
  }
}
