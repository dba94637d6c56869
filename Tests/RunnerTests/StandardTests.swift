import BenchCore
import Checkpoints
import Foundation
import Testing

/// `evaluate --standard` and `claims.standardModel`, on a small data set whose density is fitted.
@Suite struct StandardTests {
  private func evaluate(
    _ binary: RealBinary, _ checkpoint: String, data: String, output: String? = nil, _ more: String...
  ) throws -> RealBinary.Outcome {
    let output = output.map { ["--no-leaderboard", "--output", binary.path($0)] } ?? []
    return try binary.start(["evaluate", checkpoint, "--data", data, "--quiet"] + output + more).wait()
  }

  private func result(_ binary: RealBinary, _ name: String) throws -> EvaluationResult {
    try ResultFile.read(URL(fileURLWithPath: binary.path(name)))
  }

  @Test func aTwinIsMeasuredBesideTheModelOrJudgedLater() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let model = try PatternModel.write(to: binary, "model", noise: 0.3)
    let twin = try PatternModel.write(to: binary, "twin", factor: 0.02)
    let beside = try evaluate(binary, model, data: data, output: "beside.json", "--standard", twin)
    #expect(beside.status == 0, "\(beside.errors)")
    let together = try result(binary, "beside.json")
    let standard = try #require(together.regime.evidence.v2?.signal.standard)
    #expect(standard.source == .measured && standard.models == ["twin"])
    #expect(standard.sha256 == (try CheckpointFile.open(twin)).sha256)

    // Each by itself, and the one judged beside the other afterwards.
    for (checkpoint, output) in [(model, "alone.json"), (twin, "twin.json")] {
      let outcome = try evaluate(binary, checkpoint, data: data, output: output)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let alone = try result(binary, "alone.json")
    #expect(alone.regime.evidence.v2?.signal.standard?.source != .measured)
    let judged = try binary.run(
      "reclassify", binary.path("alone.json"), "--standard", binary.path("twin.json"), "--write")
    #expect(judged.status == 0, "\(judged.errors)")
    let later = try result(binary, "alone.json")
    #expect(later.regime.label == together.regime.label)
    #expect(later.regime.evidence.v2?.signal.standard?.sha256 == standard.sha256)
    for (one, other) in [
      (later.regime.evidence.accuracyRetention, together.regime.evidence.accuracyRetention),
      (later.regime.evidence.onManifoldRetention, together.regime.evidence.onManifoldRetention),
    ] { #expect(abs((one?.value ?? .nan) - (other?.value ?? .nan)) < 1e-9) }
    #expect(later.measurements == alone.measurements)
    // Its columns are with the samples now.
    let again = try binary.run("reclassify", binary.path("alone.json"), "--write")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try result(binary, "alone.json") == later)
  }

  @Test func aModelIsLikeItself() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let model = try PatternModel.write(to: binary, "model")
    let outcome = try evaluate(binary, model, data: data, output: "result.json", "--standard", model)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let evidence = try result(binary, "result.json").regime.evidence
    for retention in [evidence.accuracyRetention, evidence.onManifoldRetention] {
      for number in [retention?.value, retention?.low, retention?.high] { #expect(abs((number ?? 0) - 1) < 1e-9) }
    }
  }

  @Test func aTwinThatHasAResultNeedOnlyBeNamed() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let twin = try PatternModel.write(to: binary, "twin", factor: 0.02)
    let model = try PatternModel.write(
      to: binary, "model", noise: 0.3, claims: #""claims": {"standardModel": "twin"}"#)
    let early = try evaluate(binary, model, data: data, output: "result.json")
    #expect(early.status == 1 && early.errors.contains("names `twin`, of which the leaderboard has no result on mnist"))
    #expect(early.errors.contains("--standard FILE") && !binary.files.contains("result.json"))

    let measured = try evaluate(binary, twin, data: data)
    #expect(
      measured.status == 0 && binary.files.contains("leaderboard/own/results/mnist/twin.json"), "\(measured.errors)")
    let outcome = try evaluate(binary, model, data: data, output: "result.json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let standard = try #require(try result(binary, "result.json").regime.evidence.v2?.signal.standard)
    #expect(standard.source == .stated && standard.models == ["twin"])
    #expect(standard.sha256 == (try CheckpointFile.open(twin)).sha256)
    // A file that is given comes before a name.
    let given = try evaluate(binary, model, data: data, output: "result.json", "--standard", twin)
    #expect(given.status == 0, "\(given.errors)")
    #expect(try result(binary, "result.json").regime.evidence.v2?.signal.standard?.source == .measured)
  }

  /// `submit` judges as `evaluate` does.
  @Test func aSubmissionIsJudgedByTheStandardThatItNames() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let twin = try PatternModel.write(to: binary, "twin", factor: 0.02)
    let claims = #""claims": {"accuracy": 0.01"#
    let folder = try SmallSubmission.write(
      to: binary,
      description: SmallSubmission.description().replacing(claims, with: claims + #", "standardModel": "twin""#))
    let early = try binary.run("submit", folder, "--data", data, "--quiet")
    #expect(early.status == 1 && early.errors.contains("names `twin`, of which the leaderboard has no result on mnist"))
    // What is on one's own leaderboard alone, nobody else can check.
    #expect(try evaluate(binary, twin, data: data).status == 0)
    let unchecked = try binary.run("submit", folder, "--data", data, "--quiet")
    #expect(unchecked.status == 1 && unchecked.errors.contains("names `twin`"), "\(unchecked.errors)")
    #expect(try evaluate(binary, twin, data: data, "--leaderboard", "leaderboard").status == 0)
    let submitted = try binary.run("submit", folder, "--data", data, "--quiet")
    #expect(submitted.status == 0, "\(submitted.errors)")
    let evaluated = try evaluate(binary, "\(folder)/small.safetensors", data: data, output: "result.json")
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let recorded = try result(binary, "leaderboard/results/mnist/small.json")
    #expect(recorded.regime == (try result(binary, "result.json")).regime)
    #expect(recorded.regime.evidence.v2?.signal.standard?.models == ["twin"])
    let recheck = try binary.run("submit", binary.path("models/small"), "--recheck", "--data", data, "--quiet")
    #expect(recheck.status == 0 && recheck.output.contains("every number is the recorded one"), "\(recheck.errors)")
  }

  /// What models are compared with has no regime of its own.
  @Test func theClassifierOfAFittedDensityIsNoContestant() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let outcome = try evaluate(binary, "bayes", data: data, output: "result.json", "--task", "mnist")
    #expect(outcome.status == 0 && outcome.output.contains("reference-material"), "\(outcome.errors)")
    let regime = try result(binary, "result.json").regime
    #expect(regime.label == .indeterminate && regime.reservations == [.referenceMaterial])
  }

  @Test func whatCannotBeAStandardIsRefused() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let model = try PatternModel.write(to: binary, "model")
    let undescribed = try PatternModel.write(to: binary, "undescribed", preprocessing: nil)
    let silent = try PatternModel.write(to: binary, "silent", factor: 0)
    let other = try SmallModel.write(to: binary).checkpoint
    for (standard, message) in [
      (binary.path("absent.safetensors"), "absent.safetensors"),
      (undescribed, "cannot be a standard (assumed-normalisation)"),
      (silent, "the standard model silent does not classify these images"), (other, "small"),
    ] {
      let outcome = try evaluate(binary, model, data: data, output: "result.json", "--standard", standard)
      #expect(outcome.status == 1 && outcome.errors.contains(message), "\(outcome.errors)")
      #expect(!binary.files.contains("result.json"))
    }
  }
}
