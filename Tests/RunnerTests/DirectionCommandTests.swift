import Foundation
import JSON
import Testing

/// `direction` through the program.
@Suite struct DirectionCommandTests {
  @Test func alphasOfTheExactClassifier() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let arguments = ["direction", "bayes", "bayes:1", "--images", "24", "--reference-images", "300", "--quiet"]
    let outcome = try binary.start(arguments + ["--json", "--threads", "1"]).wait()
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let document = try JSONDecoding.parse(Data(outcome.output.utf8), source: "direction")
    #expect(document["task"]?.stringValue == "glyphs" && document["referenceImages"]?.intValue == 300)
    let models = try #require(document["models"]?.arrayValue)
    #expect(models.compactMap { $0["id"]?.stringValue } == ["bayes", "bayes-1.0"])
    for model in models {
      let alphas = try #require(model["alphaDx"]?.arrayValue)
      #expect(alphas.compactMap { $0["estimator"]?.stringValue } == ["nearest", "nearest-mean", "density"])
      // Its gradients point to the other class, wherever that is looked for.
      for alpha in alphas { #expect((alpha["value"]?["low"]?.doubleValue ?? 0) > 0.05, "\(alpha)") }
    }
    let again = try binary.start(arguments + ["--json", "--threads", "2"]).wait()
    #expect(again.output == outcome.output)
    let table = try binary.start(
      arguments + ["--format", "markdown", "--estimators", "density", "--label", "a", "--label", "b"]
    )
    .wait()
    #expect(table.status == 0 && table.output.contains("| a "), "\(table.output)\(table.errors)")
    #expect(!table.output.contains("nearest"))
  }

  @Test func unusableArguments() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for (options, words) in [
      (["--estimators", "vr-gan"], "different ones of nearest"), (["--estimators", ""], "--estimators"),
      (["--estimators", "nearest,nearest"], "different ones"),
      (["--label", "a", "--label", "b"], "--label is given once"),
      (["--reference-images", "1"], "--reference-images must be 2"),
    ] {
      let outcome = try binary.start(["direction", "bayes", "--images", "8", "--quiet"] + options).wait()
      #expect(outcome.status == 64 && outcome.errors.contains(words), "\(options): \(outcome.errors)")
    }
    let few = try binary.run("direction", "bayes", "--images", "8", "--quiet", "--reference-images", "2")
    #expect(few.status == 1 && few.errors.contains("take more with --reference-images"), "\(few.errors)")
  }
}
