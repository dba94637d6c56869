import BenchCore
import Foundation
import JSON
import Testing

/// `distractor` through the program.
@Suite struct DistractorTests {
  private struct Document: Decodable {
    struct Shares: Decodable {
      let target: String
      let chance: Double
      let energy: Estimate
    }

    struct Model: Decodable {
      let label: String
      let id: String
      let responses: [DistractorEntry]
      let gradientOnSignal: Shares?
    }

    let models: [Model]
  }

  @Test func modelsAndResultsGiveTheSameNumbers() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let result = binary.path("small.json")
    let evaluated = try binary.run(
      "evaluate", checkpoint, "--images", "40", "--no-leaderboard", "--quiet", "--output", result)
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let (figure, sheet) = (binary.path("figure.svg"), binary.path("sheet.svg"))
    let outcome = try binary.run(
      "distractor", result, checkpoint, "bayes", "--label", "small", "--label", "small", "--label", "Bayes <&>",
      "--output",
      figure, "--sheet", sheet, "--sheet-images", "2", "--json", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let document = try JSONDecoding.decode(Document.self, from: Data(outcome.output.utf8), source: "standard output")
    #expect(document.models.map(\.label) == ["small", "small", "Bayes <&>"])
    #expect(document.models[0].responses == document.models[1].responses)
    #expect(document.models[0].gradientOnSignal == nil)
    // The letter's half tells the Bayes classifier nothing.
    let bayes = try #require(document.models[2].gradientOnSignal)
    #expect(bayes.target == "logit-predicted" && bayes.chance == 0.5 && (bayes.energy.value ?? 0) > 0.999)
    #expect(document.models[2].responses.allSatisfy { ($0.distractor.value ?? 1) < 1e-6 })
    let drawing = try String(contentsOfFile: figure, encoding: .utf8)
    #expect(drawing.contains("Bayes &lt;&amp;&gt;") && drawing.contains("Signal / distractor"))
    #expect(try String(contentsOfFile: sheet, encoding: .utf8).contains("noise on either block"))
    // A figure of ours is replaced, anything else is not.
    let again = try binary.run("distractor", result, "--output", figure, "--quiet")
    #expect(again.status == 0 && again.output.contains("accuracy"), "\(again.errors)")
    #expect(try binary.run("distractor", result, "--output", binary.path("small.svg"), "--quiet").status == 0)
    let other = try binary.run("distractor", result, "--output", result, "--quiet")
    let kept = try ResultFile.read(URL(fileURLWithPath: result))
    #expect(other.status != 0 && kept.model.id == document.models[0].id)
  }

  /// By librsvg's program where that is installed, refused before any work where it is not.
  @Test(arguments: ["pdf", "png"])
  func figuresForPapers(format: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (result, figure) = (binary.path("bayes.json"), binary.path("figure.\(format)"))
    #expect(
      try binary.run("evaluate", "bayes", "--images", "20", "--no-leaderboard", "--quiet", "--output", result).status
        == 0)
    let outcome = try binary.run("distractor", result, "--output", figure, "--quiet")
    guard outcome.status == 0 else {
      #expect(outcome.errors.contains("librsvg2-bin"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: figure))
      return
    }
    let file = try Data(contentsOf: URL(fileURLWithPath: figure))
    #expect(file.starts(with: format == "pdf" ? Data("%PDF-".utf8) : Data([0x89, 0x50, 0x4E, 0x47])))
    // The same bytes again, in the place of an earlier figure; not in that of anything else.
    #expect(try binary.run("distractor", result, "--output", figure, "--quiet").status == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: figure)) == file)
    try Data("%PDF-1.5 of somebody else".utf8).write(to: URL(fileURLWithPath: figure))
    #expect(try binary.run("distractor", result, "--output", figure, "--quiet").status == 1)
  }

  @Test func whatCannotBeCompared() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (one, two) = (binary.path("one.json"), binary.path("two.json"))
    for (path, seed) in [(one, "1"), (two, "2")] {
      #expect(
        try binary.run(
          "evaluate", "bayes", "--images", "20", "--seed", seed, "--no-leaderboard", "--quiet", "--output", path
        ).status == 0)
    }
    let seeds = try binary.run("distractor", one, two, "--quiet")
    #expect(seeds.status == 1 && seeds.errors.contains("were not measured alike"), "\(seeds.errors)")
    let labels = try binary.run("distractor", one, two, "--label", "a", "--quiet")
    #expect(labels.status == 64 && labels.errors.contains("--label is given once for each model: got 1 for 2"))
    // A result of a task that does not know its signal.
    let text = try String(contentsOfFile: one, encoding: .utf8)
    let range = try #require(text.range(of: #","distractor":"#) ?? text.range(of: "\"distractor\""))
    try (text.replacingCharacters(in: range, with: text[range].replacing("distractor", with: "other")))
      .write(toFile: two, atomically: true, encoding: .utf8)
    let none = try binary.run("distractor", two, "--quiet")
    #expect(none.status == 1, "\(none.errors)")
  }
}
