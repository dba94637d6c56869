import ArgumentParser
import Checkpoints
import Foundation
import JSON
import Testing

@testable import Runner

/// `--json`, `--quiet`, `--log` and `--config`, which every command has.
@Suite struct ReportingTests {
  /// Commands that do something, by the words that name them; those for developers are left out.
  private static func leaves(
    _ command: any ParsableCommand.Type, _ words: [String] = []
  ) -> [(words: [String], command: any ParsableCommand.Type)] {
    let children = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    if children.isEmpty { return [(words, command)] }
    return children.flatMap { leaves($0, words + [$0._commandName]) }
  }

  @Test func everyCommandHasThem() {
    let leaves = Self.leaves(PagsBench.self)
    #expect(leaves.count > 30)
    for (words, command) in leaves {
      #expect(command is any ReportingCommand.Type, "\(words.joined(separator: " "))")
    }
  }

  private func document(_ outcome: RealBinary.Outcome) throws -> JSONValue {
    try JSONDecoding.parse(Data(outcome.output.utf8), source: "standard output")
  }

  // MARK: Errors

  @Test(arguments: [
    (["evaluate", "nothing.pth"], "failed", 1, "there is no file at nothing.pth"),
    (["evaluate", "bayes", "--images", "many"], "arguments", 64, "'many' is invalid"),
    (["evaluate", "bayes", "--task", "clyphs"], "arguments", 64, "did you mean `glyphs`"),
    (["train", "--output", "x", "--objective", "none"], "failed", 1, "none"),
    (["tasks", "show", "mnist", "--data", "nowhere"], "arguments", 64, "nowhere"),
    (["leaderboard", "table", "--task", "none"], "arguments", 64, "the leaderboard has no results of `none`"),
    (["leaderboard"], "arguments", 64, "--json"),
  ])
  func anErrorIsADocument(_ arguments: [String], _ kind: String, _ status: Int32, _ words: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(arguments + ["--json"]).wait()
    let error = try #require(try document(outcome)["error"], "\(outcome.output)")
    #expect(outcome.status == status && error["exitCode"]?.intValue == Int(status), "\(outcome.errors)")
    #expect(error["kind"]?.stringValue == kind)
    #expect(error["message"]?.stringValue?.contains(words) == true, "\(error)")
    // People read it as before.
    #expect(outcome.errors.contains(words))
  }

  @Test func ofSeveralModelsTheErrorStandsInItsPlace() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run(
      "evaluate", "nothing.pth", "bayes", "--task", "glyphs", "--images", "20", "--robustness-draws", "1",
      "--no-leaderboard",
      "--quiet", "--json")
    let list = try #require(try document(outcome).arrayValue)
    #expect(outcome.status == 1 && list.count == 2)
    #expect(list.first?["error"]?["message"]?.stringValue?.hasPrefix("nothing.pth is not measured") == true)
    #expect(list.last?["model"]?["id"]?.stringValue == "bayes")
  }

  @Test func aResultThatIsWrongIsInTheDocument() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let results = binary.folder.appendingPathComponent("leaderboard/results/glyphs")
    try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: results.appendingPathComponent("a.json"))
    let outcome = try binary.run("leaderboard", "verify", "--json")
    let mismatches = try #require(try document(outcome)["mismatches"]?.arrayValue)
    #expect(outcome.status == 1)
    #expect(mismatches.contains { $0["path"]?.stringValue?.hasSuffix("glyphs/a.json") == true }, "\(mismatches)")
  }

  // MARK: Documents of commands that had none

  @Test func whatIsWrittenIsADocument() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func told(_ arguments: String...) throws -> JSONValue {
      let outcome = try binary.start(arguments + ["--json"]).wait()
      #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
      return try document(outcome)
    }
    #expect(try told("show", "samples", "--output", "a.svg", "--images", "2")["wrote"]?.stringValue == "a.svg")
    #expect(try told("show", "tangents", "--output", "b.svg", "--images", "1")["wrote"]?.stringValue == "b.svg")
    let submission = try told("new-submission", "mine")
    #expect(submission["description"]?.stringValue == "mine/model.json")
    let cache = try told("cache", "show")
    #expect(cache["parts"]?.arrayValue?.count == CacheContent.Part.allCases.count)
    #expect(try told("cache", "clear")["files"]?.intValue != nil)
    _ = try told("evaluate", "bayes", "--images", "20", "--robustness-draws", "1", "--quiet")
    let built = try told("leaderboard", "build", "--directory", "leaderboard/own")
    #expect(built.arrayValue?.first?["changed"] == .bool(false))
    let table = try told("leaderboard", "table", "--task", "glyphs", "--directory", "leaderboard/own")
    #expect(table["tasks"]?.arrayValue?.first?["entries"]?.arrayValue?.first?["id"]?.stringValue == "bayes")
    #expect(try told("leaderboard", "verify", "--directory", "leaderboard/own")["mismatches"] == .array([]))
    let site = try told("leaderboard", "site", "public", "--directory", "leaderboard/own")
    #expect(site["models"]?.intValue == 1)
    let scripts = try told("slurm", "--dry-run", "--folder", "jobs", "--json", "--", "evaluate", "bayes")
    #expect(scripts["commands"]?.arrayValue?.count == 2)
  }

  @Test func tensorsThatAreWrittenAreNamed() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let model = RealBinary.package.appendingPathComponent("models/glyphs-cnn-cross-entropy/model.ckpt").path
    let outcome = try binary.runNetwork(model, image: [1, 20, 40], ["--gradient", "logit-sum", "--json"])
    let text = outcome.said[...(outcome.said.lastIndex(of: "}") ?? outcome.said.startIndex)]
    let written = try JSONDecoding.parse(Data(text.utf8), source: "standard output")
    #expect(outcome.status == 0 && written["tensors"]?.arrayValue?.count == 2, "\(outcome.said)")
    #expect(written["tensors"]?.arrayValue?.first?["shape"] == .array([.integer(2), .integer(10)]))
  }

  @Test func aShardSaysWhatItDid() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run(
      "evaluate", "bayes", "--images", "70", "--robustness-draws", "1", "--parts", "parts", "--shard", "1/2", "--json")
    #expect(outcome.status == 0)
    #expect(try document(outcome)["notes"]?.arrayValue?.isEmpty == false, "\(outcome.output)")
  }

  // MARK: The log

  @Test func theLogHoldsWhatIsSaidAndWhatIsNot() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let arguments = [
      "evaluate", "bayes", "--images", "20", "--robustness-draws", "1", "--no-leaderboard", "--quiet", "--log",
      "run.log",
    ]
    let first = try binary.start(arguments).wait()
    #expect(first.status == 0 && first.errors.isEmpty)
    #expect(try binary.run("evaluate", "nothing.pth", "--log", "run.log").status == 1)
    let lines = try String(contentsOfFile: binary.path("run.log"), encoding: .utf8).split(separator: "\n")
    for line in lines { #expect(line.firstMatch(of: #/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /#) != nil, "\(line)") }
    let texts = lines.map { String($0.dropFirst("2026-01-01T00:00:00Z ".count)) }
    #expect(texts.first == "pags-bench \(PagsBench.version) \(arguments.joined(separator: " "))")
    #expect(texts.contains { $0.hasPrefix("regime ") } && texts.contains { $0.hasSuffix(": 100 %") }, "\(texts)")
    #expect(texts.contains("ended well"))
    #expect(texts.contains("pags-bench: nothing.pth: cannot be read: there is no file at nothing.pth"))
    #expect(texts.last == "ended with 1")
  }

  @Test func nothingElseIsAppendedTo() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let content = Data("weights, or a diary".utf8)
    let place = try binary.write(content, "model.bin")
    let outcome = try binary.run("evaluate", "bayes", "--log", "model.bin")
    #expect(outcome.status == 1 && outcome.errors.contains("is no log of pags-bench"), "\(outcome.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: place)) == content)
    let folder = try binary.run("evaluate", "bayes", "--log", ".")
    #expect(folder.status == 1 && folder.errors.contains("is a folder"))
    let nowhere = try binary.run("evaluate", "bayes", "--log", "none/run.log")
    #expect(nowhere.status == 1 && nowhere.errors.contains("cannot be written"))
  }
}
