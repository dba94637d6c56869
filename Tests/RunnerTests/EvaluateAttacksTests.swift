import BenchCore
import Foundation
import JSON
import Testing

/// `evaluate --attacks`: from a checkpoint to the robustness of its result, and what lists of results say of it.
@Suite struct EvaluateAttacksTests {
  private static let names = "pgd-l2,square-linf"
  private static let arguments = [
    "--images", "16", "--attacks", names, "--attacked-images", "4", "--quiet",
  ]

  @Test func attacksOfAnEvaluationAreThoseOfTheCommand() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let outcome = try binary.start(["evaluate", checkpoint] + Self.arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    for name in ["pgd-l2", "square-linf"] { #expect(lines.count { $0.hasPrefix("  \(name) ") } == 1, "\(name)") }
    #expect(outcome.output.contains("Attacks on the first 4 images"))
    let place = binary.folder.appendingPathComponent("leaderboard/own/results/glyphs/small.json")
    let result = try ResultFile.read(place)
    let robustness = try #require(result.robustness)
    #expect(robustness.map(\.attack.id) == ["pgd-l2", "square-linf"])
    #expect(robustness.allSatisfy { $0.radii.count == 4 && $0.masking != nil && $0.clip == nil })
    // No rule uses them.
    let plain = try binary.run(
      "evaluate", checkpoint, "--images", "16", "--quiet", "--no-leaderboard", "--output", binary.path("plain.json"))
    #expect(plain.status == 0, "\(plain.errors)")
    let without = try ResultFile.read(URL(fileURLWithPath: binary.path("plain.json")))
    #expect(without.robustness == nil && without.regime == result.regime && without.measurements == result.measurements)
    // The same images, seed and search.
    let attacked = try binary.run("attack", checkpoint, "--images", "4", "--attack", "pgd-l2", "--json", "--quiet")
    let report = try JSONDecoding.parse(Data(attacked.output.utf8), source: "attack")
    let entry = try JSONDecoding.parse(JSONEncoding.encode(robustness[0]), source: "entry")
    #expect(report["robustness"]?.arrayValue?.first == entry)
    try lists(binary, result, place)
  }

  private func lists(_ binary: RealBinary, _ result: EvaluationResult, _ place: URL) throws {
    let table = try binary.run("leaderboard", "table", "--format", "csv")
    #expect(table.status == 0 && table.output.contains("medianRadius@pgd-l2,"), "\(table.errors)")
    let verified = try binary.run("leaderboard", "verify")
    #expect(verified.status == 0, "\(verified.errors)")
    // Somebody's better numbers.
    let text = try String(contentsOf: place, encoding: .utf8)
    var better = result
    better.robustness?[0].radii[0] = 1e9
    for changed in [
      String(decoding: try JSONEncoding.encode(better), as: UTF8.self),
      text.replacingOccurrences(of: "\"censored\": ", with: "\"censored\": 1"),
      text.replacingOccurrences(of: "\"id\": \"pgd-l2\"", with: "\"id\": \"pgd-l9\""),
    ] {
      #expect(changed != text)
      try changed.write(to: place, atomically: true, encoding: .utf8)
      let refused = try binary.run("leaderboard", "verify")
      #expect(refused.status == 1 && refused.errors.contains("robustness[0]"), "\(refused.errors)")
    }
  }

  @Test func sameBytesForAnyBatchAndThreads() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    var seen: Set<Data> = []
    for (batch, threads) in [("1", "1"), ("3", "2"), ("64", "3")] {
      let outcome = try binary.start(
        ["evaluate", checkpoint, "--no-leaderboard", "--json", "--batch", batch, "--threads", threads]
          + Self.arguments
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let result = try ResultFile.decode(Data(outcome.output.utf8), source: "evaluate")
      seen.insert(try JSONEncoding.encode(try #require(result.robustness)))
    }
    #expect(seen.count == 1)
  }

  @Test func interruptedWhileAttackingLeavesNothing() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let running = try binary.start(
      ["evaluate", checkpoint, "--images", "300", "--attacks", "square-l2", "--attacked-images", "300"])
    while try !running.errors().contains("square-l2"), running.process.isRunning { usleep(20_000) }
    running.process.interrupt()
    let outcome = try running.wait()
    #expect(outcome.status == 130 && outcome.errors.contains("nothing was written"), "\(outcome.errors)")
    #expect(!binary.files.contains { $0.hasPrefix("leaderboard") })
  }

  @Test(arguments: [
    (["--attacks", "pgd-l3"], "--attacks: there is no attack `pgd-l3`; did you mean `pgd-l2`?"),
    (["--attacks", "pgd-l2,"], "--attacks: there is no attack ``"),
    (["--attacks", "pgd-l2,cw-l2,pgd-l2"], "--attacks: expected each once"),
    (["--attacks", "pgd-l2", "--attacks", "pgd-l2"], "--attacks: expected each once"),
    (["--attacks", "pgd-l2", "--attacked-images", "1"], "--attacked-images must be 2 to 1000000, got 1"),
    (["--attacked-images", "10"], "name one"),
  ]) func refusedAtOnce(_ arguments: [String], _ message: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for command in [["evaluate", "bayes"], ["submit", "."], ["sweep", "--output", "s", "--strengths", "0"]] {
      let outcome = try binary.start(command + arguments).wait()
      #expect(outcome.status == 64 && outcome.errors.contains(message), "\(command): \(outcome.errors)")
    }
  }

  /// What hangs on the task is said before the work.
  @Test(arguments: [
    (["--attacks", "autoattack-linf"], "no radius is customary on task `glyphs`"),
    (["--attacks", "pgd-l2", "--images", "20", "--attacked-images", "21"], "expected 2 to 20"),
  ]) func refusedForTheTask(_ arguments: [String], _ message: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(["evaluate", "bayes"] + arguments).wait()
    #expect(outcome.status == 1 && outcome.errors.contains(message), "\(outcome.errors)")
    #expect(!outcome.errors.contains("measuring") && binary.files.isEmpty)
  }
}
