import BenchCore
import Foundation
import Testing

/// `tasks calibrate`, and what `evaluate` and `reclassify` make of its file, on a small data set whose density is fitted.
@Suite struct CalibrateTests {
  private func evaluate(_ binary: RealBinary, _ model: String, _ data: String, _ name: String, _ more: String...) throws
  {
    let outcome = try binary.start(
      [
        "evaluate", model, "--data", data, "--quiet", "--no-leaderboard", "--output", binary.path("\(name).json"),
      ] + more
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func thresholdsOfOnesOwn() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let robust = try PatternModel.write(to: binary, "robust", noise: 0.3)
    let standard = try PatternModel.write(to: binary, "standard", noise: 2)
    try evaluate(binary, robust, data, "robust")
    try evaluate(binary, standard, data, "standard")
    let criteria = binary.path("criteria.json")
    let made = try binary.run(
      "tasks", "calibrate", "mnist", "--data", data, "--standards", binary.path("standard.json"), "--robust",
      binary.path("robust.json"), "--output", criteria, "--quiet")
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.output.contains("robust off the manifold: R below") && made.output.contains("standard (accuracy"))

    try evaluate(binary, robust, data, "judged", "--criteria", criteria)
    let judged = try ResultFile.read(URL(fileURLWithPath: binary.path("judged.json")))
    #expect(judged.task.criteria?.file == "criteria.json" && !judged.task.hasOwnReferences)
    #expect(judged.regime.evidence.v2?.signal.standard?.models == ["standard"])
    let alone = try binary.run("evaluate", robust, "--data", data, "--criteria", criteria)
    #expect(alone.status == 0 && alone.errors.contains("not on the leaderboard"), "\(alone.errors)")
    #expect(!binary.files.contains { $0.hasPrefix("leaderboard/") })
    let later = try binary.run("reclassify", binary.path("robust.json"), "--criteria", criteria, "--write")
    #expect(later.status == 0, "\(later.errors)")
    let reclassified = try ResultFile.read(URL(fileURLWithPath: binary.path("robust.json")))
    #expect(reclassified.regime == judged.regime && reclassified.task == judged.task)
  }

  @Test func whatCannotBeCalibratedSaysWhy() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let model = try PatternModel.write(to: binary, "model")
    try evaluate(binary, model, data, "model")
    let result = binary.path("model.json")
    let exact = try binary.run(
      "tasks", "calibrate", "glyphs", "--standards", result, "--robust", result, "--output", binary.path("c.json"))
    #expect(exact.status == 1 && exact.errors.contains("knows its density"), "\(exact.errors)")
    let missing = try binary.run(
      "tasks", "calibrate", "mnist", "--data", data, "--standards", binary.path("none.json"), "--robust", result,
      "--output",
      binary.path("c.json"))
    #expect(missing.status == 1 && missing.errors.contains("none.json"), "\(missing.errors)")
    try "{}".write(toFile: binary.path("bad.json"), atomically: true, encoding: .utf8)
    let bad = try binary.run(
      "evaluate", model, "--data", data, "--criteria", binary.path("bad.json"), "--no-leaderboard", "--quiet")
    #expect(bad.status == 1 && bad.errors.contains("bad.json"), "\(bad.errors)")
    #expect(!FileManager.default.fileExists(atPath: binary.path("c.json")))
  }

  @Test func aSecondReferenceIsAskedFor() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let trained = try binary.run(
      "train", "--kind", "denoiser", "--conditional", "--noise", "0.5", "--images", "128", "--epochs", "1", "--width",
      "4",
      "--quiet", "--output", binary.path("second"))
    #expect(trained.status == 0, "\(trained.errors)")
    let reference = "denoiser=\(binary.path("second/model.ckpt"))"
    let outcome = try binary.run(
      "evaluate", "bayes:0.5", "--images", "60", "--quiet", "--no-leaderboard", "--reference", reference, "--output",
      binary.path("a.json"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("The second reference denoiser second"), "\(outcome.output)")
    let result = try ResultFile.read(URL(fileURLWithPath: binary.path("a.json")))
    #expect(result.task.secondReference?.learned?.id == "second")
    #expect(result.regime.evidence.v2?.alignment.second?.decides == .density)
    let alone = try binary.run("evaluate", "bayes:0.5", "--images", "60", "--reference", reference)
    #expect(alone.status == 0 && alone.errors.contains("not on the leaderboard"), "\(alone.errors)")
    #expect(!binary.files.contains { $0.hasPrefix("leaderboard/") })
    let again = try binary.run("reclassify", binary.path("a.json"), "--write")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try ResultFile.read(URL(fileURLWithPath: binary.path("a.json"))) == result)
    for (text, expected) in [("exact", "task's own reference"), ("mixture=a", "known are denoiser=FILE")] {
      let refused = try binary.run("evaluate", "bayes", "--reference", text, "--no-leaderboard")
      #expect(refused.status == 64 && refused.errors.contains(expected), "\(refused.errors)")
    }
  }
}
