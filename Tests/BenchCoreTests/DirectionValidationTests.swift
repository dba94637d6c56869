import Foundation
import JSON
import Testing

@testable import BenchCore

/// `direction` and `roar` of a result: what is wrong with them is said, with its path.
@Suite struct DirectionValidationTests {
  private static let some = Estimate(value: 0.2, low: 0.1, high: 0.3)

  private func result() throws -> EvaluationResult {
    var result = try toyOutcome(fragileClassifier(strength: 2), id: "a", images: 12).result
    result.direction = DirectionResult(
      chance: 0.1,
      alphaDx: [.init(estimator: "exact", value: Self.some), .init(estimator: "nearest", value: Self.some)],
      alphaX: Self.some, unit: "[-1, 1]", alphaXOfPixels: Self.some, medianLinearisedDistance: Self.some,
      referenceImages: 100, noise: 0.5)
    let top = Estimate(value: 0.75, low: 0.7, high: 0.8)
    let bottom = Estimate(value: 0.5, low: 0.4, high: 0.6)
    let difference = Estimate(value: 0.25, low: 0.2, high: 0.3)
    result.roar = RoarResult(
      architecture: "cnn-small", objective: "cross-entropy", epochs: 3, trainImages: 100, testImages: 50, runs: 1,
      seed: 0,
      unmasked: top,
      points: [0.1, 0.5].map { .init(share: $0, top: top, bottom: bottom, difference: difference) })
    return result
  }

  @Test func aRightOneIsReadAsItWasWritten() throws {
    let result = try result()
    #expect(ResultValidation.problems(in: result) == [])
    #expect(try ResultFile.decode(ResultFile.encode(result), source: "a") == result)
    let text = ResultSummary.text(result)
    #expect(text.contains("to the closest class, nearest") && text.contains("whole images 0.750"))
    let entry = LeaderboardDocument([result]).tasks[0].entries[0]
    #expect(entry.direction == result.direction && entry.roar == result.roar)
    let table = LeaderboardTable.tables(LeaderboardDocument([result]))[0]
    #expect(
      table.columns.map(\.key).suffix(5) == ["alphaDx@exact", "alphaDx@nearest", "alphaX", "roar@0.1", "roar@0.5"])
  }

  private static let changes: [(String, @Sendable (inout EvaluationResult) -> Void)] = [
    ("direction.alphaDx.count", { $0.direction?.alphaDx = [] }),
    ("direction.alphaDx has two", { $0.direction?.alphaDx[1].estimator = "exact" }),
    ("direction.alphaDx[0].estimator", { $0.direction?.alphaDx[0].estimator = "Not one" }),
    ("direction.alphaDx[1].value", { $0.direction?.alphaDx[1].value.high = 2 }),
    ("direction.alphaX.low", { $0.direction?.alphaX.low = -0.5 }),
    ("direction.alphaXOfPixels", { $0.direction?.alphaXOfPixels.value = 0.9 }),
    ("direction.unit", { $0.direction?.unit = "inches" }),
    ("direction.chance", { $0.direction?.chance = .nan }),
    ("direction.referenceImages", { $0.direction?.referenceImages = 0 }),
    ("direction.noise", { $0.direction?.noise = -1 }),
    ("roar.architecture", { $0.roar?.architecture = "" }),
    ("roar.objective", { $0.roar?.objective = "a\u{1B}[2J" }),
    ("roar.epochs", { $0.roar?.epochs = 0 }),
    ("roar.points.count", { $0.roar?.points = [] }),
    ("roar.points have shares", { $0.roar?.points.reverse() }),
    ("roar.points[0].top.value", { $0.roar?.points[0].top = Estimate(value: 1.5, low: 1, high: 2) }),
    ("roar.points[1].difference is not", { $0.roar?.points[1].difference.value = 0.26 }),
  ]

  @Test(arguments: changes.indices)
  func whatIsWrongIsSaid(_ index: Int) throws {
    let (words, change) = Self.changes[index]
    var result = try result()
    change(&result)
    let problems = ResultValidation.problems(in: result)
    #expect(problems.contains { $0.hasPrefix(words) }, "\(problems)")
  }
}
