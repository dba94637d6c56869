import BenchCore
import Checkpoints
import Foundation
import JSON
import Testing

@Suite struct SubmitTests {
  private static let added = [
    "leaderboard/leaderboard.json", "leaderboard/results/mnist/small.json",
    "leaderboard/results/mnist/small.samples.safetensors", "models/small/model.json", "models/small/small.safetensors",
  ]

  /// What a run left in the project's own folders.
  private func written(_ binary: RealBinary) -> [String] {
    binary.files.filter { $0.hasPrefix("leaderboard") || $0.hasPrefix("models") }
  }

  private func expectRefusal(
    _ binary: RealBinary, _ arguments: [String], _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = written(binary)
    let outcome = try binary.start(["submit"] + arguments + ["--quiet"]).wait()
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)", sourceLocation: sourceLocation)
    for word in words {
      #expect(outcome.errors.contains(word), "`\(word)` in \(outcome.errors)", sourceLocation: sourceLocation)
    }
    #expect(written(binary) == before, sourceLocation: sourceLocation)
  }

  /// Everything that can happen to one model, in order; one data set and one fitted reference for all.
  @Test func lifeOfASubmission() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let folder = try SmallSubmission.write(to: binary)

    let dry = try binary.run("submit", folder, "--data", data, "--dry-run", "--quiet")
    #expect(dry.status == 0 && dry.output.contains("nothing was written"), "\(dry.errors)")
    #expect(written(binary).isEmpty && dry.output.contains("models/small/model.json"))

    try expectRefusal(binary, [folder, "--recheck", "--data", data], "not on the leaderboard")

    let submitted = try binary.run("submit", folder, "--data", data, "--quiet")
    #expect(submitted.status == 0, "\(submitted.errors)")
    #expect(written(binary) == Self.added)
    let description = try JSONDecoding.parse(
      Data(contentsOf: URL(fileURLWithPath: binary.path("models/small/model.json"))), source: "model.json")
    let sha256 = CheckpointFile.sha256(of: try SmallSubmission.checkpoint())
    #expect(description["checkpoint"]?["sha256"]?.stringValue == sha256)
    let verified = try binary.run("leaderboard", "verify")
    #expect(verified.status == 0, "\(verified.errors)")

    let recorded = try Data(contentsOf: URL(fileURLWithPath: binary.path(Self.added[1])))

    // Anybody can repeat it, from the repository alone.
    let recheck = try binary.run("submit", binary.path("models/small"), "--recheck", "--data", data, "--quiet")
    #expect(recheck.status == 0 && recheck.output.contains("every number is the recorded one"), "\(recheck.errors)")
    let evaluated = try binary.run(
      "evaluate", binary.path("models/small/small.safetensors"), "--data", data, "--quiet", "--no-leaderboard")
    #expect(evaluated.status == 0, "\(evaluated.errors)")

    try expectRefusal(binary, [folder, "--data", data], "on the leaderboard already", "--recheck")
    let changed = try SmallSubmission.write(to: binary, name: "changed", seed: 6)
    try expectRefusal(binary, [changed, "--data", data], "id `small` is taken", sha256)
    let renamed = try SmallSubmission.write(
      to: binary, name: "renamed", description: SmallSubmission.description(id: "other"))
    try expectRefusal(binary, [renamed, "--data", data], "on the leaderboard of mnist as `small`")
    // evaluate cannot put another checkpoint in its place either.
    let board = ["--leaderboard", "leaderboard", "--data", data, "--quiet"]
    let replaced = try binary.start(["evaluate", changed + "/small.safetensors"] + board).wait()
    #expect(replaced.status == 1 && replaced.errors.contains("give it another id"), "\(replaced.errors)")
    // Nor can fewer images make a submitted result another one.
    let fewer = try binary.start(
      ["evaluate", binary.path("models/small/small.safetensors"), "--images", "20"] + board
    ).wait()
    #expect(fewer.status == 1 && fewer.errors.contains("--external-evaluation"), "\(fewer.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: binary.path(Self.added[1]))) == recorded)

    try externalEvaluations(binary, data: data)
    try tamperedDescriptions(binary)
  }

  private func externalEvaluations(_ binary: RealBinary, data: String) throws {
    let result = binary.path("leaderboard/results/mnist/small.json")
    let original = try Data(contentsOf: URL(fileURLWithPath: result))
    var external = try ResultFile.read(URL(fileURLWithPath: result))
    let submitted = external
    let accuracy = (submitted.measurements.accuracy.value ?? 0) / 2
    external.measurements.accuracy = Estimate(value: accuracy, low: accuracy, high: accuracy)
    external.regime.evidence.v2?.classification.accuracy = external.measurements.accuracy
    let file = URL(fileURLWithPath: binary.path("external.json"))
    try ResultFile.write(external, to: file)
    let arguments = ["--external-evaluation", file.path, "--evaluator"]

    let recorded = try binary.start(["submit"] + arguments + ["A. Nother, ETH", "--note", "other machine"]).wait()
    #expect(recorded.status == 0 && recorded.output.contains("A. Nother, ETH"), "\(recorded.errors)")
    #expect(written(binary) == (Self.added + ["leaderboard/results/mnist/small.external/1.json"]).sorted())
    #expect(try Data(contentsOf: URL(fileURLWithPath: result)) == original)
    let leaderboard = try JSONDecoding.decode(
      LeaderboardDocument.self,
      from: Data(contentsOf: URL(fileURLWithPath: binary.path("leaderboard/leaderboard.json"))), source: "leaderboard")
    let entry = try #require(leaderboard.tasks.first?.entries.first)
    #expect(entry.accuracy.value == accuracy && entry.accuracyFrom == "results/mnist/small.external/1.json")
    #expect(entry.regimeFrom == "results/mnist/small.json" && entry.evaluations?.count == 2)
    #expect(entry.evaluations?.map(\.evaluator) == [nil, "A. Nother, ETH"])
    #expect(try binary.run("leaderboard", "verify").status == 0)

    try expectRefusal(binary, arguments + ["A. Nother, ETH"], "same numbers by the same evaluator")
    try expectRefusal(binary, arguments + ["<b>me</b>"], "--evaluator", "HTML")
    var other = external
    other.model.checkpoint?.sha256 = String(repeating: "0", count: 64)
    other.measurementProtocol.clip = true
    try ResultFile.write(other, to: file)
    try expectRefusal(binary, arguments + ["B"], "model.checkpoint.sha256", "protocol.clip")
    other = external
    other.model.id = "unknown"
    try ResultFile.write(other, to: file)
    try expectRefusal(binary, arguments + ["B"], "`unknown` is not on the leaderboard")
    try Data("{}".utf8).write(to: file)
    try expectRefusal(binary, arguments + ["B"], "external.json")
  }

  /// What `submit` guarantees is what `leaderboard verify` checks.
  private func tamperedDescriptions(_ binary: RealBinary) throws {
    let url = URL(fileURLWithPath: binary.path("models/small/model.json"))
    let text = try String(contentsOf: url, encoding: .utf8)
    defer { try? text.write(to: url, atomically: true, encoding: .utf8) }
    for (old, new, words) in [
      ("\"Small\"", "\"<i>Small</i>\"", "$.name"), ("\"small\"", "\"smaller\"", "its folder's name"),
      ("0.01", "0.999", "$.claims.accuracy"), ("0.3", "0.4", "$.preprocessing"),
      ("\"claims\"", "\"claim\"", "did you mean `claims`?"), ("small.safetensors", "../../x", "without folders"),
    ] {
      #expect(text.contains(old))
      try text.replacing(old, with: new).write(to: url, atomically: true, encoding: .utf8)
      let outcome = try binary.run("leaderboard", "verify")
      #expect(outcome.status == 1 && outcome.errors.contains(words), "\(words): \(outcome.errors)")
    }
  }

  @Test func aMissedClaimAndAModelThatCannotBeMeasured() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let proud = try SmallSubmission.write(
      to: binary, name: "proud", description: SmallSubmission.description().replacing("0.01", with: "0.99"))
    try expectRefusal(binary, [proud, "--data", data], "claims 99.00 %", "normalisation")

    let saturated = try SmallSubmission.write(
      to: binary, name: "saturated",
      description: SmallSubmission.description().replacing(
        #"{"type": "Linear", "name": "fc"}"#,
        with: #"{"type": "Linear", "name": "fc"}, {"type": "Scale", "value": 100000}"#))
    try expectRefusal(binary, [saturated, "--data", data], "does not conform (saturation)", "What it means", "FAILED")

    let assumed = try SmallSubmission.write(
      to: binary, name: "assumed",
      description: SmallSubmission.description().replacing(
        #""preprocessing": {"mean": [0.5], "std": [0.3]}, "#, with: ""))
    try expectRefusal(binary, [assumed, "--data", data], "nothing says how pixels are normalised")

    try Data("no weights".utf8).write(to: URL(fileURLWithPath: proud + "/small.safetensors"))
    try expectRefusal(binary, [proud, "--data", data], "small.safetensors")
  }

  @Test func aCheckpointFromElsewhere() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let bytes = try SmallSubmission.checkpoint()
    let mirror = URL(fileURLWithPath: binary.path("mirror"))
    try FileManager.default.createDirectory(at: mirror, withIntermediateDirectories: true)
    try bytes.write(to: mirror.appendingPathComponent("net.safetensors"))
    func folder(_ name: String, sha256: String, size: Int) throws -> String {
      let folder = try SmallSubmission.write(
        to: binary, name: name,
        description: SmallSubmission.description(
          checkpoint: """
            {"url": "http://127.0.0.1:9/net.safetensors", "sha256": "\(sha256)", "bytes": \(size)}
            """))
      try FileManager.default.removeItem(atPath: folder + "/small.safetensors")
      return folder
    }
    let sha256 = CheckpointFile.sha256(of: bytes)
    let arguments = ["--data", data, "--mirror", mirror.absoluteString]
    let other = String(repeating: "ab", count: 32)
    try expectRefusal(binary, [folder("digest", sha256: other, size: bytes.count)] + arguments, sha256, other)
    try expectRefusal(binary, [folder("small", sha256: sha256, size: bytes.count - 1)] + arguments, "has more bytes")
    try expectRefusal(
      binary, [folder("large", sha256: sha256, size: bytes.count + 1)] + arguments, "bytes, model.json states")

    let outcome = try binary.start(
      ["submit", folder("good", sha256: sha256, size: bytes.count), "--quiet"] + arguments
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    // The checkpoint stays where it is; its description says where.
    #expect(written(binary) == Self.added.filter { $0 != "models/small/small.safetensors" })
    // It is in the cache now, so that nothing is fetched to check again.
    let again = try binary.run("submit", binary.path("models/small"), "--recheck", "--data", data, "--quiet")
    #expect(again.status == 0 && again.output.contains("every number"), "\(again.errors)")
  }

  @Test func killedAtAnyMomentItLeavesAllOrNothing() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let folder = try SmallSubmission.write(to: binary)
    let clock = ContinuousClock()
    let whole = try clock.measure { _ = try binary.run("submit", folder, "--data", data, "--dry-run", "--quiet") }
    // The first fitted the reference; from now on it is in the cache.
    let second = try clock.measure { _ = try binary.run("submit", folder, "--data", data, "--dry-run", "--quiet") }
    let length = min(whole, second)
    for share in [0.5, 0.9, 0.97, 1.0, 1.03] {
      let running = try binary.start(["submit", folder, "--data", data, "--quiet"])
      Thread.sleep(forTimeInterval: (length * share) / .seconds(1))
      if running.process.isRunning { kill(running.process.processIdentifier, SIGKILL) }
      running.process.waitUntilExit()
      #expect(try binary.run("leaderboard", "build").status == 0)
      let files = written(binary)
      #expect(files == Self.added || files == ["leaderboard/leaderboard.json"], "\(files)")
      let verified = try binary.run("leaderboard", "verify")
      #expect(verified.status == 0, "\(verified.errors)")
    }
  }

  @Test func templates() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let made = try binary.run("new-submission", binary.path("new"))
    #expect(made.status == 0 && binary.files == ["new/README.md", "new/model.json"], "\(made.errors)")
    try expectRefusal(binary, [binary.path("new")], "fill in", "$.claims.accuracy", "$.checkpoint.file")
    #expect(try binary.run("new-submission", binary.path("new")).status == 1)
    #expect(try binary.run("new-submission", binary.path("x"), "--task", "glyph").status == 64)
    #expect(try binary.run("submit").status == 64)
    #expect(try binary.run("submit", binary.path("new"), "--mirror", "ftp://example.org").status == 64)
  }
}
