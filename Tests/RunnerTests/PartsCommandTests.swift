import BenchCore
import Foundation
import JSON
import Testing

/// `--parts`, `--shard` and `--merge`: what several processes make is what one makes.
@Suite struct PartsCommandTests {
  private static let measured = ["--images", "130", "--threads", "1"]

  /// Without its provenance.
  private func result(_ url: URL) throws -> Data {
    var result = try ResultFile.read(url)
    result.provenance.createdAt = "2000-01-01T00:00:00Z"
    result.provenance.elapsedSeconds = 0
    return try ResultFile.encode(result)
  }

  private func expectEqual(
    _ ids: [String], _ first: String, _ second: String, of binary: RealBinary
  ) throws {
    for id in ids {
      let files = [first, second].map { URL(fileURLWithPath: binary.path("\($0)/\(id).json")) }
      #expect(try result(files[0]) == result(files[1]))
      #expect(
        try Data(contentsOf: SampleFile.url(beside: files[0]))
          == Data(contentsOf: SampleFile.url(beside: files[1])))
    }
  }

  @Test func severalModelsInFiveShards() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let base =
      [
        "evaluate", checkpoint, "bayes:0.5", "--attacks", "pgd-l2", "--attacked-images", "10",
        "--no-leaderboard",
      ]
      + Self.measured
    #expect(try binary.start(base + ["--output", "whole", "--quiet"]).wait().status == 0)
    // In any order, one twice; each tells what it did.
    for shard in [4, 2, 5, 2] {
      let outcome = try binary.start(
        base + ["--parts", "p", "--shard", "\(shard)/5", "--output", "o"]
      ).wait()
      #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.errors)")
      #expect(outcome.errors.contains("(shard \(shard)/5)"), "\(outcome.errors)")
    }
    #expect(!binary.files.contains { $0.hasPrefix("o/") || $0.hasPrefix("leaderboard") })
    // What is missing is named, and who makes it.
    let merging = base + ["--parts", "p", "--merge", "--output", "merged", "--quiet"]
    let early = try binary.start(merging).wait()
    #expect(early.status == 1, "\(early.errors)")
    #expect(
      early.errors.contains(
        "is not merged: small: parts are missing: measurements of images 0 to 63"))
    #expect(early.errors.contains("pgd-l2 of images 8 to 9 (1 of 2 parts)"), "\(early.errors)")
    #expect(
      early.errors.contains("--shard 1/5\n") && early.errors.contains("--shard 3/5\n"),
      "\(early.errors)")
    #expect(
      !early.errors.contains("--shard 2/5") && !early.errors.contains("--shard 5/5"),
      "\(early.errors)")
    // The model that was complete has its result.
    #expect(binary.files.contains("merged/bayes-0.5.json") && !binary.files.contains("merged/small.json"))
    for shard in [1, 3] {
      #expect(
        try binary.start(base + ["--parts", "p", "--shard", "\(shard)/5", "--quiet"]).wait().status
          == 0)
    }
    let merged = try binary.start(merging).wait()
    #expect(merged.status == 0 && merged.errors.isEmpty, "\(merged.errors)")
    try expectEqual(["small", "bayes-0.5"], "whole", "merged", of: binary)
    // The merge too can be divided: by models.
    for (shard, id) in [("1/2", "small"), ("2/2", "bayes-0.5")] {
      let part = try binary.start(
        base + ["--parts", "p", "--merge", "--shard", shard, "--output", id, "--quiet"]
      ).wait()
      #expect(part.status == 0, "\(part.errors)")
      #expect(binary.files.count { $0.hasPrefix("\(id)/") } == 2)
      try expectEqual([id], "whole", id, of: binary)
    }
  }

  /// `--parts` alone measures what is missing and goes on to the result.
  @Test func aKilledEvaluationGoesOn() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let command =
      [
        "evaluate", "bayes:0.5", "--no-leaderboard", "--robustness-draws", "20", "--images", "512",
        "--threads", "1",
      ]
    let kept = binary.folder.appendingPathComponent("p/glyphs/bayes-0.5/evaluation")
    func blocks() -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: kept.path)) ?? []).filter {
        $0.hasPrefix("block-") && $0.hasSuffix(".safetensors")
      }.sorted()
    }
    let running = try binary.start(command + ["--parts", "p"])
    let patience = Date(timeIntervalSinceNow: 120)
    while running.process.isRunning, Date() < patience, blocks().isEmpty { usleep(5_000) }
    #expect(running.process.isRunning, "it was done before it could be killed")
    kill(running.process.processIdentifier, SIGKILL)
    running.process.waitUntilExit()
    let left = blocks()
    #expect(!left.isEmpty && left.count < 8)
    let before = try left.map { try identity(kept.appendingPathComponent($0)) }
    let outcome = try binary.start(
      command + ["--parts", "p", "--output", "resumed/bayes-0.5.json"]
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("\(8 - left.count) of 8 parts measured, \(left.count) were there"))
    // Not written again.
    #expect(try left.map { try identity(kept.appendingPathComponent($0)) } == before)
    #expect(
      try binary.start(command + ["--quiet", "--output", "whole/bayes-0.5.json"]).wait().status == 0
    )
    try expectEqual(["bayes-0.5"], "whole", "resumed", of: binary)
  }

  /// A file that was renamed into its place has another number.
  private func identity(_ url: URL) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: url.path)[.systemFileNumber] as? Int)
  }

  @Test func whatIsStoppedIsKept() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let running = try binary.start([
      "evaluate", "bayes:0.5", "--images", "256", "--robustness-draws", "1000", "--threads", "1",
      "--no-cache",
      "--parts", "p", "--shard", "1/1",
    ])
    let patience = Date(timeIntervalSinceNow: 60)
    while running.process.isRunning, Date() < patience, try !running.errors().contains("measuring") { usleep(10_000) }
    running.process.terminate()
    let outcome = try running.wait()
    #expect(outcome.status == 130, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("what is measured is kept in p, and the same command goes on"),
      "\(outcome.errors)")
    #expect(binary.files.contains("p/glyphs/bayes-0.5/evaluation/logits.safetensors"))
  }

  @Test func attacksInParts() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let base = [
      "attack", checkpoint, "--images", "20", "--attack", "square-l2", "--queries", "50",
      "--threads", "1", "--quiet",
    ]
    func report(_ outcome: RealBinary.Outcome) throws -> JSONValue {
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try #require(
        JSONDecoding.parse(Data(outcome.output.utf8), source: "attack")["robustness"])
    }
    let whole = try report(
      binary.start(base + ["--json", "--adversarial", "whole.safetensors"]).wait())
    for shard in ["2/2", "1/2", "2/2"] {
      let outcome = try binary.start(base + ["--parts", "p", "--shard", shard, "--json"]).wait()
      #expect(outcome.status == 0 && outcome.output.hasPrefix("{\n  \"notes\""), "\(outcome.errors)")
    }
    let merging =
      base + ["--parts", "p", "--merge", "--json", "--adversarial", "merged.safetensors"]
    #expect(try report(binary.start(merging).wait()) == whole)
    let images = try ["whole", "merged"].map {
      try Data(contentsOf: URL(fileURLWithPath: binary.path("\($0).safetensors")))
    }
    #expect(images[0] == images[1])
    // Another attack is another folder; another number of images is refused.
    let other = try binary.start(base + ["--images", "24", "--parts", "p", "--merge"]).wait()
    #expect(
      other.status == 1 && other.errors.contains("What differs: images is "), "\(other.errors)")
    let missing = try binary.start(
      [
        "attack", checkpoint, "--images", "20", "--attack", "pgd-l2", "--threads", "1", "--parts",
        "p", "--merge",
      ]
    ).wait()
    #expect(
      missing.status == 1
        && missing.errors.contains("small: parts are missing: pgd-l2 of images 0 to 19"))
    #expect(missing.errors.contains("--shard 2/2"), "\(missing.errors)")
  }

  @Test(arguments: [
    (["--shard", "1/2"], "--shard needs --parts DIR"), (["--merge"], "--merge needs --parts DIR"),
    (["--parts", "p", "--shard", "3/2"], "expected i/n with i from 1 to n"),
    (["--parts", "p", "--shard", "1/2000000"], "at most 1000000 shards"),
    (["--parts", ""], "must be the path"),
  ]) func refusedAtOnce(_ arguments: [String], _ message: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for command in ["evaluate", "attack"] {
      let outcome = try binary.start([command, "bayes"] + arguments).wait()
      #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
    }
    #expect(binary.files.isEmpty)
  }
}
