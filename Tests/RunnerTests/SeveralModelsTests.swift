import BenchCore
import Foundation
import JSON
import Testing

/// `evaluate` of several checkpoints, and what models are called.
@Suite struct SeveralModelsTests {
  private static let arguments = ["--images", "16", "--threads", "1", "--quiet"]

  @Test func allAreMeasuredAndComparedInATable() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(["evaluate", "bayes", "bayes:0.5", "--output", "all"] + Self.arguments).wait()
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.contains("Task glyphs (version 2)"), "\(outcome.output)")
    for id in ["bayes", "bayes-0.5"] {
      #expect(binary.files.contains("leaderboard/own/results/glyphs/\(id).json"))
      let written = try Data(contentsOf: URL(fileURLWithPath: binary.path("all/\(id).json")))
      var together = try ResultFile.decode(written, source: id)
      let alone = try binary.start(
        ["evaluate", id.replacing("-", with: ":"), "--no-leaderboard", "--json"] + Self.arguments
      ).wait()
      var single = try ResultFile.decode(Data(alone.output.utf8), source: id)
      // What is shared changes nothing.
      single.provenance = together.provenance
      together.provenance = single.provenance
      #expect(try ResultFile.encode(single) == ResultFile.encode(together))
    }
  }

  @Test func oneThatCannotBeMeasuredKeepsNoOtherFromIt() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let broken = try binary.write(Data("no checkpoint".utf8), "broken.pt")
    let outcome = try binary.start(
      ["evaluate", "bayes:1", broken, "bayes:2", "bayes:1", "--no-leaderboard", "--json"] + Self.arguments
    ).wait()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("broken.pt is not measured"), "\(outcome.errors)")
    #expect(outcome.errors.contains("a model of the id `bayes-1.0` is measured already"), "\(outcome.errors)")
    let documents = try JSONDecoding.parse(Data(outcome.output.utf8), source: "standard output").arrayValue ?? []
    #expect(documents.compactMap { $0["model"]?["id"]?.stringValue } == ["bayes-1.0", "bayes-2.0"])
  }

  @Test func whatBelongsToOneModelIsRefused() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for option in ["--id", "--name", "--model", "--sheet"] {
      let value = option == "--sheet" ? "s.svg" : "x"
      let outcome = try binary.start(["evaluate", "bayes", "bayes:1", option, value] + Self.arguments).wait()
      #expect(outcome.status == 64 && outcome.errors.contains("\(option) is of one model, and there are 2"))
    }
  }

  @Test func modelsAreCalledAsTheUserSays() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let arguments = ["evaluate", "bayes", "--leaderboard", "mine"] + Self.arguments
    let named = try binary.start(arguments + ["--id", "first-try", "--name", "First try"]).wait()
    #expect(named.status == 0, "\(named.errors)")
    let result = try ResultFile.read(URL(fileURLWithPath: binary.path("mine/results/glyphs/first-try.json")))
    #expect(result.model.id == "first-try" && result.model.name == "First try")
    let table = try binary.run("leaderboard", "table", "--directory", "mine")
    #expect(table.status == 0 && table.output.contains("First try"), "\(table.errors)")
    for id in ["../x", "A", "-x", ""] {
      #expect(try binary.start(arguments + ["--id=\(id)"]).wait().status == 64)
    }
    #expect(try binary.start(arguments + ["--name", ""]).wait().status == 64)
    #expect(try binary.start(arguments + ["--no-leaderboard"]).wait().errors.contains("exclude each other"))
  }
}
