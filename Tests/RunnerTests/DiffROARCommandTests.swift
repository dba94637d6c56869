import Foundation
import JSON
import Testing

@testable import BenchCore

/// `diffroar` through the program.
@Suite struct DiffROARCommandTests {
  private static let training = ["--images", "64", "--epochs", "1", "--width", "2", "--batch", "16", "--quiet"]

  @Test func curvesTablesAndTheFigure() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let arguments =
      ["diffroar", "bayes", "--label", "exact", "--shares", "0.5,0.1", "--test-images", "40", "--runs", "2"]
      + Self.training
    let outcome = try binary.start(arguments + ["--json", "--output", "roar.svg", "--threads", "1"]).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let document = try JSONDecoding.parse(Data(outcome.output.utf8), source: "diffroar")
    #expect(document["task"]?.stringValue == "glyphs" && document["runs"]?.intValue == 2)
    let curves = try #require(document["curves"]?.arrayValue)
    #expect(curves.compactMap { $0["label"]?.stringValue } == ["exact", "random", "random, blurred"])
    for curve in curves {
      let points = try #require(curve["points"]?.arrayValue)
      #expect(points.compactMap { $0["share"]?.doubleValue } == [0.1, 0.5])
      for point in points {
        let (top, bottom) = (point["top"]?["value"]?.doubleValue, point["bottom"]?["value"]?.doubleValue)
        let difference = try #require(point["difference"]?["value"]?.doubleValue)
        #expect(abs(difference - (try #require(top)) + (try #require(bottom))) < 1e-12)
        #expect(point["topRuns"]?.arrayValue?.count == 2)
      }
    }
    let figure = try String(contentsOfFile: binary.path("roar.svg"), encoding: .utf8)
    #expect(figure.contains("DiffROAR") && figure.contains("exact"))
    // The same numbers as a table, with other threads.
    let table = try binary.start(arguments + ["--format", "csv", "--threads", "2"]).wait()
    #expect(
      table.status == 0 && table.output.split(separator: "\n").count { $0.hasPrefix("exact,") } == 2, "\(table.output)")
    let first = try #require(curves[0]["points"]?.arrayValue?.first?["top"]?["value"]?.doubleValue)
    #expect(table.output.contains(fixed(first, 3)) || table.output.contains("\(first)"), "\(table.output)")
  }

  /// The curve as a part of a result, of the same model only; the leaderboard takes it, and rechecks do not ask for it.
  @Test func aCurveIsPutIntoAResult() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let evaluated = try binary.run(
      "evaluate", "bayes", "--images", "32", "--quiet", "--no-leaderboard", "--output", binary.path("bayes.json"))
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let before = try ResultFile.read(URL(fileURLWithPath: binary.path("bayes.json")))
    #expect(before.roar == nil)
    let arguments =
      ["--shares", "0.1,0.5", "--test-images", "40", "--no-controls", "--add-to", binary.path("bayes.json")]
      + Self.training
    let outcome = try binary.start(["diffroar", "bayes", "--json"] + arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let after = try ResultFile.read(URL(fileURLWithPath: binary.path("bayes.json")))
    let roar = try #require(after.roar)
    #expect(roar.points.map(\.share) == [0.1, 0.5] && roar.trainImages == 64 && roar.epochs == 1)
    var rest = after
    rest.roar = nil
    #expect(rest == before && ResultSummary.text(after).contains("DiffROAR"))
    let document = LeaderboardDocument([after])
    #expect(document.tasks[0].entries[0].roar == roar)
    #expect(LeaderboardTable.tables(document)[0].columns.contains { $0.key == "roar@0.5" })
    for (models, words) in [
      (["bayes:1"], "is a result of bayes"), (["bayes", "bayes:1"], "a result is of one model"),
      (["margin", "--task", "square32"], "is a result of task glyphs"),
    ] {
      let refused = try binary.start(["diffroar"] + models + arguments).wait()
      #expect(refused.status == 64 && refused.errors.contains(words), "\(refused.errors)")
    }
  }

  @Test func unusableArguments() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for (options, words) in [
      (["--shares", "0"], "between 0 and 1"), (["--shares", "0.1,0.1"], "different numbers"),
      (["--shares", "x"], "--shares"),
      (["--runs", "0"], "--runs must be 1 to 100"), (["--test-images", "1"], "--test-images must be 2"),
      (["--label", "a", "--label", "b"], "--label is given once"), (["--kind", "denoiser"], "--kind"),
      (["--output", "x.gif"], "--output"),
    ] {
      let outcome = try binary.start(["diffroar", "bayes"] + options + Self.training).wait()
      #expect(outcome.status == 64 && outcome.errors.contains(words), "\(options): \(outcome.errors)")
    }
    let missing = try binary.start(["diffroar", "absent.pt"] + Self.training).wait()
    #expect(missing.status == 1 && missing.errors.contains("absent.pt"), "\(missing.errors)")
  }
}
