import BenchCore
import Checkpoints
import Foundation
import Testing

/// Programs that serve models, from the command line.
@Suite struct ServedRunTests {
  /// `TestPlugin`, which stands beside the program under test.
  static let plugin = RealBinary.program.deletingLastPathComponent().appendingPathComponent("TestPlugin").path

  /// A description with a plugin that serves images of `glyphs`' size in 3 classes.
  private func describe(_ mode: String, in binary: RealBinary, files: String = "") throws -> String {
    let description = binary.path("model.json")
    try """
    {"id": "served", "name": "Served", "plugin": {"command": ["\(Self.plugin)", "\(mode)"]\(files)}}
    """.write(toFile: description, atomically: true, encoding: .utf8)
    return description
  }

  private func inputs(_ binary: RealBinary, shape: [Int] = [3, 1, 2, 3]) throws -> String {
    let count = shape.reduce(1, *)
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: shape, floats: (0..<count).map { Float($0) / Float(count) })],
      to: binary.path("in.safetensors"))
    return binary.path("in.safetensors")
  }

  @Test func aDescriptionsProgramRunsOnlyWhenAllowed() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let description = try describe("good", in: binary)
    let images = try inputs(binary)
    let checkpoint = try binary.write(Data("weights".utf8), "weights.bin")
    let out = binary.path("out.safetensors")
    for arguments in [
      ["run", description], ["run", checkpoint], ["run", checkpoint, "--model", description],
      ["bench", description, "--seconds", "0.05"], ["evaluate", description],
    ] {
      let places = arguments[0] == "run" ? ["--inputs", images, "--outputs", out] : []
      let refused = try binary.start(arguments + places).wait()
      #expect(refused.status == 1 && refused.errors.contains("--allow-plugin"), "\(refused.errors)")
      #expect(refused.errors.contains(Self.plugin) && refused.errors.contains(binary.folder.lastPathComponent))
      #expect(!FileManager.default.fileExists(atPath: out))
      guard arguments[0] != "evaluate" else { continue }
      let allowed = try binary.start(arguments + places + ["--allow-plugin"]).wait()
      #expect(allowed.status == 0 && allowed.errors.contains("running the plugin program"), "\(allowed.errors)")
      try? FileManager.default.removeItem(atPath: out)
    }
  }

  @Test func runWritesWhatThePluginComputes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run(
      "run", "--plugin", "'\(Self.plugin)' good", "--inputs", inputs(binary), "--outputs", "out.safetensors",
      "--gradient", "logit-sum")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("test-plugin 1.2"))
    let written = try SafetensorsReader.read(CheckpointFile.open(binary.path("out.safetensors")))
    #expect(written["logits"]?.shape == [3, 3] && written["gradient"]?.shape == [3, 1, 2, 3])
    // weights (0, 1): -2, 1, -1, 2, 0, -2 of TestPlugin's network at 0 and 1/18 ... 5/18
    let expected = [-2, 1, -1, 2, 0, -2].enumerated().reduce(Double(0)) {
      $0 + Double($1.element) * tanh(Double($1.offset) / 18)
    }
    let logits = try #require(try written["logits"]?.floats())
    #expect(abs(Double(logits[0]) - expected) < 1e-5)
  }

  @Test(arguments: [
    ("exit-midway", "out of memory on cuda:0"), ("nan", "nan at element 0"), ("wrong-shape", "expected [3, 3]"),
    ("print-at-start", "Loading model from weights.bin"), ("hang", "--plugin-limit"),
  ])
  func failuresEndWithOneMessageAndNoFile(_ mode: String, words: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let images = try inputs(binary)
    let outcome = try binary.run(
      "run", "--plugin", "\(Self.plugin) \(mode)", "--inputs", images, "--outputs", binary.path("out.safetensors"),
      "--plugin-limit", "0.5")
    #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome.errors)")
    #expect(binary.files == ["in.safetensors"])
  }

  @Test("plugins check shows a program's own words as it wrote them")
  func checkShowsReports() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run("plugins", "check", "--plugin", "\(Self.plugin) report", "--quiet")
    #expect(outcome.status == 1 && outcome.output.contains("FAILED"), "\(outcome.errors)")
    #expect(outcome.output.contains("\n           for this device"), "\(outcome.output)")
  }

  @Test func unusableArguments() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for (arguments, status, words) in [
      (["evaluate"], Int32(64), "Missing expected argument"),
      (["bench", "--plugin", "'open"], 1, "a quotation is not closed"),
      (["bench", "--plugin", "  "], 1, "no program is named"),
      (["bench", "--plugin", "cat {checkpoint}"], 1, "no checkpoint is given"),
      (["bench", "--plugin", "cat"], 1, "plugin.files"),
      (["bench", "--plugin", "no-such-program ."], 1, "plugin.files"),
      (["bench", "--plugin", "cat", "--plugin-limit", "0"], 64, "--plugin-limit"),
      (["bench", "absent.json"], 1, "absent.json"),
    ] {
      let outcome = try binary.start(arguments).wait()
      #expect(outcome.status == status && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
    }
    try "{\"id\": \"a\", \"name\": \"a\", \"plugin\": {\"command\": []}}".write(
      toFile: binary.path("empty.json"), atomically: true, encoding: .utf8)
    let empty = try binary.run("bench", "empty.json", "--allow-plugin")
    #expect(empty.status == 1 && empty.errors.contains("plugin.command is empty"))
    try "{\"id\": \"a\", \"name\": \"a\"}".write(
      toFile: binary.path("nothing.json"), atomically: true, encoding: .utf8)
    let nothing = try binary.run("bench", "nothing.json")
    #expect(nothing.status == 1 && nothing.errors.contains("neither a checkpoint.file"))
  }

  @Test("no process outlives the runner, however it ends", arguments: [SIGKILL, SIGINT, SIGTERM])
  func nothingOutlivesTheRunner(_ number: Int32) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let mark = UUID().uuidString
    let images = try inputs(binary)
    let running = try binary.start([
      "run", "--plugin", "\(Self.plugin) hang,ignore-signals,child 1,2,3 \(mark)", "--inputs", images, "--outputs",
      binary.path("out.safetensors"),
    ])
    // The plugin and its child, once its answer to `hello` has let the runner ask for logits.
    while Self.processes(marked: mark, besides: running.process).count < 2, running.process.isRunning { usleep(20_000) }
    usleep(300_000)
    #expect(running.process.isRunning)
    kill(running.process.processIdentifier, number)
    running.process.waitUntilExit()
    if number != SIGKILL {
      #expect(running.process.terminationReason == .exit && running.process.terminationStatus == 130)
    }
    let end = Date().addingTimeInterval(60)
    while !Self.processes(marked: mark, besides: running.process).isEmpty, Date() < end { usleep(20_000) }
    #expect(Self.processes(marked: mark, besides: running.process).isEmpty)
    #expect(binary.files == ["in.safetensors"])
  }

  private static func processes(marked mark: String, besides runner: Process) -> [String] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.filter { entry in
      guard let number = Int32(entry), number != runner.processIdentifier,
        let line = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline")
      else { return false }
      return String(decoding: line, as: UTF8.self).contains(mark)
    }
  }
}
