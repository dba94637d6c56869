import BenchCore
import Foundation
import JSON
import Testing

/// `reclassify`: rules applied to what `evaluate` left behind.
@Suite struct ReclassifyTests {
  private struct Verdict: Decodable {
    let file: String
    let model: String
    let rule: String
    let before: RegimeLabel
    let regime: RegimeVerdict
  }

  /// Evaluates on `glyphs` into a folder of results.
  @discardableResult
  private func evaluate(
    _ binary: RealBinary, _ model: String, _ name: String, images: Int = 100
  ) throws -> (path: String, url: URL) {
    try FileManager.default.createDirectory(atPath: binary.path("results"), withIntermediateDirectories: true)
    let path = binary.path("results/\(name).json")
    let outcome = try binary.run(
      "evaluate", model, "--images", "\(images)", "--no-leaderboard", "--quiet", "--output", path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return (path, URL(fileURLWithPath: path))
  }

  private func verdicts(_ binary: RealBinary, _ arguments: String...) throws -> [Verdict] {
    let outcome = try binary.start(["reclassify", "--json"] + arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoding.decode([Verdict].self, from: Data(outcome.output.utf8), source: "standard output")
  }

  @Test func theVerdictOfStoredSamplesIsPrinted() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let result = try evaluate(binary, "bayes:0.5", "a")
    let stored = try ResultFile.read(result.url)
    let bytes = try Data(contentsOf: result.url)

    let printed = try binary.run("reclassify", result.path)
    #expect(printed.status == 0 && printed.errors.isEmpty, "\(printed.errors)")
    #expect(printed.output == "bayes-0.5: \(ResultSummary.verdict(stored.regime))\n", "\(printed.output)")
    let second = try #require(try verdicts(binary, result.path).first)
    #expect(second.file == result.path && second.model == "bayes-0.5" && second.rule == "v2")
    #expect(second.regime == stored.regime && second.before == stored.regime.label)

    let first = try #require(try verdicts(binary, result.path, "--rule", "v1").first)
    #expect(first.rule == "v1" && first.regime.evidence.v1 != nil && first.before == stored.regime.label)
    // Looking changes nothing.
    #expect(try Data(contentsOf: result.url) == bytes)
    #expect(binary.files == ["results/a.json", "results/a.samples.safetensors"])
  }

  @Test func aFolderIsSearchedForResults() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try evaluate(binary, "bayes:0.5", "b", images: 24)
    try evaluate(binary, "bayes", "a", images: 24)
    // Neither is a result with samples.
    _ = try binary.write(Data("{}".utf8), "results/recipe.json")
    let outcome = try binary.run("reclassify", binary.path("results"), "--rule", "v1")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("bayes: ") && lines[1].hasPrefix("bayes-0.5: "), "\(outcome.output)")
  }

  @Test func writingReplacesTheRegimeAndNothingElse() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let result = try evaluate(binary, "bayes:0.5", "a")
    let bytes = try Data(contentsOf: result.url)
    let samples = try Data(contentsOf: SampleFile.url(beside: result.url))
    let before = try ResultFile.read(result.url)

    let written = try binary.run("reclassify", result.path, "--rule", "v1", "--write")
    #expect(written.status == 0, "\(written.errors)")
    var after = try ResultFile.read(result.url)
    #expect(after.measurementProtocol.rule == "v1" && after.regime.evidence.v1 != nil)
    (after.regime, after.measurementProtocol.rule) = (before.regime, "v2")
    #expect(after == before)
    #expect(try Data(contentsOf: SampleFile.url(beside: result.url)) == samples)

    // And back, to the byte.
    #expect(try binary.run("reclassify", result.path, "--write").status == 0)
    #expect(try Data(contentsOf: result.url) == bytes)
  }

  @Test func mistakesAreNamed() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let result = try evaluate(binary, "bayes:0.5", "a")
    let other = try evaluate(binary, "bayes", "other", images: 24)
    func refusal(_ status: Int32, _ arguments: String...) throws -> String {
      let outcome = try binary.start(["reclassify"] + arguments).wait()
      #expect(outcome.status == status && outcome.output.isEmpty, "\(outcome.output)\(outcome.errors)")
      return outcome.errors
    }
    let unknown = try refusal(64, result.path, "--rule", "v9")
    #expect(unknown.contains("there is no rule `v9`; did you mean `v1`?") && unknown.contains("known are v1, v2"))
    #expect(try refusal(1, binary.path("absent.json")).contains("absent.json: there is no such file or folder"))
    try FileManager.default.createDirectory(atPath: binary.path("empty"), withIntermediateDirectories: true)
    #expect(try refusal(1, binary.path("empty")).contains("no result file with samples beside it"))
    #expect(try refusal(1, result.path, "--standard", other.path).contains("was measured on other images"))

    let alone = binary.path("alone.json")
    try FileManager.default.copyItem(atPath: result.path, toPath: alone)
    let missing = try refusal(1, alone)
    #expect(
      missing.contains("alone.json: there are no samples beside it") && missing.contains("evaluate the model again"))
    // The samples of another evaluation.
    try FileManager.default.copyItem(
      at: SampleFile.url(beside: other.url), to: SampleFile.url(beside: URL(fileURLWithPath: alone)))
    #expect(try refusal(1, alone).contains("its samples have 24 images, its result 100"))
  }

  @Test func whereOneFileIsDamagedNoneIsWritten() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let good = try evaluate(binary, "bayes:0.5", "a", images: 24)
    let damaged = try evaluate(binary, "bayes", "b", images: 24)
    let bytes = try Data(contentsOf: good.url)
    for content in [Data(), Data("half a file".utf8), Data(repeating: 0, count: 100)] {
      try content.write(to: SampleFile.url(beside: damaged.url))
      let outcome = try binary.run("reclassify", binary.path("results"), "--rule", "v1", "--write")
      #expect(outcome.status == 1 && outcome.errors.contains("b.samples.safetensors"), "\(outcome.errors)")
      #expect(try Data(contentsOf: good.url) == bytes)
    }
  }
}
