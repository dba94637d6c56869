import Foundation
import JSON
import Testing

@testable import BenchCore

/// A stranger's numbers of attacks: what does not follow from the radii is refused, and nothing of it ends the process.
@Suite struct RobustnessValidationTests {
  static let images = 12

  /// One image is misclassified, two stand; the others fall at radii between 0.1 and 0.9.
  static let radii: [Double?] = [0, nil, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, nil]

  static func entry(_ digest: String, _ attack: String = "pgd-linf", radii: [Double?] = radii) -> RobustnessEntry {
    RobustnessEntry(
      attack: AttackRecord(id: attack, steps: 40, restarts: 1, losses: ["cross-entropy", "margin"]), norm: .linf,
      seed: 3, imagesDigest: digest, clip: [0, 1],
      search: RadiusSearchRecord(kind: .bisection, grid: [0.25, 0.5, 1], tolerance: 0.01), radii: radii,
      medianRadius: RadiusStatistics.median(radii, seed: 3),
      robustAccuracy: RadiusStatistics.robustAccuracy(radii, at: [(0.25, "1/4"), (0.5, nil)], seed: 3),
      published: RadiusStatistics.published(radii, grid: [0.5, 1, 2]),
      masking: MaskingResult(
        radius: 0.25,
        checks: [
          MaskingCheck(kind: .moreStepsHelp, images: 2, of: 11, isSuspicious: true, sentence: "More steps help."),
          MaskingCheck(kind: .randomNoise, images: 0, of: 11, isSuspicious: false, sentence: "Noise does not."),
        ], isSuspected: true, verdict: "Gradients may be masked."))
  }

  static func result(id: String = "attacked") throws -> EvaluationResult {
    var result = try toyOutcome(id: id, images: images).result
    result.robustness = [entry(result.task.dataset.digest)]
    return result
  }

  private static let example = Result { try result() }

  @Test func attackedResultsAreReadBackAsTheyWereWritten() throws {
    let result = try Self.example.get()
    #expect(ResultValidation.problems(in: result) == [])
    let data = try ResultFile.encode(result)
    #expect(try ResultFile.decode(data, source: "toy.json") == result)
    // None broken, all broken, and a part of the images.
    for radii in [
      [Double?](repeating: nil, count: 12), [Double?](repeating: 0.125, count: 12), [0.5, 0.7], [nil, 0.25, 0.25],
    ] {
      var changed = result
      let digest = radii.count == 12 ? result.task.dataset.digest : String(repeating: "a", count: 64)
      changed.robustness = [Self.entry(digest, radii: radii)]
      changed.robustness?[0].masking = nil
      #expect(ResultValidation.problems(in: changed) == [], "\(radii)")
      #expect(try ResultFile.decode(ResultFile.encode(changed), source: "toy.json") == changed)
    }
  }

  /// Each tampering, and what its message must begin with.
  private static let tamperings: [(path: String, change: @Sendable (inout RobustnessEntry) -> Void)] = [
    ("robustness[0].attack.id is `magic`, which is no attack", { $0.attack.id = "magic" }),
    ("robustness[0].attack.id is `given-images`", { $0.attack.id = "given-images" }),
    ("robustness[0].norm is l2, that of pgd-linf linf", { $0.norm = .l2 }),
    ("robustness[0].attack.version", { $0.attack.version = 0 }),
    ("robustness[0].attack.steps", { $0.attack.steps = .max }),
    ("robustness[0].attack.queries", { $0.attack.queries = -1 }),
    ("number of robustness[0].attack.losses", { $0.attack.losses = [] }),
    ("number of robustness[0].attack.losses", { $0.attack.losses = [String](repeating: "a", count: 1000) }),
    ("robustness[0].attack.losses[1]", { $0.attack.losses = ["margin", "\u{1B}[2J"] }),
    ("robustness[0].seed is 4, protocol.seed 3", { $0.seed = 4 }),
    ("robustness[0].imagesDigest is `x`", { $0.imagesDigest = "x" }),
    (
      "robustness[0].imagesDigest is not task.dataset.digest",
      { $0.imagesDigest = String(repeating: "a", count: 64) }
    ),
    ("robustness[0].clip", { $0.clip = [1, 0] }), ("robustness[0].clip", { $0.clip = [0] }),
    ("robustness[0].clip", { $0.clip = [0, .infinity] }),
    ("robustness[0].search.tolerance is there without", { $0.search.kind = .grid }),
    ("robustness[0].search.tolerance is there without", { $0.search.tolerance = nil }),
    ("robustness[0].search.tolerance is nan", { $0.search.tolerance = .nan }),
    ("number of robustness[0].search.grid is 0", { $0.search.grid = [] }),
    ("number of robustness[0].search.grid is 201", { $0.search.grid = (1...201).map(Double.init) }),
    ("robustness[0].search.grid are no ascending", { $0.search.grid = [0.5, 0.5, 1] }),
    ("robustness[0].search.grid are no ascending", { $0.search.grid = [0, 1] }),
    ("robustness[0].search.grid are no ascending", { $0.search.grid = [0.5, .nan, 1] }),
    ("robustness[0].search.grid are no ascending", { $0.search.grid = [0.5, 1, 1e300] }),
    ("number of robustness[0].radii is 0", { $0.radii = [] }),
    ("number of robustness[0].radii is 13", { $0.radii.append(0.5) }),
    ("robustness[0].radii[3] is -0.5", { $0.radii[3] = -0.5 }),
    ("robustness[0].radii[3] is 1.5", { $0.radii[3] = 1.5 }),
    ("robustness[0].radii[3] is nan", { $0.radii[3] = .nan }),
    ("robustness[0].radii[3] is inf", { $0.radii[3] = .infinity }),
    ("robustness[0].censored is 3, but 2 radii are null", { $0.censored = 3 }),
    (
      "robustness[0].radii say that 0 of 12 images are classified rightly",
      { $0 = entry($0.imagesDigest, radii: [Double?](repeating: 0, count: 12)) }
    ),
    ("robustness[0].medianRadius has value 0.5, but", { $0.medianRadius.value = 0.5 }),
    ("robustness[0].medianRadius has no value, but", { $0.medianRadius.value = nil }),
    ("robustness[0].medianRadius.value is 1.5", { $0.medianRadius.value = 1.5 }),
    ("robustness[0].medianRadius.high is inf", { $0.medianRadius.high = .infinity }),
    ("robustness[0].medianRadius has value", { $0.medianRadius.low = 0.9 }),
    ("robustness[0].medianRadius.undefinedImages is there", { $0.medianRadius.undefinedImages = 2 }),
    (
      "number of robustness[0].robustAccuracy is 65",
      { $0.robustAccuracy = [RobustAccuracy](repeating: $0.robustAccuracy[0], count: 65) }
    ),
    ("radii of robustness[0].robustAccuracy are no ascending", { $0.robustAccuracy.reverse() }),
    ("radii of robustness[0].robustAccuracy are no ascending", { $0.robustAccuracy[0].radius = .nan }),
    ("robustness[0].robustAccuracy[1].radius is 2", { $0.robustAccuracy[1].radius = 2 }),
    ("robustness[0].robustAccuracy[0].name", { $0.robustAccuracy[0].name = "" }),
    ("robustness[0].robustAccuracy[0].name", { $0.robustAccuracy[0].name = String(repeating: "8", count: 41) }),
    ("robustness[0].robustAccuracy[0].name", { $0.robustAccuracy[0].name = "<b>" }),
    ("robustness[0].robustAccuracy[0].accuracy.high is 1.5", { $0.robustAccuracy[0].accuracy.high = 1.5 }),
    (
      "robustness[0].robustAccuracy[1].accuracy has value 0.99",
      { $0.robustAccuracy[1].accuracy = Estimate(value: 0.99, low: 0.9, high: 1) }
    ),
    ("robustness[0].robustAccuracy[1].accuracy has value null", { $0.robustAccuracy[1].accuracy.value = nil }),
    (
      "robustness[0].robustAccuracy rises",
      { $0.robustAccuracy[1].accuracy = Estimate(value: 1, low: 1, high: 1) }
    ),
    ("robustness[0].published.unit", { $0.published?.unit = "\u{202E}" }),
    ("number of robustness[0].published.grid", { $0.published?.grid = [] }),
    ("robustness[0].published.errors", { $0.published?.errors[1] = .nan }),
    ("robustness[0].published.errors", { $0.published?.errors.removeLast() }),
    ("robustness[0].published.threshold", { $0.published?.threshold = 0.25 }),
    ("robustness[0].published.threshold", { $0.published?.isMedian.toggle() }),
    ("robustness[0].published.value is absent", { $0.published?.value = nil }),
    ("robustness[0].published.value is 3", { $0.published?.value = 3 }),
    ("robustness[0].masking.radius is 7", { $0.masking?.radius = 7 }),
    ("robustness[0].masking.radius is nan", { $0.masking?.radius = .nan }),
    ("robustness[0].masking.checks has one kind twice", { $0.masking?.checks[1].kind = .moreStepsHelp }),
    ("robustness[0].masking.checks[0].of is 13", { $0.masking?.checks[0].of = 13 }),
    ("robustness[0].masking.checks[0].of", { $0.masking?.checks[0].of = .min }),
    ("robustness[0].masking.checks[0].images is 12", { $0.masking?.checks[0].images = 12 }),
    ("robustness[0].masking.checks[0].images", { $0.masking?.checks[0].images = .min }),
    ("robustness[0].masking.checks[0].isSuspicious is false with", { $0.masking?.checks[0].isSuspicious = false }),
    ("robustness[0].masking.isSuspected is false", { $0.masking?.isSuspected = false }),
    ("robustness[0].masking.verdict", { $0.masking?.verdict = "" }),
    ("robustness[0].masking.verdict", { $0.masking?.verdict = String(repeating: "a", count: 8001) }),
    ("robustness[0].masking.checks[1].sentence", { $0.masking?.checks[1].sentence = "a\nb" }),
  ]

  @Test(arguments: tamperings.indices) func tamperingIsFound(index: Int) throws {
    let (path, change) = Self.tamperings[index]
    var result = try Self.example.get()
    var entry = try #require(result.robustness?.first)
    change(&entry)
    result.robustness = [entry]
    let problems = ResultValidation.problems(in: result)
    #expect(problems.contains { $0.hasPrefix(path) }, "\(path): \(problems)")
  }

  @Test func entriesAreOnceAndNotNone() throws {
    var result = try Self.example.get()
    let entry = try #require(result.robustness?.first)
    result.robustness = []
    #expect(ResultValidation.problems(in: result).contains { $0.hasPrefix("robustness is empty") })
    result.robustness = [RobustnessEntry](repeating: entry, count: 3000)
    let problems = ResultValidation.problems(in: result)
    #expect(problems == ["robustness has two entries of one attack"])
  }

  /// Whatever the counts of the whole result are.
  @Test(arguments: [Int.max, .min, 0, -1]) func countsOutOfBoundsDoNotTrap(_ count: Int) throws {
    var result = try Self.example.get()
    result.measurementProtocol.images = count
    result.measurements.accuracy.value = .nan
    #expect(!ResultValidation.problems(in: result).isEmpty)
  }

  @Test func onlyTheRobustnessIsNotRead() throws {
    let text = String(decoding: try ResultFile.encode(Self.example.get()), as: UTF8.self)
    for (old, new) in [
      ("\"norm\": \"linf\"", "\"norm\": \"l7\""), ("\"kind\": \"bisection\"", "\"kind\": \"guess\""),
      ("\"kind\": \"random-noise\"", "\"kind\": \"noise\""), ("\"censored\": 2", "\"censored\": 1e400"),
      ("\"censored\": 2", "\"extra\": 1, \"censored\": 2"), ("\"seed\": 3", "\"seed\": -3"),
    ] {
      let changed = text.replacingOccurrences(of: old, with: new)
      #expect(changed != text, "\(old)")
      #expect(throws: (any Error).self) { try ResultFile.decode(Data(changed.utf8), source: "toy.json") }
    }
  }

  @Test func theSummaryHasOneLinePerAttack() throws {
    var result = try Self.example.get()
    var second = try #require(result.robustness?.first)
    second.attack.id = "apgd-ce-linf"
    second.masking = nil
    result.robustness?.append(second)
    let text = ResultSummary.text(result)
    let lines = text.split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("  pgd-linf ") } == 1 && lines.count { $0.hasPrefix("  apgd-ce-linf ") } == 1)
    #expect(text.contains("1/4") && text.contains("pgd-linf: Gradients may be masked."))
    #expect(lines.allSatisfy { $0.count <= ResultSummary.width }, "\(text)")
  }

  @Test func tablesHaveColumnsWhereSomethingWasAttacked() throws {
    let plain = try toyOutcome(id: "plain", images: Self.images).result
    let document = LeaderboardDocument([try Self.example.get(), plain])
    let text = Table.text(LeaderboardTable.tables(document), as: .text)
    #expect(text.contains("median pgd-linf") && text.contains("robust pgd-linf 1/4"), "\(text)")
    let lines = Table.text(LeaderboardTable.tables(document), as: .csv).split(separator: "\n")
    #expect(
      lines[0].hasSuffix(",robustAccuracy@pgd-linf@0.5,robustAccuracy@pgd-linf@0.5Low,robustAccuracy@pgd-linf@0.5High"))
    #expect(Set(lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count == 1)
    #expect(lines.contains { $0.hasPrefix("Toy model,plain,") && $0.hasSuffix(",,,,,,,,,") }, "\(lines)")
    // Without one, nothing is different.
    let without = Table.text(LeaderboardTable.tables(LeaderboardDocument([plain])), as: .csv)
    #expect(!without.contains("pgd") && !without.contains("median"))
    let data = try JSONEncoding.encode(document)
    #expect(try JSONDecoding.decode(LeaderboardDocument.self, from: data, source: "leaderboard") == document)
  }
}
