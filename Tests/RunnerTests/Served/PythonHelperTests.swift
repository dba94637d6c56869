import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing

/// `python/pags_bench_plugin.py` and the examples, with the Python of PAGS_BENCH_PYTHON or the PATH.
@Suite struct PythonHelperTests {
  static let python = ProcessInfo.processInfo.environment["PAGS_BENCH_PYTHON"] ?? "python3"
  static let hasNumPy = imports("numpy")
  static let hasTorch = hasNumPy && imports("torch")

  private static func imports(_ module: String) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "-c", "import \(module)"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  private static func example(_ name: String) -> String {
    RealBinary.package.appendingPathComponent("examples/plugins/\(name)").path
  }

  /// A network of one hidden layer on `glyphs`, with its description as a layer list.
  private func writeMLP(to binary: RealBinary) throws -> String {
    let random = RandomStream(seed: 8, name: "mlp")
    func tensor(_ name: String, _ shape: [Int], item: Int, scale: Float) -> TensorToWrite {
      let count = shape.reduce(1, *)
      return TensorToWrite(
        name: name, shape: shape, floats: random.normals(item: item, count: count).map { Float($0) * scale })
    }
    try SafetensorsWriter.write(
      [
        tensor("fc1.weight", [16, 800], item: 0, scale: 0.1), tensor("fc1.bias", [16], item: 1, scale: 0.1),
        tensor("fc2.weight", [10, 16], item: 2, scale: 0.5), tensor("fc2.bias", [10], item: 3, scale: 0.1),
      ], to: binary.path("mlp.safetensors"))
    try """
    {
      "id": "mlp", "name": "MLP", "task": "glyphs", "checkpoint": {"file": "mlp.safetensors"},
      "architecture": [
        {"type": "Flatten"}, {"type": "Linear", "name": "fc1"}, {"type": "ReLU"}, {"type": "Linear", "name": "fc2"}
      ],
      "preprocessing": {"mean": [0.0], "std": [1.0]}
    }
    """.write(toFile: binary.path("model.json"), atomically: true, encoding: .utf8)
    return binary.path("mlp.safetensors")
  }

  @Test(
    "a network served by numpy gives the checkpoint's result file, but for plugin fields and rounding",
    .enabled(if: hasNumPy, "needs Python with numpy"))
  func sameResult() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let checkpoint = try writeMLP(to: binary)
    let common = ["--images", "48", "--quiet", "--no-leaderboard"]
    let plain = try binary.start(["evaluate", checkpoint, "--output", binary.path("plain.json")] + common).wait()
    #expect(plain.status == 0, "\(plain.errors)")
    let command = "\(Self.python) \(Self.example("numpy_model.py")) 1,20,40 {checkpoint}"
    let served = try binary.start(
      ["evaluate", checkpoint, "--output", binary.path("served.json"), "--plugin", command, "--batch", "7"] + common
    ).wait()
    #expect(served.status == 0, "\(served.errors)")
    let results = try ["plain.json", "served.json"].map {
      try JSONDecoding.parse(Data(contentsOf: URL(fileURLWithPath: binary.path($0))), source: $0)
    }
    var differences: [String] = []
    Self.compare(results[0], results[1], at: "$", into: &differences)
    #expect(
      differences.filter { !$0.hasPrefix("$.provenance") } == [
        "$.model.plugin.id: state-dict, numpy-mlp"
      ])
    #expect(results[1]["model"]?["checkpoint"] == results[0]["model"]?["checkpoint"])
  }

  /// Numbers agree to rounding, those in sentences too; everything else exactly. NumPy adds up in another order than the
  /// built-in engine, so that logits differ in their last bits.
  private static func compare(_ left: JSONValue, _ right: JSONValue, at path: String, into differences: inout [String])
  {
    if let left = left.objectValue, let right = right.objectValue, left.map(\.key) == right.map(\.key) {
      for (one, other) in zip(left, right) {
        compare(one.value, other.value, at: "\(path).\(one.key)", into: &differences)
      }
    } else if let left = left.arrayValue, let right = right.arrayValue, left.count == right.count {
      for (index, (one, other)) in zip(left, right).enumerated() {
        compare(one, other, at: "\(path)[\(index)]", into: &differences)
      }
    } else if let one = left.doubleValue, let other = right.doubleValue {
      if abs(one - other) > 1e-5 + 1e-4 * abs(one) { differences.append("\(path): \(one), \(other)") }
    } else if let one = left.stringValue, let other = right.stringValue, sayTheSame(one, other) {
      return
    } else if left != right {
      differences.append("\(path): \(left.stringValue ?? "?"), \(right.stringValue ?? "?")")
    }
  }

  /// Whether two sentences are the same but for a unit in the last digit, or the rounding allowed above, of their decimals.
  private static func sayTheSame(_ one: String, _ other: String) -> Bool {
    let decimal = /\d+\.(\d+)/
    guard one.replacing(decimal, with: "#") == other.replacing(decimal, with: "#") else { return false }
    return zip(one.matches(of: decimal), other.matches(of: decimal)).allSatisfy { left, right in
      guard let one = Double(left.0), let other = Double(right.0) else { return false }
      return abs(one - other) <= 1.01 * pow(10, -Double(left.1.count)) + 1e-4 * abs(one)
    }
  }

  @Test(
    "PyTorch serves the network of a checkpoint", .enabled(if: hasTorch, "needs Python with PyTorch"),
    .enabled(if: RealBinary.hasShared, "needs ../shared"))
  func torch() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let checkpoint = RealBinary.shared.appendingPathComponent("models/cifar10-resnet20.th").path
    let images = RandomStream(seed: 1, name: "torch").uniforms(item: 0, count: 5 * 3072).map(Float.init)
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: [5, 3, 32, 32], floats: images)], to: binary.path("in.safetensors"))
    let common = [
      "run", checkpoint, "--inputs", binary.path("in.safetensors"), "--gradient", "log-odds-predicted", "--mean",
      "0.485,0.456,0.406", "--std", "0.229,0.224,0.225", "--outputs",
    ]
    let plain = try binary.start(common + [binary.path("plain.safetensors")]).wait()
    #expect(plain.status == 0, "\(plain.errors)")
    let served = try binary.start(
      common + [
        binary.path("served.safetensors"), "--batch", "2", "--plugin",
        "\(Self.python) \(Self.example("torch_model.py")) resnet20 {checkpoint}",
      ]
    ).wait()
    #expect(served.status == 0 && served.errors.contains("269722 parameters"), "\(served.errors)")
    for name in ["logits", "gradient"] {
      let (one, other) = try (
        #require(SafetensorsReader.read(CheckpointFile.open(binary.path("plain.safetensors")))[name]).floats(),
        #require(SafetensorsReader.read(CheckpointFile.open(binary.path("served.safetensors")))[name]).floats()
      )
      let largest = one.map(abs).max() ?? 0
      #expect(zip(one, other).allSatisfy { abs($0 - $1) <= 1e-4 * largest }, "\(name)")
    }
  }

  @Test(
    "what Python prints and raises", .enabled(if: hasNumPy, "needs Python with numpy"),
    arguments: [
      ("print('hello'); import os; os.system('echo from a shell')", 0, "logits [2, 3]"),
      ("raise RuntimeError('no GPU')", 1, "RuntimeError: no GPU"),
      ("fail = lambda: {}['missing']", 1, "KeyError: 'missing'"), ("fail = lambda: exit(5)", 1, "SystemExit: 5"),
    ])
  func printsAndErrors(_ code: String, status: Int, words: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try """
    import sys
    sys.path.insert(0, \"\(RealBinary.package.appendingPathComponent("python").path)\")
    import pags_bench_plugin
    import numpy as np
    fail = lambda: None
    \(code)

    def logits(images):
        fail()
        print("computing", images.shape)
        return np.zeros((len(images), 3)), images.shape

    pags_bench_plugin.serve(logits, lambda shape, v: np.ones(shape), input_shape=(1, 2, 3), classes=3, id="zeros")
    """.write(toFile: binary.path("zeros.py"), atomically: true, encoding: .utf8)
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: [2, 1, 2, 3], floats: [Float](repeating: 0, count: 12))],
      to: binary.path("in.safetensors"))
    let outcome = try binary.run(
      "run", "--plugin", "\(Self.python) zeros.py", "--inputs", "in.safetensors", "--outputs", "out.safetensors",
      "--gradient", "logit-sum")
    #expect(outcome.status == Int32(status), "\(outcome.errors)")
    #expect((outcome.output + outcome.errors).contains(words), "\(outcome.output)\(outcome.errors)")
    #expect(binary.files.contains("out.safetensors") == (status == 0))
  }

  @Test(
    "a model in training mode is not measured", .enabled(if: hasNumPy, "needs Python with numpy"),
    arguments: [
      ("w @ x * (rng.random((10, 1)) > 0.5)", "1", "dropout"),
      ("w @ x - (w @ x).mean(1, keepdims=True)", "1", "training mode"),
      ("w @ x", "x.shape[1]", "divided by the number"),
    ])
  func trainingMode(_ logits: String, _ divisor: String, words: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try """
    import sys
    sys.path.insert(0, \"\(RealBinary.package.appendingPathComponent("python").path)\")
    import pags_bench_plugin
    import numpy as np
    w = np.random.default_rng(1).normal(size=(10, 800))
    rng = np.random.default_rng(2)

    def forward(images):
        x = images.reshape(len(images), -1).T.astype(float)
        return (\(logits)).T, x

    def backward(x, v):
        return (v @ w / (\(divisor))).reshape(-1, 1, 20, 40)

    pags_bench_plugin.serve(forward, backward, input_shape=(1, 20, 40), classes=10, id="left-on")
    """.write(toFile: binary.path("serve.py"), atomically: true, encoding: .utf8)
    let outcome = try binary.run(
      "evaluate", "--plugin", "\(Self.python) serve.py", "--images", "5000", "--threads", "1")
    #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome.errors)")
    #expect(!outcome.errors.contains("measuring") && binary.files == ["serve.py"])
  }

  @Test("by hand it says what it is", .enabled(if: hasNumPy, "needs Python with numpy"))
  func byHand() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      Self.python, "-c",
      "import sys; sys.path.insert(0, sys.argv[1]); import pags_bench_plugin as p; "
        + "p.serve(None, input_shape=(1, 1, 1), classes=2, id='a')",
      RealBinary.package.appendingPathComponent("python").path,
    ]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1 && text.contains("pags-bench starts it"), "\(text)")
  }
}
