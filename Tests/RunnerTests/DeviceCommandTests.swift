import Checkpoints
import Foundation
import JSON
import Testing
import _Fixtures

/// `--device` and `devices`, with PyTorch on the processor where there is one.
@Suite struct DeviceCommandTests {
  /// Whether PAGS_BENCH_PYTHON names a Python that has PyTorch.
  private static let hasTorch: Bool = {
    guard let python = ProcessInfo.processInfo.environment["PAGS_BENCH_PYTHON"] else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "-c", "import torch"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  private static let model = RealBinary.package
    .appendingPathComponent("models/glyphs-cnn-randomized-smoothing-0.5/model.ckpt").path

  private func images(_ binary: RealBinary, count: Int) throws -> String {
    let path = binary.path("in\(count).safetensors")
    let pixels = 20 * 40
    try SafetensorsWriter.write(
      [
        TensorToWrite(
          name: "images", shape: [count, 1, 20, 40],
          floats: (0..<count * pixels).map { Float(($0 * 7919 + $0 / pixels * 31) % 97) / 97 })
      ], to: path)
    return path
  }

  @Test(.enabled(if: hasTorch, "no PyTorch")) func runIsTheProcessorsButForRounding() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func run(_ count: Int, _ name: String, _ options: [String]) throws -> [String: [Float]] {
      let file = binary.path(name)
      let arguments = [
        "run", Self.model, "--inputs", try images(binary, count: count), "--outputs", file, "--gradient", "logit-sum",
      ]
      let outcome = try binary.start(arguments + options).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let content = try SafetensorsReader.read(CheckpointFile.open(file))
      return try ["logits", "gradient"].reduce(into: [:]) { $0[$1] = try #require(content[$1]).floats() }
    }
    let device = ["--device", "cpu-torch", "--batch", "8"]
    let (expected, got) = (try run(5, "cpu", []), try run(5, "device", device))
    for (name, tolerance) in [("logits", 1e-5), ("gradient", 1e-4)] {
      let (here, there) = (try #require(got[name]), try #require(expected[name]))
      let square = zip(here, there).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
      let norm = there.reduce(0) { $0 + Double($1) * Double($1) }
      #expect(square > 0 && (square / norm).squareRoot() < tolerance, "\(name)")
    }
    // Two of the images alone, and the same command again.
    let few = try run(2, "few", device)
    #expect(few["logits"] == got["logits"].map { Array($0.prefix(20)) })
    #expect(few["gradient"] == got["gradient"].map { Array($0.prefix(1600)) })
    _ = try run(5, "again", device)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: binary.path("device")))
        == Data(contentsOf: URL(fileURLWithPath: binary.path("again"))))
  }

  /// A whole result: the same label, every number but for rounding, and what computed it.
  @Test(.enabled(if: hasTorch, "no PyTorch")) func anEvaluation() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func evaluate(_ name: String, _ options: [String]) throws -> JSONValue {
      let arguments = ["evaluate", Self.model, "--images", "300", "--json", "--quiet", "--no-leaderboard"]
      let outcome = try binary.start(arguments + options).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try JSONDecoding.parse(Data(outcome.output.utf8), source: name)
    }
    let (native, device) = (try evaluate("cpu", []), try evaluate("device", ["--device", "cpu-torch"]))
    #expect(native["regime"]?["label"] == device["regime"]?["label"])
    var different: [String] = []
    func compare(_ one: JSONValue?, _ other: JSONValue?, _ path: String) {
      switch (one, other) {
      case (.object(let left)?, .object(let right)?) where left.map(\.key) == right.map(\.key):
        for (a, b) in zip(left, right) where a.key != "provenance" { compare(a.value, b.value, path + "." + a.key) }
      case (.array(let left)?, .array(let right)?) where left.count == right.count:
        for (index, pair) in zip(left, right).enumerated() { compare(pair.0, pair.1, "\(path)[\(index)]") }
      default:
        if one == other { return }
        // Here the processor is off from float64 (docs/devices.md): one image of 300 whose gradient takes another path moves a mean of
        // cosines near 0 by 4e-6, and the ratio of how far predictions move at a step of 0.01 is off by 1.2e-5 of itself.
        guard let a = one?.doubleValue, let b = other?.doubleValue, abs(a - b) <= 1e-5 + 2e-5 * abs(a) else {
          different.append("\(path): \(one.map { "\($0)" } ?? "-"), \(other.map { "\($0)" } ?? "-")")
          return
        }
      }
    }
    compare(native, device, "")
    #expect(different.isEmpty, "\(different.prefix(5))")
    #expect(native["provenance"]?["device"] == nil)
    let record = try #require(device["provenance"]?["device"])
    #expect(record["name"] == .string("cpu-torch") && record["precision"] == .string("float32"))
    #expect(record["imagesPerRun"]?.intValue == 64 && record["software"]?["torch"]?.stringValue != nil)
  }

  @Test(.enabled(if: hasTorch, "no PyTorch")) func checksAndTraining() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let check = try binary.run(
      "plugins", "check", Self.model, "--task", "glyphs", "--images", "6", "--device", "cpu-torch", "--quiet")
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    #expect(check.output.contains("the processor's numbers but for rounding (same-as-processor)"))
    // Where less is kept of operands, that is told and is no failure.
    let rounded = try binary.run(
      "plugins", "check", Self.model, "--task", "glyphs", "--images", "6", "--device", "cpu-torch",
      "--device-precision", "bf16",
      "--quiet")
    #expect(rounded.output.contains("differ from the processor's by"), "\(rounded.output)")

    func train(_ folder: String, _ options: [String]) throws -> RealBinary.Outcome {
      let arguments = ["train", "--output", binary.path(folder), "--images", "256", "--epochs", "1", "--quiet"]
      return try binary.start(arguments + options).wait()
    }
    let device = ["--device", "cpu-torch"]
    for (folder, options) in [("cpu", []), ("one", device), ("two", device + ["--threads", "2"])]
      as [(String, [String])]
    {
      let outcome = try train(folder, options)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    func checkpoint(_ folder: String) throws -> Data {
      try Data(contentsOf: binary.folder.appendingPathComponent("\(folder)/model.ckpt"))
    }
    #expect(try checkpoint("one") == checkpoint("two"))
    #expect(try checkpoint("one") != checkpoint("cpu"))
    let recipe = try String(contentsOf: binary.folder.appendingPathComponent("one/recipe.json"), encoding: .utf8)
    #expect(recipe.contains("\"device\": \"cpu-torch, "))
    // Goes on with the same alone.
    #expect(try train("one", []).status != 0)
  }

  @Test(.enabled(if: hasTorch, "no PyTorch")) func benchAttackAndSweep() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let device = ["--device", "cpu-torch"]
    func json(_ arguments: [String]) throws -> JSONValue {
      let outcome = try binary.start(arguments + device).wait()
      #expect(outcome.status == 0, "\(arguments[0]): \(outcome.errors)")
      return try JSONDecoding.parse(Data(outcome.output.utf8), source: arguments[0])
    }
    let bench = try json([
      "bench", Self.model, "--shape", "1,20,40", "--batch", "8", "--threads", "2", "--seconds", "0.1", "--json",
    ])
    #expect(bench["batch"] == .integer(8) && (bench["inputGradient"]?["imagesPerSecond"]?.doubleValue ?? 0) > 0)
    let attack = try json([
      "attack", Self.model, "--images", "6", "--attack", "pgd-l2", "--steps", "5", "--json", "--quiet",
    ])
    #expect(attack["robustness"]?.arrayValue?.first?["radii"]?.arrayValue?.count == 6)
    // Its models are trained side by side, on one device.
    let folder = binary.path("sweep")
    let sweep = try json([
      "sweep", "--width", "2", "--objective", "gradient-norm", "--strengths", "0,0.1", "--seeds", "0", "--images", "48",
      "--batch", "16", "--epochs", "1", "--evaluation-images", "16", "--threads", "2", "--output", folder, "--json",
    ])
    #expect(sweep.objectValue != nil)
    let recipes = try #require(FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String })
      .filter { $0.hasSuffix("recipe.json") }
    #expect(recipes.count >= 2)
    for recipe in recipes {
      #expect(try String(contentsOfFile: "\(folder)/\(recipe)", encoding: .utf8).contains("\"device\": \"cpu-torch, "))
    }
  }

  /// Killed after its first epoch, wherever it is then.
  @Test(.enabled(if: hasTorch, "no PyTorch")) func aKilledTrainingGoesOnToTheSameBytes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func arguments(_ folder: String) -> [String] {
      [
        "train", "--output", binary.path(folder), "--images", "1024", "--epochs", "4", "--width", "4", "--id", "m",
        "--quiet",
        "--device", "cpu-torch",
      ]
    }
    let whole = try binary.start(arguments("whole")).wait()
    #expect(whole.status == 0, "\(whole.errors)")
    let killed = try binary.start(arguments("killed"))
    let state = binary.folder.appendingPathComponent("killed/state.safetensors")
    while killed.process.isRunning, !FileManager.default.fileExists(atPath: state.path) { usleep(1000) }
    kill(killed.process.processIdentifier, SIGKILL)
    killed.process.waitUntilExit()
    try #require(killed.process.terminationReason == .uncaughtSignal, "it ended before it could be killed")
    let resumed = try binary.start(arguments("killed")).wait()
    #expect(resumed.status == 0, "\(resumed.errors)")
    for file in ["model.ckpt", "model.json", "history.json", "recipe.json"] {
      let contents = try ["whole", "killed"].map {
        try Data(contentsOf: binary.folder.appendingPathComponent("\($0)/\(file)"))
      }
      #expect(contents[0] == contents[1], "\(file)")
    }
  }

  @Test func whatDoesNotGoTogether() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func refusal(_ arguments: [String], _ words: String, status: Int32 = 64) throws {
      let outcome = try binary.start(arguments).wait()
      #expect(outcome.status == status && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
    }
    let evaluate = ["evaluate", Self.model]
    try refusal(evaluate + ["--device", "gpu"], "`gpu` is no device; expected one of cuda, rocm, mps, xpu, cpu-torch")
    try refusal(evaluate + ["--device-precision", "bf16"], "--device-precision belongs to --device")
    try refusal(evaluate + ["--device-python", "python3"], "--device-python belongs to --device")
    try refusal(evaluate + ["--device", "cuda", "--device-limit", "0"], "--device-limit must be above 0")
    try refusal(
      evaluate + ["--device", "cuda", "--device-precision", "tf32"],
      "--device-precision tf32: such results stand on no leaderboard; pass --no-leaderboard")
    try refusal(
      ["submit", ".", "--device", "cuda", "--device-precision", "bf16"], "such results stand on no leaderboard")
    try refusal(
      evaluate + ["--device", "cuda", "--plugin", "python3 serve.py"],
      "the program of --plugin computes its model where it wants to")
    try refusal(
      evaluate + ["--device", "cuda", "--device-python", "/no/such/python"],
      "`/no/such/python`, the Python for --device that --device-python names, cannot be started", status: 1)
    #expect(binary.files.isEmpty)
  }

  /// Every device is there or not for a reason, also without a Python.
  @Test func devices() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run("devices", "--json", "--device-python", "/no/such/python")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let devices = try #require(
      try JSONDecoding.parse(Data(outcome.output.utf8), source: "devices")["devices"]?.arrayValue)
    #expect(devices.compactMap { $0["name"]?.stringValue } == ["cuda", "rocm", "mps", "xpu", "cpu-torch"])
    #expect(devices.allSatisfy { $0["problem"]?.stringValue?.contains("cannot be started") == true })
    let text = try binary.run("devices", "--device-python", "/no/such/python")
    #expect(text.status == 0 && text.output.contains("cuda       not there: "))
    guard Self.hasTorch else { return }
    let found = try binary.run("devices")
    #expect(found.output.contains("PyTorch ") && !found.output.contains("cpu-torch  not there"), "\(found.output)")
  }

  /// The worker ends with the program that asked for it, whatever ended that.
  @Test(.enabled(if: hasTorch, "no PyTorch"), arguments: [SIGTERM, SIGKILL])
  func noWorkerOutlivesTheProgram(_ signal: Int32) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let python = try #require(ProcessInfo.processInfo.environment["PAGS_BENCH_PYTHON"])
    let wrapper = try binary.write(
      Data("#!/bin/sh\necho $$ >'\(binary.path("worker"))'\nexec '\(python)' \"$@\"\n".utf8), "python")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: wrapper)
    let running = try binary.start([
      "evaluate", Self.model, "--images", "2000", "--quiet", "--output", binary.path("result.json"), "--no-leaderboard",
      "--device", "cpu-torch", "--device-python", wrapper,
    ])
    let end = ContinuousClock.now + .seconds(60)
    var worker: pid_t?
    while worker == nil, .now < end {
      worker = (try? String(contentsOfFile: binary.path("worker"), encoding: .utf8)).flatMap {
        pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
    let process = try #require(worker)
    #expect(kill(process, 0) == 0)
    kill(running.process.processIdentifier, signal)
    running.process.waitUntilExit()
    while kill(process, 0) == 0, .now < end { Thread.sleep(forTimeInterval: 0.05) }
    #expect(kill(process, 0) != 0)
    #expect(!FileManager.default.fileExists(atPath: binary.path("result.json")))
  }
}
