import BenchCore
import Checkpoints
import Foundation
import Testing

@Suite struct EvaluateTests {
  @Test func bayesClassifierEndToEnd() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run("evaluate", "bayes", "--images", "128", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("BAYES-ALIGNED") && outcome.errors.isEmpty)
    #expect(
      binary.files == [
        "leaderboard/own/leaderboard.json", "leaderboard/own/results/glyphs/bayes.json",
        "leaderboard/own/results/glyphs/bayes.samples.safetensors",
      ])
    let result = try ResultFile.read(binary.folder.appendingPathComponent("leaderboard/own/results/glyphs/bayes.json"))
    #expect(result.regime.label == .bayesAligned)
    #expect(result.measurements.sensitivity.allSatisfy { ($0.offManifold.value ?? 1) < 1e-6 })
    let samples = try SafetensorsReader.read(
      CheckpointFile.open(binary.path("leaderboard/own/results/glyphs/bayes.samples.safetensors")))
    #expect(samples.tensors.allSatisfy { $0.shape == [128] })

    #expect(try binary.run("leaderboard", "verify").status == 0)
    let leaderboard = binary.folder.appendingPathComponent("leaderboard/own/leaderboard.json")
    let built = try Data(contentsOf: leaderboard)
    try FileManager.default.removeItem(at: leaderboard)
    #expect(try binary.run("leaderboard", "build").status == 0)
    #expect(try Data(contentsOf: leaderboard) == built)

    let path = binary.folder.appendingPathComponent("leaderboard/own/results/glyphs/bayes.json")
    let changed = try String(contentsOf: path, encoding: .utf8).replacing("\"glyphs\"", with: "\"glyphz\"")
    try changed.write(to: path, atomically: true, encoding: .utf8)
    let refused = try binary.run("leaderboard", "verify")
    #expect(refused.status == 1 && refused.errors.contains("results/glyphs/bayes.json"))
  }

  @Test func evaluationsAtTheSameTimeAllReachTheLeaderboard() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let running = try (1...6).map {
      try binary.start(["evaluate", "bayes:0.\($0)", "--images", "16", "--threads", "1", "--quiet"])
    }
    for program in running { #expect(try program.wait().status == 0) }
    let verified = try binary.run("leaderboard", "verify")
    #expect(verified.status == 0, "\(verified.errors)")
    let leaderboard = try String(contentsOfFile: binary.path("leaderboard/own/leaderboard.json"), encoding: .utf8)
    #expect((1...6).allSatisfy { leaderboard.contains("\"bayes-0.\($0)\"") })
  }

  @Test func committedLeaderboardIsInOrder() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let folder = RealBinary.package.appendingPathComponent("leaderboard").path
    let outcome = try binary.run("leaderboard", "verify", "--directory", folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func theFolderOfTheOutputIsMade() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let output = binary.path("new/folder/result.json")
    let outcome = try binary.run(
      "evaluate", checkpoint, "--images", "20", "--quiet", "--no-leaderboard", "--output", output)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let result = try ResultFile.read(URL(fileURLWithPath: output))
    let samples = try SampleFile.read(SampleFile.url(beside: URL(fileURLWithPath: output)))
    #expect(result.measurementProtocol.images == 20 && samples.samples.rowCount == 20)
  }

  @Test func sameBytesForAnyBatchAndThreads() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    var seen: Set<Data> = []
    for (batch, threads) in [(1, 1), (7, 2), (64, 1), (64, 2)] {
      let outcome = try binary.run(
        "evaluate", checkpoint, "--images", "80", "--batch", "\(batch)", "--threads", "\(threads)", "--quiet",
        "--no-leaderboard", "--output", binary.path("result.json"))
      #expect(outcome.status == 0, "\(outcome.errors)")
      var result = try ResultFile.read(URL(fileURLWithPath: binary.path("result.json")))
      result.provenance = Provenance(
        toolVersion: "", createdAt: "2000-01-01T00:00:00Z", elapsedSeconds: 0, host: .init(cpu: "", threads: 1))
      seen.insert(
        try ResultFile.encode(result)
          + Data(contentsOf: URL(fileURLWithPath: binary.path("result.samples.safetensors"))))
    }
    #expect(seen.count == 1)
  }

  @Test func drawsOfDefinition1AreChosenAndRecorded() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func robustness(_ options: String...) throws -> RelativeRobustnessResult {
      let outcome = try binary.start(
        ["evaluate", "bayes:0.5", "--images", "16", "--json", "--no-leaderboard", "--quiet"] + options
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let result = try ResultFile.decode(Data(outcome.output.utf8), source: "standard output")
      return try #require(result.measurements.relativeRobustness)
    }
    let (usual, three) = (try robustness(), try robustness("--robustness-draws", "3"))
    #expect(usual.definition1.draws == EvaluationConfiguration.defaultRobustnessDraws)
    #expect(three.definition1.draws == 3)
    #expect(three.definition1.value != usual.definition1.value && three.definition2 == usual.definition2)
    let refused = try binary.run("evaluate", "bayes", "--robustness-draws", "0")
    #expect(refused.status != 0 && refused.errors.contains("--robustness-draws must be 1 to 1000, got 0"))
  }

  @Test func jsonGoesToStandardOutputAlone() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run("evaluate", "bayes:0.5", "--images", "64", "--json", "--no-leaderboard")
    #expect(outcome.status == 0)
    let result = try ResultFile.decode(Data(outcome.output.utf8), source: "standard output")
    #expect(result.model.id == "bayes-0.5" && binary.files.isEmpty)
    #expect(outcome.errors.contains("measuring: 100 %"))
  }

  @Test func unwritableOutputIsRefusedBeforeTheWork() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let file = try binary.write(Data("x".utf8), "file")
    for place in [binary.folder.path, file + "/result.json", "/proc/self/result.json"] {
      let outcome = try binary.run("evaluate", "bayes", "--images", "20000", "--output", place, "--no-leaderboard")
      #expect(outcome.status == 1 && !outcome.errors.contains("measuring"), "\(outcome.errors)")
    }
    #expect(binary.files == ["file"])
  }

  @Test func interruptedLeavesNothing() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let running = try binary.start(["evaluate", "bayes", "--images", "20000"])
    while try !running.errors().contains("measuring"), running.process.isRunning { usleep(20_000) }
    running.process.interrupt()
    let outcome = try running.wait()
    #expect(outcome.status == 130 && outcome.errors.contains("nothing was written"))
    #expect(binary.files.isEmpty)
  }

  @Test func assumedNormalisationIsSaidLoudly() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    var text = try String(contentsOfFile: description, encoding: .utf8)
    text.replace(/,\s*"preprocessing": \{[^}]*\}/, with: "")
    try text.write(toFile: description, atomically: true, encoding: .utf8)
    let outcome = try binary.run(
      "evaluate", checkpoint, "--images", "16", "--no-leaderboard", "--quiet", "--output", binary.path("result.json"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    for text in [outcome.errors, outcome.output] {
      #expect(text.contains("WARNING") && text.contains("--mean and --std"))
    }
    let result = try ResultFile.read(URL(fileURLWithPath: binary.path("result.json")))
    #expect(result.regime.reservations == [.assumedNormalisation])
    #expect(result.regime.evidence.sentences.contains { $0.contains("ASSUMED") })
  }

  @Test func missedClaimIsRefusedWithBothNumbers() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    let text = try String(contentsOfFile: description, encoding: .utf8)
      .replacing("\"preprocessing\"", with: "\"claims\": {\"accuracy\": 0.99}, \"preprocessing\"")
    try text.write(toFile: description, atomically: true, encoding: .utf8)
    let outcome = try binary.run("evaluate", checkpoint, "--images", "100", "--quiet")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("99") && outcome.errors.contains("normalis"))
    #expect(!binary.files.contains { $0.hasPrefix("leaderboard") })
  }

  @Test(.enabled(if: RealBinary.hasShared, "needs ../shared"))
  func realCheckpointIsWeakOnCIFAR10() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    // The description that ships is found by digest.
    try FileManager.default.createDirectory(
      at: binary.folder.appendingPathComponent("models"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: RealBinary.package.appendingPathComponent("models/known"),
      to: binary.folder.appendingPathComponent("models/known"))
    let outcome = try binary.run(
      "evaluate", RealBinary.shared.appendingPathComponent("models/cifar10-resnet20.th").path, "--data",
      RealBinary.shared.appendingPathComponent("data/cifar10").path, "--images", "60", "--no-leaderboard", "--json",
      "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let result = try ResultFile.decode(Data(outcome.output.utf8), source: "cifar10-resnet20")
    #expect(result.model.id == "cifar10-resnet20" && result.task.id == "cifar10")
    #expect(result.regime.label == .weak)
  }
}
