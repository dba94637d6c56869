import Foundation
import JSON
import Testing

@testable import BenchCore

@Suite struct LeaderboardChangeTests {
  // As many images as its label needs: a few do not tell that a model classifies.
  private static let example = Result { try toyOutcome(images: 60).result }

  private func withFolder(_ body: (Leaderboard, URL) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("change-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: root.appendingPathComponent("leaderboard"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    try body(Leaderboard(directory: root.appendingPathComponent("leaderboard")), root)
  }

  private func files(_ root: URL) -> [String] {
    (FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []).filter { path in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path, isDirectory: &isFolder)
      return !isFolder.boolValue
    }.sorted()
  }

  private func change() throws -> LeaderboardChange {
    var result = try Self.example.get()
    result.model.id = "new"
    return LeaderboardChange([
      (.model("new", file: "model.json"), Data(#"{"id": "new", "name": "N"}"#.utf8)),
      (.model("new", file: "w.pt"), Data("w".utf8)),
      (.result(task: "toy", model: "new"), try ResultFile.encode(result)),
      (.samples(task: "toy", model: "new"), Data("s".utf8)),
    ])
  }

  private static let whole = [
    "leaderboard/leaderboard.json", "leaderboard/results/toy/new.json",
    "leaderboard/results/toy/new.samples.safetensors", "models/new/model.json", "models/new/w.pt",
  ]

  @Test("a process that ends in between leaves all or nothing", arguments: 0...4)
  func interrupted(moved: Int) throws {
    try withFolder { board, root in
      let pending = PendingChange(directory: board.directory)
      try pending.stage(change())
      try pending.finish(moving: moved == 4 ? 3 : moved) {}
      #expect(files(root) != Self.whole)
      // Whoever comes next finishes it; verify does, too.
      #expect(try board.verify(models: root.appendingPathComponent("models")) == [])
      #expect(files(root) == Self.whole)
    }
  }

  @Test func everyPlaceIsReadBackFromTheJournal() {
    let places: [LeaderboardChange.Place] =
      Leaderboard.Standing.allCases.flatMap { standing -> [LeaderboardChange.Place] in
        [.result(standing, task: "t", model: "m"), .samples(standing, task: "t", model: "m")]
      } + [.external(task: "t", model: "m", number: 2), .model("m", file: "w.pt")]
    for place in places { #expect(LeaderboardChange.Place(fields: place.fields) == place) }
    #expect(Set(places.compactMap(\.path)).count == places.count)
    #expect(LeaderboardChange.Place(fields: ["unranked", "t"]) == nil)
  }

  @Test func withoutAJournalNothingHasHappened() throws {
    try withFolder { board, root in
      let pending = PendingChange(directory: board.directory)
      try pending.stage(change())
      try FileManager.default.removeItem(at: board.directory.appendingPathComponent(".pending/journal.json"))
      try board.refresh()
      #expect(files(root) == ["leaderboard/leaderboard.json"])
    }
  }

  @Test func placesThatAreNoneAreRefused() throws {
    try withFolder { board, root in
      let places: [LeaderboardChange.Place] = [
        .model("..", file: "x"), .model("a", file: "../x"), .model("a", file: "/etc/x"), .model("a", file: ".x"),
        .model("a", file: "b//c"), .model("a/b", file: "x"), .result(task: "..", model: "a"),
        .external(task: "t", model: "a", number: 0),
      ]
      for place in places {
        #expect(throws: ResultError.self) { try board.apply { LeaderboardChange([(place, Data())]) } }
      }
      #expect(files(root).isEmpty)
      // A journal that came with somebody's checkout.
      let folder = board.directory.appendingPathComponent(".pending")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data("x".utf8).write(to: folder.appendingPathComponent("0"))
      try Data(#"{"places": [["model", "a", "../../../x"]]}"#.utf8).write(
        to: folder.appendingPathComponent("journal.json"))
      #expect(throws: ResultError.self) { try board.refresh() }
    }
  }

  @Test func aBrokenLeaderboardTakesNothing() throws {
    try withFolder { board, root in
      let broken = board.directory.appendingPathComponent("results/toy/broken.json")
      try FileManager.default.createDirectory(
        at: broken.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("{".utf8).write(to: broken)
      #expect(throws: (any Error).self) { try board.apply(change) }
      #expect(files(root) == ["leaderboard/results/toy/broken.json"])
    }
  }

  @Test("external evaluations lower and never raise")
  func externalEvaluations() throws {
    try withFolder { board, root in
      let submitted = try Self.example.get()
      try board.add(submitted)
      let before = try Data(contentsOf: board.documentURL)
      func external(_ number: Int, accuracy: Double, label: RegimeLabel) throws {
        var result = submitted
        result.measurements.accuracy = Estimate(value: accuracy, low: accuracy, high: accuracy)
        result.regime.evidence.v2?.classification.accuracy = result.measurements.accuracy
        result.regime.label = label
        result.regime.confidence = 1
        result.regime.evidence.v2?.leadingLabel = label
        result.regime.evidence.v2?.shares = RegimeShares(
          weak: label == .weak ? 1 : 0, bayesAligned: label == .bayesAligned ? 1 : 0,
          excessive: label == .excessive ? 1 : 0, indeterminate: label == .indeterminate ? 1 : 0)
        result.externalEvaluation = ExternalEvaluationRecord(evaluator: "E\(number)")
        try ResultFile.write(
          result,
          to: board.directory.appendingPathComponent("results/toy/\(submitted.model.id).external/\(number).json"))
        try board.refresh()
      }
      func entry() throws -> LeaderboardDocument.Entry {
        let document = try JSONDecoding.decode(
          LeaderboardDocument.self, from: Data(contentsOf: board.documentURL), source: "leaderboard")
        return try #require(document.tasks.first?.entries.first)
      }
      let own = try entry()
      try external(1, accuracy: 1, label: .bayesAligned)
      #expect(try entry().accuracy == own.accuracy && entry().regime == own.regime)
      #expect(try entry().accuracyFrom == own.result && entry().evaluations?.count == 2)
      try external(2, accuracy: 0, label: .indeterminate)
      let lowered = try entry()
      #expect(lowered.accuracy.value == 0 && lowered.regime == .indeterminate && lowered.result == own.result)
      #expect(lowered.regimeFrom == "results/toy/\(submitted.model.id).external/2.json")
      #expect(lowered.evaluations?.map(\.evaluator) == [nil, "E1", "E2"])
      #expect(try board.verify(models: root) == [])

      // Of another checkpoint, without a name, alone: mismatches.
      let folder = board.directory.appendingPathComponent("results/toy/\(submitted.model.id).external")
      var nameless = submitted
      nameless.measurementProtocol.clip.toggle()
      try ResultFile.write(nameless, to: folder.appendingPathComponent("3.json"))
      let mismatch = try #require(try board.verify(models: root).first)
      #expect(mismatch.reason.contains("protocol.clip") && mismatch.reason.contains("names who measured"))
      try FileManager.default.removeItem(at: folder)
      try board.refresh()
      #expect(try Data(contentsOf: board.documentURL) == before)
      try FileManager.default.createDirectory(
        at: board.directory.appendingPathComponent("results/toy/gone.external"), withIntermediateDirectories: true)
      #expect(try board.verify(models: root).contains { $0.path == "results/toy/gone.external" })
    }
  }
}
