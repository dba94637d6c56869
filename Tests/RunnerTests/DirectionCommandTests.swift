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
      (["--estimators", "vr-gan"], "different ones of exact, nearest"), (["--estimators", ""], "--estimators"),
      (["--estimators", "nearest,nearest"], "different ones"),
      (["--label", "a", "--label", "b"], "--label is given once"),
      (["--reference-images", "1"], "--reference-images must be 2"),
      (["--estimators", "learned"], "where a generator is named with --generator"),
      (["--generator-steps", "3,4"], "name it with --generator"),
      (["--generator", "g.onnx", "--generator-steps", "3"], "two numbers of 0 to 100000"),
      (["--generator", "g.onnx", "--generator-penalty=-1"], "at least 0"),
    ] {
      let outcome = try binary.start(["direction", "bayes", "--images", "8", "--quiet"] + options).wait()
      #expect(outcome.status == 64 && outcome.errors.contains(words), "\(options): \(outcome.errors)")
    }
    for (name, words) in [("exact", "no exact way"), ("projected", "no fitted mixture")] {
      let lacking = try binary.run("direction", "bayes", "--images", "8", "--quiet", "--estimators", name)
      #expect(lacking.status == 1 && lacking.errors.contains(words), "\(lacking.errors)")
    }
    let absent = try binary.run("direction", "bayes", "--images", "8", "--quiet", "--generator", "absent.ckpt")
    #expect(absent.status == 1 && absent.errors.contains("absent.ckpt"), "\(absent.errors)")
    let few = try binary.run("direction", "bayes", "--images", "8", "--quiet", "--reference-images", "2")
    #expect(few.status == 1 && few.errors.contains("take more with --reference-images"), "\(few.errors)")
  }

  private func alphas(_ document: JSONValue) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: (document["alphaDx"]?.arrayValue ?? []).compactMap { alpha in
        alpha["estimator"]?.stringValue.flatMap { name in
          alpha["value"]?["value"]?.doubleValue.map { (name, $0) }
        }
      })
  }

  /// On both the classifier of the largest margin points exactly to the other class, and no regime is named.
  @Test(arguments: ["sphere", "square32"])
  func marginClassifiers(task: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let common = ["margin", "--task", task, "--images", "40", "--quiet", "--json"]
    let outcome = try binary.start(
      ["direction"] + common + ["--estimators", "nearest,exact", "--reference-images", "200"]
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let document = try JSONDecoding.parse(Data(outcome.output.utf8), source: "direction")
    let model = try #require(document["models"]?.arrayValue?.first)
    #expect(model["alphaDx"]?.arrayValue?.compactMap { $0["estimator"]?.stringValue } == ["nearest", "exact"])
    #expect(abs((alphas(model)["exact"] ?? 0) - 1) < 1e-6 && (alphas(model)["nearest"] ?? 1) < 0.9)
    if task == "sphere" {
      #expect(document["unit"]?.stringValue == "coordinates")
      #expect(abs((model["alphaX"]?["value"]?.doubleValue ?? 0) - 1) < 1e-6)
      #expect(abs((model["medianLinearisedDistance"]?["value"]?.doubleValue ?? 0) - 0.15) < 1e-4)
    }
    let evaluated = try binary.start(
      ["evaluate"] + common + ["--direction", "exact,nearest-mean", "--reference-images", "200", "--no-leaderboard"]
    ).wait()
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let result = try JSONDecoding.parse(Data(evaluated.output.utf8), source: "evaluate")
    let direction = try #require(result["direction"])
    #expect(abs((alphas(direction)["exact"] ?? 0) - 1) < 1e-6 && direction["referenceImages"]?.intValue == 200)
    #expect(result["measurements"]?["accuracy"]?["value"]?.doubleValue == 1)
    let sentence = result["regime"]?["notApplied"]?["sentence"]?.stringValue ?? ""
    #expect(sentence.contains("would not fit the task, because"), "\(sentence)")
    let text = try binary.start(
      ["evaluate", "margin", "--task", task, "--images", "40", "--quiet", "--direction", "exact", "--no-leaderboard"]
    ).wait()
    #expect(text.output.contains("to the closest class, exact") && text.output.contains("because"), "\(text.output)")
  }

  /// Margins of the page: 0.15 and 0.00835 on the sphere, 8 and 0.5 in [-1, 1] on square32, where pixels are half as far apart.
  @Test(arguments: [
    ("sphere", "pgd-l2", 0.15, 0.1566, 2e-3), ("sphere", "pgd-linf", 0.00835, 0.00896, 4e-4),
    ("square32", "pgd-l2", 4, nil as Double?, 0.15), ("square32", "pgd-linf", 0.25, nil as Double?, 0.01),
  ])
  func smallestRadii(task: String, attack: String, median: Double, published: Double?, tolerance: Double) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(
      ["attack", "margin", "--task", task, "--attack", attack, "--images", "60", "--no-checks", "--quiet", "--json"]
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let entry = try #require(
      JSONDecoding.parse(Data(outcome.output.utf8), source: "attack")["robustness"]?.arrayValue?.first)
    let found = entry["medianRadius"]?["value"]?.doubleValue ?? 0
    #expect(abs(found - median) < tolerance, "\(found)")
    let told = entry["published"]?["value"]?.doubleValue ?? 0
    if let published { #expect(abs(told - published) < tolerance, "\(told)") }
    #expect(entry["published"]?["unit"]?.stringValue == (task == "sphere" ? "coordinates" : "[-1, 1]"))
  }

  @Test func aModelThatATaskDoesNotKnow() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run("evaluate", "margin", "--images", "8", "--quiet", "--no-leaderboard")
    #expect(outcome.status == 1 && outcome.errors.contains("is not known on task `glyphs`"), "\(outcome.errors)")
    let bayes = try binary.run("evaluate", "bayes", "--task", "sphere", "--images", "8", "--quiet", "--no-leaderboard")
    #expect(bayes.status == 1 && bayes.errors.contains("no density"), "\(bayes.errors)")
  }
}
