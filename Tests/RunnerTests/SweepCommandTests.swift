import BenchCore
import Foundation
import JSON
import Testing

@Suite struct SweepCommandTests {
  /// A sweep of seconds.
  private func arguments(_ folder: String, _ more: [String] = []) -> [String] {
    [
      "sweep", "--task", "glyphs", "--arch", "cnn-small", "--width", "2", "--objective", "gradient-norm",
      "--strengths", "0,0.1", "--seeds", "0,1", "--images", "96", "--batch", "16", "--epochs", "4",
      "--evaluation-images", "24", "--output", folder, "--threads", "1",
    ] + more
  }

  /// All files of a sweep; of results everything but when and where they were made.
  private func contents(_ folder: URL) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for case let name as String in FileManager.default.enumerator(atPath: folder.path) ?? .init()
    // Left by a process that was killed, and read by nothing.
    where !name.hasSuffix(".partial") {
      guard var data = try? Data(contentsOf: folder.appendingPathComponent(name)) else { continue }
      if name.hasSuffix(".json"), var result = try? ResultFile.decode(data, source: name) {
        result.provenance = .init(
          toolVersion: "0", createdAt: "2000-01-01T00:00:00Z", elapsedSeconds: 0, host: .init(cpu: "", threads: 1))
        data = try ResultFile.encode(result)
      }
      contents[name] = data
    }
    return contents
  }

  private func expectSame(_ first: URL, _ second: URL) throws {
    let (a, b) = (try contents(first), try contents(second))
    #expect(a.keys.sorted() == b.keys.sorted())
    for (name, data) in a { #expect(b[name] == data, "\(name) differs") }
  }

  @Test func aKilledSweepGoesOnToTheSameBytes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let whole = binary.folder.appendingPathComponent("whole")
    let outcome = try binary.start(arguments(whole.path, ["--threads", "2"])).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("strength") && outcome.output.contains("Figure 3"))
    #expect(outcome.errors.contains("4 of 4"))
    #expect(try contents(whole)["gradient-norm-0.1-seed1.samples.safetensors"] != nil)

    // Killed after the first result, in the middle of a training.
    let folder = binary.folder.appendingPathComponent("killed")
    let running = try binary.start(arguments(folder.path))
    let result = folder.appendingPathComponent("gradient-norm-0-seed0.json").path
    let state = folder.appendingPathComponent("gradient-norm-0-seed1/state.safetensors").path
    let patience = Date(timeIntervalSinceNow: 60)
    while running.process.isRunning, Date() < patience,
      !FileManager.default.fileExists(atPath: result) || !FileManager.default.fileExists(atPath: state)
    { usleep(2000) }
    kill(running.process.processIdentifier, SIGKILL)
    running.process.waitUntilExit()
    #expect(running.process.terminationReason == .uncaughtSignal, "it was not killed while it worked")
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("sweep.json").path))

    let resumed = try binary.start(arguments(folder.path)).wait()
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.errors.contains("are complete and are not made again"))
    #expect(resumed.output == outcome.output)
    try expectSame(whole, folder)

    // Drawn again, and in shards: the same.
    let drawn = try binary.run("sweep", "--report", folder.path, "--figure", binary.path("two.svg"), "--quiet")
    #expect(drawn.status == 0 && drawn.output == outcome.output && drawn.errors.isEmpty)
    let shards = binary.folder.appendingPathComponent("shards")
    let first = try binary.start(arguments(shards.path, ["--shard", "2/2"])).wait()
    #expect(first.status == 0 && first.output.isEmpty && first.errors.contains("2 of 4 models are there"))
    let second = try binary.start(arguments(shards.path, ["--shard", "1/2"])).wait()
    #expect(second.status == 0 && second.output == outcome.output)
    try expectSame(whole, shards)

    // Another configuration in the same folder is refused, with what differs.
    let other = try binary.start(arguments(folder.path, ["--epochs", "5", "--learning-rate", "0.1"])).wait()
    #expect(other.status == 1)
    #expect(other.errors.contains("recipe.epochs is 5, was 4"))
    #expect(other.errors.contains("recipe.optimizer.learningRate is 0.1, was 0.004"))
  }

  @Test func aModelThatDivergesIsNamedAndTheOthersGoOn() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let folder = binary.folder.appendingPathComponent("sweep")
    let outcome = try binary.start(
      [
        "sweep", "--width", "2", "--objective", "gradient-norm", "--strengths", "0,1e38", "--seeds", "0", "--images",
        "32",
        "--batch", "16", "--epochs", "1", "--evaluation-images", "24", "--output", folder.path, "--gradient-clipping",
        "0",
      ]
    ).wait()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("1 model of the sweep failed"))
    #expect(outcome.errors.contains("gradient-norm-1e+38-seed0: training diverged"))
    #expect(outcome.output.contains("failed"))
    #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("gradient-norm-0-seed0.json").path))
  }

  @Test func unusableArguments() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for (arguments, message) in [
      (["--objective", "gradient-norm", "--strengths", "1"], "--output"),
      (["--output", "x", "--strengths", "1,b"], "--strengths must be numbers"),
      (["--output", "x", "--strengths=-1"], "at least 0"),
      (["--output", "x", "--from", "0.1", "--to", "1"], "--from, --to and --points belong together"),
      (["--output", "x", "--strengths", "1", "--from", "1"], "exclude each other"),
      (["--output", "x", "--strengths", "1", "--shard", "0/4"], "i from 1 to n"),
      (["--output", "x", "--strengths", "1", "--strength", "2"], "a sweep takes --strengths"),
      (["--output", "x", "--strengths", "1", "--seed", "2"], "a sweep takes --seeds"),
      (["--output", "x", "--strengths", "1", "--seeds", "1,-2"], "--seeds must be numbers"),
      (["--report", "x", "--output", "y"], "does not go with --output"),
    ] {
      let outcome = try binary.start(["sweep"] + arguments).wait()
      #expect(outcome.status == 64 && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
    }
    let unknown = try binary.run("sweep", "--objective", "gradientnorm", "--strengths", "1", "--output", "x")
    #expect(unknown.status == 1 && unknown.errors.contains("did you mean `gradient-norm`?"))
    #expect(binary.files.isEmpty)
    let absent = try binary.run("sweep", "--report", "nowhere")
    #expect(absent.status == 1 && absent.errors.contains("holds no sweep"))
  }
}
