import Digests
import Foundation
import JSON
import Testing

@testable import BenchCore

@Suite struct LeaderboardTests {
  private static let example = Result { try toyOutcome(images: 12).result }

  private func result(
    _ id: String, task: String = "toy", label: RegimeLabel = .weak, accuracy: Double = 0.5
  ) throws -> EvaluationResult {
    var result = try Self.example.get()
    result.model.id = id
    result.task.id = task
    result.measurements.accuracy = Estimate(value: accuracy, low: accuracy, high: accuracy)
    result.regime.evidence.v2?.classification.accuracy = result.measurements.accuracy
    result.regime.label = label
    result.regime.confidence = 1
    result.regime.evidence.v2?.leadingLabel = label
    result.regime.evidence.v2?.shares = RegimeShares(
      weak: label == .weak ? 1 : 0, bayesAligned: label == .bayesAligned ? 1 : 0,
      excessive: label == .excessive ? 1 : 0, indeterminate: label == .indeterminate ? 1 : 0)
    return result
  }

  private func withFolder(_ body: (Leaderboard, URL) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("leaderboard-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    try body(Leaderboard(directory: root.appendingPathComponent("leaderboard")), root.appendingPathComponent("models"))
  }

  @Test func entriesAreOrderedByTaskRegimeAccuracyAndName() throws {
    let results = try [
      result("d", label: .indeterminate, accuracy: 0.9), result("c", accuracy: 0.6), result("b", accuracy: 0.7),
      result("a", accuracy: 0.6), result("e", label: .excessive), result("f", label: .bayesAligned, accuracy: 0.1),
      result("z", task: "aaa"),
    ]
    let document = LeaderboardDocument(results)
    #expect(document.tasks.map(\.id) == ["aaa", "toy"])
    #expect(document.tasks[1].entries.map(\.id) == ["f", "b", "a", "c", "e", "d"])
    #expect(try JSONEncoding.encode(LeaderboardDocument(results.reversed())) == JSONEncoding.encode(document))
  }

  @Test func entriesSayByWhichRuleAndWhatStandsAgainstIt() throws {
    var qualified = try result("a", label: .bayesAligned)
    qualified.regime.reservations = [.assumedNormalisation]
    let document = LeaderboardDocument([qualified, try result("b", label: .bayesAligned)])
    let entries = document.tasks[0].entries
    #expect(entries.map(\.rule) == ["v2", "v2"])
    #expect(entries.map(\.reservations) == [[.assumedNormalisation], nil])
    #expect(entries[0].specificShare == qualified.regime.evidence.specificShare && entries[0].specificShare != nil)
    // No table has a label alone that something stands against.
    for format in Table.Format.allCases {
      let lines = Table.text(LeaderboardTable.tables(document), as: format).split(separator: "\n")
      let qualified = lines.filter { $0.contains("bayes-aligned (assumed-normalisation)") }
      #expect(qualified.count == 1 && lines.count { $0.contains("bayes-aligned") } == 2, "\(format): \(lines)")
    }
  }

  /// Results keep `indeterminate`; people read one word everywhere.
  @Test func whatIsNotDecidedHasOneWord() throws {
    var withheld = try result("a", label: .indeterminate)
    withheld.regime.reservations = [.unusedTensors]
    let results = [withheld, try result("b", label: .indeterminate)]
    let document = LeaderboardDocument(results)
    #expect(document.tasks[0].entries.map(\.qualifiedRegime).sorted() == ["undecided", "undecided (unused-tensors)"])
    #expect(document.tasks[0].entries.map(\.hasReservation) == [false, false])
    #expect(String(decoding: try JSONEncoding.encode(document), as: UTF8.self).contains("\"indeterminate\""))
    let texts =
      Table.Format.allCases.map { Table.text(LeaderboardTable.tables(document), as: $0) }
      + results.map { ResultSummary.text($0) }
    for text in texts {
      #expect(text.lowercased().contains("undecided") && !text.lowercased().contains("indeterminate"), "\(text)")
    }
    #expect(ResultSummary.verdict(withheld.regime) == "UNDECIDED: no label is given (unused-tensors)")
    for label in RegimeLabel.allCases where label != .indeterminate { #expect(label.word == label.rawValue) }
  }

  @Test func buildingIsPureAndVerifyFindsNothing() throws {
    try withFolder { board, models in
      try board.add(result("one"))
      try board.add(result("two", label: .bayesAligned))
      let first = try Data(contentsOf: board.documentURL)
      #expect(try board.build() == first)
      #expect(try board.refresh() == false)
      #expect(try board.verify(models: models) == [])
      // Provenance plays no part.
      var again = try result("one")
      again.provenance.createdAt = "2031-01-01T00:00:00Z"
      try board.add(again)
      #expect(try Data(contentsOf: board.documentURL) == first)
    }
  }

  @Test func whatIsComparedWithNoOtherStandsBeside() throws {
    try withFolder { board, models in
      try board.add(result("one"))
      let alone = try Data(contentsOf: board.documentURL)
      let without = try TaskCapabilityTests.outcome(without: [.criteria]).result
      #expect(Leaderboard.path(of: without) == "unranked/\(without.task.id)/\(without.model.id).json")
      try board.add(without, samples: Data("s".utf8))
      #expect(try board.unranked().map(\.path) == [Leaderboard.path(of: without)])
      #expect(FileManager.default.fileExists(atPath: SampleFile.url(beside: board.url(of: without)).path))
      #expect(try board.verify(models: models) == [])
      let document = try board.document()
      #expect(document.tasks == LeaderboardDocument([try result("one")]).tasks)
      let beside = try #require(document.unranked?.first)
      #expect(beside.beside?.isJudged == false && beside.entries.map(\.id) == [without.model.id])
      #expect(beside.entries[0].result == Leaderboard.path(of: without))
      let text = Table.text(LeaderboardTable.tables(document), as: .text)
      #expect(text.contains("beside the leaderboard: Rule v2 is not applied") && text.contains("none"))
      // What can be compared belongs with the others, and what stands there is checked too.
      try ResultFile.write(result("two"), to: board.directory.appendingPathComponent("unranked/toy/two.json"))
      #expect(throws: (any Error).self) { try board.build() }
      #expect(try board.verify(models: models).first?.reason.contains("its place is results/toy/two.json") ?? false)
      try FileManager.default.removeItem(at: board.directory.appendingPathComponent("unranked"))
      try board.refresh()
      #expect(try Data(contentsOf: board.documentURL) == alone)
    }
  }

  @Test func nothingIsReplacedByAnotherModelOrByFewerImages() throws {
    try withFolder { board, _ in
      func with(_ sha256: Character?, images: Int = 12) throws -> EvaluationResult {
        var result = try result("same")
        result.model.checkpoint = sha256.map {
          .init(file: "w.pt", sha256: String(repeating: $0, count: 64), bytes: 1, format: "pytorch-zip")
        }
        result.measurementProtocol.images = images
        return result
      }
      func check(_ result: EvaluationResult) throws {
        let settings = result.measurementProtocol
        try board.check(
          .init(
            model: result.model, standing: .ranked, task: result.task.id, version: result.task.version,
            images: settings.images, seed: settings.seed, clip: settings.clip))
      }
      let first = try with("a")
      try board.add(first)
      let written = try Data(contentsOf: board.url(of: first))
      for other in [try with("b"), try with(nil)] {
        #expect { try board.add(other) } throws: {
          "\($0)".contains("another model `same`") && "\($0)".contains("--id")
        }
        #expect(throws: ResultError.self) { try check(other) }
      }
      #expect {
        try check(try with("a", images: 11))
      } throws: {
        "\($0)".contains("holds a result of 12 images, which one of 11 does not replace")
      }
      try check(try with("a", images: 13))
      #expect(try Data(contentsOf: board.url(of: first)) == written)
      // Nor by one of a later version of the task.
      var newer = try with("a", images: 2)
      newer.task.version += 1
      #expect(throws: ResultError.self) { try check(newer) }
      newer.measurementProtocol.images = 12
      try check(newer)
      // Nor on other data, which the first images tell.
      func plan(_ digest: String) -> Leaderboard.Plan {
        let settings = first.measurementProtocol
        return .init(
          model: first.model, standing: .ranked, task: first.task.id, version: first.task.version, images: 13,
          seed: settings.seed + 1, clip: settings.clip
        ) { images, seed in images == 12 && seed == settings.seed ? digest : nil }
      }
      try board.check(plan(first.task.dataset.digest))
      #expect { try board.check(plan("0")) } throws: { "\($0)".contains("holds a result on other data") }
    }
  }

  @Test func onesOwnResultsAreShownBesideTheCommittedOnes() throws {
    try withFolder { board, _ in
      try board.add(result("one"))
      try board.own.add(result("one"))
      try board.own.add(result("two", label: .bayesAligned))
      var other = try result("one", accuracy: 0.6)
      other.measurementProtocol.seed = 5
      try Leaderboard(directory: board.own.directory).add(result("three"))
      #expect(try ShownResults(of: board, withOwn: false).models.map(\.path) == ["results/toy/one.json"])
      let shown = try ShownResults(of: board, withOwn: true)
      // The same evaluation is there once.
      #expect(
        shown.models.map(\.path) == [
          "results/toy/one.json", "own/results/toy/three.json", "own/results/toy/two.json",
        ])
      #expect(shown.document.tasks[0].entries.map(\.isOwn) == [true, false, true])
      let text = Table.text(LeaderboardTable.tables(shown.document), as: .text)
      #expect(text.matches(of: /\(own\)/).count == 2)
      // Another seed's is another one.
      try board.own.apply { LeaderboardChange([(.result(task: "toy", model: "one"), try ResultFile.encode(other))]) }
      #expect(try ShownResults(of: board, withOwn: true).models.map(\.path).contains("own/results/toy/one.json"))
      #expect(try board.document() == LeaderboardDocument([result("one")]))
    }
  }

  @Test func anEmptyFolderHasAnEmptyLeaderboard() throws {
    try withFolder { board, models in
      #expect(try board.verify(models: models).map(\.path) == ["leaderboard.json"])
      try board.refresh()
      #expect(try board.verify(models: models) == [])
    }
  }

  @Test func everyMismatchIsListed() throws {
    try withFolder { board, models in
      let bytes = Data("weights".utf8)
      var shipped = try result("shipped")
      shipped.model.checkpoint = .init(
        file: "w.pt", sha256: SHA256.hash(data: bytes).hexadecimal, bytes: bytes.count, format: "pytorch-zip")
      try board.add(shipped)
      let folder = models.appendingPathComponent("shipped")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try bytes.write(to: folder.appendingPathComponent("w.pt"))
      #expect(try board.verify(models: models) == [])

      try Data("other!!".utf8).write(to: folder.appendingPathComponent("w.pt"))
      try Data(#"{"id": "shipped", "name": "S", "checkpoint": {"sha256": "00"}}"#.utf8)
        .write(to: folder.appendingPathComponent("model.json"))
      let results = board.directory.appendingPathComponent("results")
      try ResultFile.write(result("right"), to: results.appendingPathComponent("toy/wrong.json"))
      try Data("{".utf8).write(to: results.appendingPathComponent("toy/broken.json"))
      var tampered = try result("tampered")
      tampered.regime.label = .excessive
      try JSONEncoding.encode(tampered).write(to: results.appendingPathComponent("toy/tampered.json"))

      let mismatches = try board.verify(models: models)
      #expect(
        mismatches.map(\.path) == [
          "results/toy/broken.json", "shipped/w.pt", "shipped/model.json", "results/toy/tampered.json",
          "results/toy/wrong.json", "leaderboard.json",
        ])
      #expect(mismatches[1].reason.contains("SHA-256"))
      #expect(mismatches[3].reason.contains("the evidence gives weak"))
      #expect(mismatches[4].reason.contains("results/toy/right.json"))
      #expect(throws: (any Error).self) { try board.build() }
    }
  }
}
