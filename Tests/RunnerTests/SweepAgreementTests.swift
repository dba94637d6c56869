import BenchCore
import Foundation
import JSON
import Testing

/// `sweep` and `evaluate` are one way to a verdict: the same model with the same options gets the same one from both.
@Suite struct SweepAgreementTests {
  private func evaluate(
    _ binary: RealBinary, _ checkpoint: String, _ name: String, _ more: [String]
  ) throws -> EvaluationResult {
    let output = binary.path("\(name).json")
    let outcome = try binary.start(
      ["evaluate", checkpoint, "--quiet", "--no-leaderboard", "--threads", "1", "--output", output] + more
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try ResultFile.read(URL(fileURLWithPath: output))
  }

  /// The labels in `sweep.json`, which are those of the table.
  private func labels(_ folder: String) throws -> [String: String] {
    let report = try JSONDecoding.parse(
      Data(contentsOf: URL(fileURLWithPath: folder).appendingPathComponent("sweep.json")), source: "sweep.json")
    let models = try #require(report["models"]?.arrayValue)
    return Dictionary(
      uniqueKeysWithValues: models.compactMap { model in
        guard let id = model["id"]?.stringValue, let label = model["measured"]?["label"]?.stringValue else {
          return nil
        }
        return (id, label)
      })
  }

  @Test func withACriteriaFileAndASecondReference() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    for (id, noise) in [("robust", 0.3), ("standard", 2)] {
      _ = try evaluate(binary, PatternModel.write(to: binary, id, noise: noise), id, ["--data", data])
    }
    let criteria = binary.path("criteria.json")
    let made = try binary.run(
      "tasks", "calibrate", "mnist", "--data", data, "--standards", binary.path("standard.json"), "--robust",
      binary.path("robust.json"), "--output", criteria, "--quiet")
    #expect(made.status == 0, "\(made.errors)")
    let trained = try binary.run(
      "train", "--kind", "denoiser", "--conditional", "--task", "mnist", "--data", data, "--noise", "0.5", "--images",
      "80", "--batch", "16", "--epochs", "1", "--width", "4", "--quiet", "--output", binary.path("second"))
    #expect(trained.status == 0, "\(trained.errors)")

    let judgement = ["--criteria", criteria, "--reference", "denoiser=\(binary.path("second/model.ckpt"))"]
    let folder = binary.path("sweep")
    let sweep = [
      "sweep", "--task", "mnist", "--data", data, "--arch", "cnn-small", "--width", "2", "--objective",
      "gradient-norm", "--strengths", "0,0.1", "--images", "80", "--batch", "16", "--epochs", "2", "--quiet",
      "--threads", "1", "--output", folder,
    ]
    let outcome = try binary.start(sweep + judgement).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")

    let labels = try labels(folder)
    #expect(labels.count == 2)
    for (id, label) in labels {
      let swept = try ResultFile.read(URL(fileURLWithPath: "\(folder)/\(id).json"))
      #expect(swept.task.criteria?.file == "criteria.json" && swept.task.secondReference?.learned?.id == "second")
      let alone = try evaluate(
        binary, "\(folder)/\(id)/model.ckpt", "alone",
        ["--data", data, "--standard", "\(folder)/gradient-norm-0-seed0/model.ckpt"] + judgement)
      #expect(alone.task.criteria == swept.task.criteria && alone.task.secondReference?.id == "denoiser")
      #expect(alone.regime.label.rawValue == label && swept.regime.label.rawValue == label)
      let (one, other) = (alone.regime.evidence.v2, swept.regime.evidence.v2)
      #expect(one?.alignment.second != nil && one?.leadingLabel == other?.leadingLabel)
      // The standard was measured beside the model or before it: sums are taken in another order.
      for (first, second) in [
        (alone.regime.evidence.sensitivityRatio, swept.regime.evidence.sensitivityRatio),
        (alone.regime.evidence.alignment, swept.regime.evidence.alignment),
        (alone.measurements.accuracy, swept.measurements.accuracy),
      ] { #expect(abs((first.value ?? .nan) - (second.value ?? .nan)) < 1e-9) }
      #expect(one?.signal.standard?.sha256 == other?.signal.standard?.sha256)
    }

    // A sweep is judged by one set of criteria.
    let changed = try binary.start(sweep + judgement.dropFirst(2)).wait()
    #expect(changed.status == 1 && changed.errors.contains("evaluation.criteria is not given"), "\(changed.errors)")
  }

  @Test func whereTheDensityIsExact() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let folder = binary.path("sweep")
    let outcome = try binary.start(
      [
        "sweep", "--task", "glyphs", "--width", "2", "--objective", "gradient-norm", "--strengths", "0.1", "--images",
        "96", "--batch", "16", "--epochs", "2", "--evaluation-images", "24", "--quiet", "--threads", "1", "--output",
        folder,
      ]
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    // Which says nothing of criteria that were not given.
    let configuration = try String(contentsOfFile: "\(folder)/configuration.json", encoding: .utf8)
    #expect(!configuration.contains("criteria") && !configuration.contains("reference"))
    let (id, label) = try #require(try labels(folder).first)
    // The claimed accuracy is that of other images and may be missed by chance.
    let place = URL(fileURLWithPath: "\(folder)/\(id)/model.json")
    var description = try JSONDecoding.decode(
      ModelDescription.self, from: Data(contentsOf: place), source: place.path)
    description.claims = nil
    try JSONEncoding.encode(description).write(to: place)
    let swept = try ResultFile.read(URL(fileURLWithPath: "\(folder)/\(id).json"))
    let alone = try evaluate(
      binary, "\(folder)/\(id)/model.ckpt", "alone",
      ["--images", "24"])
    #expect(alone.measurements == swept.measurements && alone.regime == swept.regime)
    #expect(alone.regime.label.rawValue == label)
  }

  @Test func choicesThatCannotBeAreRefusedBeforeAnythingIsMade() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let start = ["sweep", "--objective", "gradient-norm", "--strengths", "1", "--output", binary.path("sweep")]
    for (options, status, message) in [
      (["--reference", "exact"], 64, "task's own reference"),
      (["--reference", "denoisr=x.pt"], 64, "known are denoiser=FILE"),
      (["--criteria", "absent.json"], 1, "absent.json"), (["--reference", "denoiser=absent.pt"], 1, "absent.pt"),
    ] as [([String], Int32, String)] {
      let outcome = try binary.start(start + options).wait()
      #expect(outcome.status == status && outcome.errors.contains(message), "\(outcome.errors)")
    }
    #expect(!binary.files.contains { $0.hasPrefix("sweep/") })
  }
}
