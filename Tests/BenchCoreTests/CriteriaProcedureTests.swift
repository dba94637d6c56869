import Foundation
import JSON
import Testing

@testable import BenchCore

@Suite struct CriteriaProcedureTests {
  private static let base = RegimeCriteria(
    robustRatio: 0.75, specificShare: 0.3, templateShare: 0.27, densityAccuracy: 0.9, tells: "something")

  private func network(_ name: String, ratio: Double, share: Double, spread: Double = 0.02) -> CriteriaProcedure.Network
  {
    func estimate(_ value: Double) -> Estimate {
      Estimate(value: value, low: value - spread, high: value + spread)
    }
    return CriteriaProcedure.Network(
      name: name, parameters: 100, accuracy: 0.5, onManifold: 0.1, ratio: estimate(ratio), share: estimate(share))
  }

  /// The numbers of the public CIFAR-10 networks and of the recorded standards give the thresholds of the task.
  @Test func itGivesTheThresholdsOfCIFAR10() throws {
    let robust = [("sri-resnet-a", 0.60, 0.45), ("vit-ibp", 0.31, 0.34), ("gradient-norm-0.03", 0.51, 0.31)]
    let standards = [
      ("resnet-small-w16-seed0", 0.65, 0.28), ("resnet-small-w16-seed1", 0.82, 0.23), ("marabou-small", 0.88, 0.38),
      ("resnet32", 8.29, 0.31),
    ]
    let criteria = try CriteriaProcedure.criteria(
      Self.base, standards: standards.map { network($0, ratio: $1, share: $2) },
      robust: robust.map { network($0, ratio: $1, share: $2) })
    #expect(criteria.robustRatio == 0.75 && criteria.specificShare == 0.3 && criteria.templateShare == 0.27)
    #expect(criteria.standards.map(\.name) == standards.map(\.0))
    #expect(criteria.densityAccuracy == 0.9 && criteria.tells == "something")
  }

  /// Of MNIST: robust and standard networks overlap in both, so the share tells neither between two thresholds.
  @Test func itGivesTheThresholdsOfMNIST() throws {
    let criteria = try CriteriaProcedure.criteria(
      Self.base, standards: [network("a", ratio: 0.61, share: 0.79), network("b", ratio: 0.19, share: 0.69)],
      robust: [network("c", ratio: 0.5, share: 0.79), network("smoothing-1-seed0", ratio: 0.12, share: 0.591)])
    #expect(criteria.robustRatio == 0.75 && criteria.specificShare == 0.8 && criteria.templateShare == 0.53)
  }

  @Test func theBoundsOfR() throws {
    func ratio(_ robust: Double) throws -> Double {
      try CriteriaProcedure.criteria(
        Self.base, standards: [network("a", ratio: 3, share: 0.3)], robust: [network("b", ratio: robust, share: 0.5)]
      ).robustRatio
    }
    #expect(try ratio(0.1) == 0.75)
    #expect(try ratio(0.7) == 0.88)
    #expect(try ratio(2) == 1)
  }

  /// Where R alone tells standard networks, the share has one threshold, that of the robust ones.
  @Test func standardsThatRTellsSayNothingOfTheShare() throws {
    let criteria = try CriteriaProcedure.criteria(
      Self.base, standards: [network("a", ratio: 3, share: 0.9)], robust: [network("b", ratio: 0.3, share: 0.5)])
    #expect(criteria.specificShare == 0.45 && criteria.templateShare == 0.45)
  }

  @Test func oneOfEachIsNeeded() {
    let one = network("a", ratio: 1, share: 0.3)
    #expect(throws: CriteriaError.tooFew(standards: 1, robust: 0)) {
      try CriteriaProcedure.criteria(Self.base, standards: [one], robust: [])
    }
    #expect(throws: CriteriaError.tooFew(standards: 0, robust: 1)) {
      try CriteriaProcedure.criteria(Self.base, standards: [], robust: [one])
    }
  }

  // MARK: As a file

  private func outcomes() throws -> (standard: EvaluationOutcome, robust: EvaluationOutcome) {
    (
      try toyOutcome(fragileClassifier(strength: 2), id: "standard", images: 60),
      try toyOutcome(id: "robust", images: 60)
    )
  }

  /// The toy task as if its density were fitted.
  private func fitted() -> any BenchmarkTask {
    var task = ToyTask()
    task.densityIsExact = false
    return task
  }

  @Test func anExactDensityNeedsNone() throws {
    let (standard, robust) = try outcomes()
    #expect(throws: CriteriaError.exact(task: "toy")) {
      try CriteriaFile(for: ToyTask(), standards: [standard.result], robust: [robust.result])
    }
  }

  @Test func aFileIsReadAgainAndApplied() throws {
    let (standard, robust) = try outcomes()
    let task = fitted()
    var file = try CriteriaFile(for: task, standards: [standard.result], robust: [robust.result])
    #expect(file.robust == ["robust"] && file.criteria.standards.map(\.name) == ["standard"])
    // So strict that nothing is robust any more.
    file.criteria.robustRatio = 0
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("criteria-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("strict.json")
    try JSONEncoding.encode(file).write(to: url)
    let read = try CriteriaFile.read(url).of("toy", version: task.version)
    #expect(read.criteria == file.criteria && read.source.file == "strict.json" && read.source.sha256.count == 64)

    let samples = try SampleFiles.read(SampleFile.encode(robust))
    let judged = try Reclassification.outcome(robust.result, samples, criteria: read).result
    #expect(judged.regime.label == .weak && judged.task.criteria == read.source && !judged.task.hasOwnReferences)
    #expect(ResultValidation.problems(in: judged) == [])
    #expect(ResultSummary.text(judged).contains("strict.json"))

    for (task, version) in [("other", task.version), ("toy", task.version + 1)] {
      #expect(throws: CriteriaError.self) { try CriteriaFile.read(url).of(task, version: version) }
    }
    for change in [
      { $0.robustRatio = -1 }, { $0.robustRatio = 1e300 }, { $0.templateShare = $0.specificShare + 0.1 },
      { $0.densityAccuracy = 11 },
      { $0.standards[0].accuracy = 2 }, { $0.standards[0].parameters = -1 },
    ] as [(inout RegimeCriteria) -> Void] {
      var bad = file
      change(&bad.criteria)
      try JSONEncoding.encode(bad).write(to: url)
      #expect(throws: CriteriaError.self) { try CriteriaFile.read(url).of("toy", version: task.version) }
    }
    #expect(throws: CriteriaError.self) {
      try CriteriaFile.read(folder.appendingPathComponent("missing.json"))
    }
  }

  @Test func resultsOfOtherImagesAreRefused() throws {
    let (standard, _) = try outcomes()
    let other = try toyOutcome(id: "other", images: 40).result
    #expect(throws: CriteriaError.otherImages(model: "other", first: "standard")) {
      try CriteriaFile(for: fitted(), standards: [standard.result], robust: [other])
    }
    var elsewhere = other
    elsewhere.task.id = "elsewhere"
    #expect(throws: CriteriaError.self) {
      try CriteriaFile(for: fitted(), standards: [standard.result], robust: [elsewhere])
    }
  }
}
