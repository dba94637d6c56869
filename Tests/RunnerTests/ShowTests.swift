import BenchCore
import Foundation
import FoundationXML
import Images
import Testing

/// `show` and `evaluate --sheet`: sheets through the program.
@Suite struct ShowTests {
  /// The texts of a sheet, in their order.
  private func texts(_ path: String) throws -> [String] {
    let document = try String(contentsOfFile: path, encoding: .utf8)
    return document.matches(of: /<text [^>]*>([^<]*)</).map { String($0.1) }
  }

  private func show(_ binary: RealBinary, _ arguments: String...) throws -> RealBinary.Outcome {
    let outcome = try binary.start(["show"] + arguments + ["--quiet", "--no-cache"]).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome
  }

  @Test func numbersBelowPicturesAreThoseOfAnEvaluation() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let evaluated = try binary.run(
      "evaluate", checkpoint, "--images", "40", "--no-leaderboard", "--quiet", "--seed", "2", "--output",
      binary.path("result.json"), "--sheet", binary.path("beside.svg"))
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let samples = try SampleFile.read(URL(fileURLWithPath: binary.path("result.samples.safetensors"))).samples
    let score = try #require(samples["score-alignment/log-odds-predicted/cosine/0.5"])
    let reference = try #require(samples["reference-alignment/log-odds-predicted/cosine/0.5"])
    func numbers(_ position: Int) -> [String] {
      [String(format: "score %.3f", score[position]), String(format: "Bayes %.3f", reference[position])]
    }

    _ = try show(
      binary, "gradients", checkpoint, "bayes", "--indices", "31,4", "--seed", "2", "--output", binary.path("new/g.svg")
    )
    let shown = try texts(binary.path("new/g.svg"))
    for position in [31, 4] {
      #expect(shown.contains("no. \(position)"))
      for number in numbers(position) { #expect(shown.contains(number), "\(number) of \(shown)") }
    }
    #expect(shown.prefix(4) == ["image", "Small", "Bayes", "classifier"])
    #expect(shown.contains { $0.contains("grey is 0") } && shown.contains { $0.contains("log-odds-predicted") })

    let beside = try texts(binary.path("beside.svg"))
    for position in 0..<8 { for number in numbers(position) { #expect(beside.contains(number)) } }
  }

  @Test func theSameSheetIsTheSameBytes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    for name in ["a", "b"] {
      for format in ["svg", "png"] {
        _ = try show(
          binary, "gradients", checkpoint, "--images", "3", "--output", binary.path("\(name).\(format)"), "--threads",
          name == "a" ? "1" : "3", "--batch", name == "a" ? "1" : "2")
      }
    }
    for format in ["svg", "png"] {
      let files = try ["a", "b"].map { try Data(contentsOf: URL(fileURLWithPath: binary.path("\($0).\(format)"))) }
      #expect(files[0] == files[1], "\(format)")
    }
    let page = try PNG.decode(
      Data(contentsOf: URL(fileURLWithPath: binary.path("a.png"))), source: "a.png", maximumPixels: 1 << 24)
    #expect(page.channels == 1 && page.width > 300 && page.height > 300)
    // A sheet is replaced by a sheet, and only by one.
    _ = try show(binary, "samples", "--images", "4", "--output", binary.path("a.png"))
    _ = try show(binary, "samples", "--images", "4", "--output", binary.path("a.svg"))
  }

  @Test func theOtherSheets() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    _ = try show(binary, "tangents", "bayes", "--images", "2", "--output", binary.path("t.svg"))
    let tangents = try texts(binary.path("t.svg"))
    #expect(tangents.contains("223 of 800") && tangents.contains("577 of 800"), "\(tangents)")
    // The Bayes classifier's gradient lies in the tangent space.
    #expect(tangents.contains("share 1.000") && tangents.contains("share 0.000"), "\(tangents)")
    _ = try show(binary, "scores", "--images", "2", "--noise", "0.5,1", "--output", binary.path("s.svg"))
    let scores = try texts(binary.path("s.svg"))
    #expect(
      scores.prefix(5) == ["image", "score", "noise 0.5", "score", "noise 1"] && scores.contains("denoised"))
    _ = try show(
      binary, "samples", checkpoint, "bayes", "--images", "5", "--columns", "2", "--output", binary.path("i.svg"))
    let document = try String(contentsOfFile: binary.path("i.svg"), encoding: .utf8)
    #expect(document.matches(of: /<image\s/).count == 5)
    let labelled = try texts(binary.path("i.svg"))
    #expect(labelled.count { $0.hasPrefix("no. ") } == 5)
    _ = try show(
      binary, "gradients", "bayes", checkpoint, "--label", "one", "--label", "two", "--columns", "gradient,normal",
      "--transpose",
      "--images", "2", "--scaling", "deviations", "--gradient", "logit-sum", "--output", binary.path("x.svg"))
    // What has no signs is compared with nothing that has.
    for (variant, isCompared) in [("smoothgrad", true), ("smoothgrad-squared", false), ("vargrad", false)] {
      let sheet = binary.path("\(variant).svg")
      _ = try show(
        binary, "gradients", "bayes", "--columns", "smoothgrad", "--smoothgrad-variant", variant,
        "--smoothgrad-samples", "3", "--images", "2", "--output", sheet)
      let captions = try texts(sheet)
      #expect(captions.contains { $0.hasPrefix("score") } == isCompared, "\(captions)")
      #expect(captions.contains { $0.hasPrefix("Bayes 0.") } == isCompared, "\(captions)")
    }
    let turned = try texts(binary.path("x.svg"))
    #expect(
      turned.contains("one") && turned.contains("two") && turned.contains { $0.contains("3 standard deviations") })
  }

  @Test func modelsAreOrderedByStrength() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func model(_ name: String) -> String { RealBinary.package.appendingPathComponent("models/\(name)/model.ckpt").path }
    let strong = model("glyphs-cnn-pgd-l2-4")
    let weak = model("glyphs-cnn-pgd-l2-0.03")
    _ = try show(
      binary, "gradients", "bayes", strong, weak, "--order", "strength", "--images", "1", "--columns", "gradient",
      "--label",
      "none", "--label", "strong", "--label", "slight", "--output", binary.path("o.svg"))
    #expect(try texts(binary.path("o.svg")).prefix(3) == ["slight", "strong", "none"])
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let unknown = try binary.run(
      "show", "gradients", checkpoint, strong, "--order", "strength", "--output", binary.path("p.svg"))
    #expect(unknown.status == 64 && unknown.errors.contains("no recipe.json beside"), "\(unknown.errors)")
  }

  @Test(arguments: [
    (["--output", "a.jpg"], "ends in .svg, .pdf or .png"), (["--output", "a"], "ends in .svg, .pdf or .png"),
    (["--output", "a.svg", "--images", "0"], "--images must be 1 to 400"),
    (["--output", "a.svg", "--images=-1"], "--images must be 1 to 400"),
    (["--output", "a.svg", "--images", "401"], "--images must be 1 to 400"),
    (["--output", "a.svg", "--indices", "1,,2"], "--indices must be"),
    (["--output", "a.svg", "--indices=-1"], "--indices must be"),
    (["--output", "a.svg", "--indices", "100000"], "--indices must be whole numbers from 0 to 99999"),
    (["--output", "a.svg", "--indices", "99999999999999999999"], "--indices must be"),
    (["--output", "a.svg", "--indices", "1", "--images", "2"], "exclude each other"),
    (["--output", "a.svg", "--magnification", "0"], "--magnification must be 1 to 16"),
    (["--output", "a.svg", "--scale", "9"], "--scale must be 1 to 8"),
    (["--output", "a.svg", "--noise", "0"], "--noise must be"),
    (["--output", "a.svg", "--noise", "nan"], "--noise must be"),
    (["--output", "a.svg", "--columns", "gradients"], "there is no column `gradients`"),
    (["--output", "a.svg", "--columns", ""], "there is no column"),
    (["--output", "a.svg", "--label", "a", "--label", "b"], "--label is given once for each model"),
    (["--output", "a.svg", "--seed", "18446744073709551615"], "--seed must be"),
    (["--output", "a.svg", "--task", "glyph"], "did you mean `glyphs`?"),
  ]) func unusableOptionsAreRefused(_ arguments: [String], _ message: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(["show", "gradients", "bayes"] + arguments).wait()
    #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
    #expect(binary.files.isEmpty)
  }

  @Test func placesAreLookedAtBeforeTheWork() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let mine = try binary.write(
      Data("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>mine</title></svg>".utf8), "mine.svg")
    let picture = try binary.write(
      try PNG.encode(PixelImage(width: 1, height: 1, channels: 1, pixels: [0])), "mine.png")
    let before = try Data(contentsOf: URL(fileURLWithPath: mine))
    for path in [mine, picture] {
      let outcome = try binary.run("show", "gradients", "bayes", "--output", path)
      #expect(outcome.status == 1 && outcome.errors.contains("is not a sheet of `show`"), "\(outcome.errors)")
      let beside = try binary.run("evaluate", checkpoint, "--images", "20000", "--no-leaderboard", "--sheet", path)
      #expect(beside.status == 1 && beside.errors.contains("is not a sheet of `show`"), "\(beside.errors)")
      #expect(!beside.errors.contains("measuring"))
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: mine)) == before)
    let folder = try binary.run("show", "samples", "--output", binary.path("small.pt/a.svg"))
    #expect(folder.status == 1 && folder.errors.contains("is a file, not a folder"), "\(folder.errors)")
    let absent = try binary.run("show", "gradients", binary.path("absent.pt"), "--output", binary.path("a.svg"))
    #expect(absent.status == 1 && absent.errors.contains("absent.pt"), "\(absent.errors)")
    let many = try binary.run("evaluate", checkpoint, "--sheet", "sheet.tiff")
    #expect(many.status == 64 && many.errors.contains("--sheet: a sheet's name ends in"), "\(many.errors)")
    let none = try binary.run("show", "gradients", "--output", binary.path("a.svg"))
    #expect(none.status == 64, "\(none.errors)")
    let ofModels = try binary.run("show", "tangents", "--columns", "gradient", "--output", binary.path("a.svg"))
    #expect(ofModels.status == 1 && ofModels.errors.contains("is of models, and none was named"), "\(ofModels.errors)")
  }

  @Test func namesStayNames() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let name = "</text><script>x</script>\u{202E}\u{7} \u{5D0}" + String(repeating: "y", count: 3000)
    for format in ["svg", "png"] {
      let outcome = try binary.run(
        "show", "gradients", "bayes", "--images", "1", "--label", name, "--output", binary.path("n.\(format)"),
        "--quiet", "--no-cache")
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let document = try String(contentsOfFile: binary.path("n.svg"), encoding: .utf8)
    #expect(!document.contains("<script") && !document.unicodeScalars.contains { $0.value == 0x202E })
    let parser = XMLParser(data: Data(document.utf8))
    #expect(parser.parse())
  }
}
