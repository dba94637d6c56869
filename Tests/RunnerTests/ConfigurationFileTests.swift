import Foundation
import Testing

@testable import Runner

/// `--config`: options from a file.
@Suite struct ConfigurationFileTests {
  /// The arguments that a file's text becomes.
  private func prepared(_ text: String, _ arguments: [String]) throws -> [String] {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let file = try binary.write(Data(text.utf8), "c.yaml")
    return try CommandLineArguments.prepared(
      arguments.map { $0.replacing("c.yaml", with: file) }, for: PagsBench.self
    ).map { $0.replacing(file, with: "c.yaml") }
  }

  private func refusal(_ text: String, _ arguments: [String] = ["evaluate", "--config", "c.yaml"]) -> String {
    do { return "taken: \(try prepared(text, arguments))" } catch { return "\(error)" }
  }

  @Test func itsOptionsStandBeforeTheOthers() throws {
    let text = """
      # as we measure
      task: glyphs
      robustness_draws: 2      # as Python people write it
      no-leaderboard: true
      clip: false
      mean: [0.1, -0.2, .3]
      metric: [ssim, lpips-alex=a b.pth]
      """
    #expect(
      try prepared(text, ["evaluate", "a.pth", "--config", "c.yaml", "--images", "9"]) == [
        "evaluate", "--task=glyphs", "--robustness-draws=2", "--no-leaderboard", "--mean=0.1,-0.2,.3", "--metric=ssim",
        "--metric=lpips-alex=a b.pth", "a.pth", "--config", "c.yaml", "--images", "9",
      ])
  }

  @Test func whatIsTypedCountsMore() throws {
    let arguments = ["evaluate", "--config=c.yaml", "--images=9", "--metric", "ssim"]
    #expect(
      try prepared("images: 40\nmetric: cosine\nseed: 1", arguments) == ["evaluate", "--seed=1"] + arguments.dropFirst()
    )
  }

  @Test func digitsStayAsTheyAreWritten() throws {
    #expect(
      try prepared("id: 007\nname: 1.50\nseed: 1e3", ["evaluate", "--config", "c.yaml"]).prefix(4)
        == ["evaluate", "--id=007", "--name=1.50", "--seed=1e3"])
  }

  @Test func aPathBeginsAtHome() throws {
    let home = FileManager.default.homeDirectoryForCurrentUser.path
    #expect(try prepared("data: ~/data", ["evaluate", "--config", "c.yaml"])[1] == "--data=\(home)/data")
  }

  @Test func commandsOfTwoWordsAndOthersBehindDashes() throws {
    #expect(try prepared("format: csv", ["leaderboard", "table", "--config", "c.yaml"])[2] == "--format=csv")
    // Those of the divided command are its own.
    let divided = ["slurm", "--", "evaluate", "--config", "c.yaml"]
    #expect(try prepared("images: 3", divided) == divided)
    #expect(try prepared("", ["evaluate", "--config", "c.yaml"]) == ["evaluate", "--config", "c.yaml"])
  }

  @Test func everythingElseIsRefused() {
    #expect(refusal("imges: 3").contains("evaluate has no option `imges`; did you mean `images`?"))
    #expect(refusal("checkpoint: a.pth").contains("is no option of evaluate but an argument"))
    #expect(refusal("config: b.yaml").contains("names a further file"))
    #expect(refusal("clip: 3").contains("`clip`: expected true or false"))
    #expect(refusal("images:").contains("`images`: expected a value"))
    #expect(refusal("images: {a: 1}").contains("`images`: expected a value"))
    #expect(refusal("images: []").contains("`images`: expected a value"))
    #expect(refusal("- images").contains("expected lines `name: value`"))
    #expect(refusal("images").contains("expected lines `name: value`"))
    #expect(refusal("images: 3\nimages: 4").contains("images"))
    #expect(refusal("images: [1").contains("line 2"))
    #expect(refusal("a: &x [1]\nb: *x").contains("anchors"))
    #expect(refusal(String(repeating: "[", count: 60_000)).contains("expected YAML"))
    #expect(refusal("# " + String(repeating: "x", count: 70_000)).contains("at most 65536"))
    #expect(refusal("images: 3", ["evaluate", "--config", "c.yaml", "--config", "c.yaml"]).contains("twice"))
    #expect(refusal("images: 3", ["evaluate", "--config", "none.yaml"]).contains("there is no file"))
    #expect(refusal("\u{0}\u{1}").contains("--config"))
  }

  @Test func itIsARun() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let options = "task: glyphs\nimages: 20\nrobustness-draws: 1\nno-leaderboard: true\nquiet: true\njson: true\n"
    _ = try binary.write(Data(options.utf8), "c.yaml")
    let configured = try binary.run("evaluate", "bayes", "--config", "c.yaml", "--images", "24")
    #expect(configured.status == 0 && configured.errors.isEmpty, "\(configured.errors)")
    #expect(configured.output.contains("\"images\": 24"))
    let bad = try binary.run("evaluate", "bayes", "--config", "c.yaml", "--images", "1")
    #expect(bad.status == 64 && bad.errors.contains("--images must be 2 to"))
    // The file asks for a document, of errors too.
    #expect(bad.output.contains("\"kind\": \"arguments\""))
    let failed = try binary.run("evaluate", "nothing.pth", "--config", "c.yaml")
    #expect(failed.status == 1 && failed.output.contains("\"kind\": \"failed\""), "\(failed.output)")
  }
}
