import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing

/// Metrics through the program.
@Suite struct MetricCommandTests {
  private static func pairs(_ shape: [Int], factor: Float = 1) -> [TensorToWrite] {
    let random = RandomStream(seed: 3, name: "pairs")
    return ["a", "b"].enumerated().map { item, name in
      TensorToWrite(
        name: name, shape: shape,
        floats: random.uniforms(item: item, count: shape.reduce(1, *)).map { factor * Float(2 * $0 - 1) })
    }
  }

  @Test func valuesOfGivenPairs() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (inputs, outputs) = (binary.path("in.safetensors"), binary.path("out.safetensors"))
    let given = Self.pairs([3, 1, 12, 13])
    try SafetensorsWriter.write(given, to: inputs)
    // Twice: what the first run wrote is replaced.
    for _ in 0..<2 {
      let outcome = try binary.run("run", "--metric", "ssim", "--inputs", inputs, "--outputs", outputs)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("metric [3], ssim of 3 pairs") && outcome.errors.isEmpty)
    }
    let written = try SafetensorsReader.read(CheckpointFile.open(outputs))
    let values = try #require(written["metric"])
    #expect(values.shape == [3] && values.dtype == .float64 && written.metadata["metric"] == "ssim")
    #expect(try values.doubles().allSatisfy { abs($0) < 0.5 })
    // Of an image with itself.
    let same = [given[0], TensorToWrite(name: "b", dtype: .float32, shape: given[0].shape, data: given[0].data)]
    try SafetensorsWriter.write(same, to: inputs)
    #expect(try binary.run("run", "--metric", "ssim", "--inputs", inputs, "--outputs", outputs).status == 0)
    let ones = try #require(try SafetensorsReader.read(CheckpointFile.open(outputs))["metric"]).doubles()
    #expect(ones == [1, 1, 1])
  }

  @Test func unusablePairs() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let inputs = binary.path("in.safetensors")
    func refusal(_ tensors: [TensorToWrite], _ words: String..., metric: String = "ssim", status: Int32 = 1) throws {
      try SafetensorsWriter.write(tensors, to: inputs)
      let outcome = try binary.run(
        "run", "--metric", metric, "--inputs", inputs, "--outputs", binary.path("out.safetensors"))
      #expect(outcome.status == status, "\(outcome.errors)")
      for word in words { #expect(outcome.errors.contains(word), "expected `\(word)` in: \(outcome.errors)") }
      #expect(!FileManager.default.fileExists(atPath: binary.path("out.safetensors")))
    }
    let good = Self.pairs([2, 3, 12, 12])
    try refusal([good[0]], "`a` and `b`", "no such `b`")
    try refusal([good[0], Self.pairs([2, 3, 12, 13])[1]], "[2, 3, 12, 12]", "[2, 3, 12, 13]")
    try refusal(Self.pairs([2, 432]), "[N, C, H, W]")
    let bad = [Float](repeating: 0, count: 863) + [.infinity]
    try refusal([TensorToWrite(name: "a", shape: [2, 3, 12, 12], floats: bad), good[1]], "infinity at image 1")
    try refusal(Self.pairs([2, 3, 10, 12]), "11 x 11 pixels", "ssim")
    try refusal(good, "there is no `lpip-alex`; did you mean `lpips-alex`?", metric: "lpip-alex=a.pt", status: 64)
    try refusal(good, "lpips-alex=BACKBONE[,HEADS]", metric: "lpips-alex", status: 64)
    let weights = binary.path("weights.safetensors")
    try SafetensorsWriter.write([TensorToWrite(name: "fc.weight", shape: [2, 2], floats: [1, 2, 3, 4])], to: weights)
    try refusal(good, "31 x 31 pixels", "not enlarged", metric: "lpips-alex=\(weights)")
    try refusal(
      Self.pairs([1, 3, 32, 32]), "weights.safetensors", "convolutions of alexnet", "fc.weight",
      metric: "lpips-alex=\(weights)")
    try refusal(Self.pairs([1, 3, 32, 32]), "missing.pth", metric: "lpips-vgg=\(binary.path("missing.pth"))")
  }

  @Test func onlyWhatGoesWithAMetric() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let inputs = binary.path("in.safetensors")
    try SafetensorsWriter.write(Self.pairs([1, 1, 12, 12], factor: 100), to: inputs)
    for other in [
      ["model.pt"], ["--gradient", "logit-sum"], ["--model", "model.json"], ["--plugin", "python serve.py"],
    ] {
      let outcome = try binary.start(
        ["run", "--metric", "ssim", "--inputs", inputs, "--outputs", binary.path("out.safetensors")] + other
      ).wait()
      #expect(outcome.status == 64 && outcome.errors.contains("reads no model"), "\(outcome.errors)")
    }
    // Pixels of 0 to 255, as they are easily given.
    let outcome = try binary.run(
      "run", "--metric", "ssim", "--inputs", inputs, "--outputs", binary.path("out.safetensors"))
    #expect(outcome.status == 0 && outcome.errors.contains("WARNING") && outcome.errors.contains("[-1, 1]"))
    // What is read is not replaced.
    let onto = try binary.run("run", "--metric", "ssim", "--inputs", inputs, "--outputs", inputs)
    #expect(onto.status == 1 && onto.errors.contains("would be replaced"))
  }

  @Test(.enabled(if: RealBinary.hasShared, "needs ../shared"))
  func trainedNetworksOnGivenPairs() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for network in ["alex", "squeeze"] {
      let references = try SafetensorsReader.read(
        CheckpointFile.open(
          RealBinary.shared.appendingPathComponent("goldens/lpips/\(network).reference.safetensors").path))
      let tensors = try ["a", "b"].map { name in
        let stored = try #require(references["\(name)64"])
        return TensorToWrite(name: name, shape: stored.shape, floats: try stored.floats())
      }
      try SafetensorsWriter.write(tensors, to: binary.path("in.safetensors"))
      let outcome = try binary.run(
        "run", "--metric",
        "lpips-\(network)=\(RealBinary.shared.appendingPathComponent("models/lpips/\(network).safetensors").path)",
        "--inputs", binary.path("in.safetensors"), "--outputs", binary.path("out.safetensors"))
      #expect(outcome.status == 0 && outcome.errors.contains("LPIPS 0.1 on"), "\(outcome.errors)")
      let written = try SafetensorsReader.read(CheckpointFile.open(binary.path("out.safetensors")))
      let expected = try #require(references["distance64_f64"]).doubles()
      for (one, other) in zip(try #require(written["metric"]).doubles(), expected) {
        #expect(abs(one - (1 - other)) < 1e-6)
      }
    }
  }

  @Test(
    "on a real checkpoint, with its controls, whatever batch and threads",
    .enabled(if: RealBinary.hasShared, "needs ../shared"))
  func evaluates() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try FileManager.default.createDirectory(
      at: binary.folder.appendingPathComponent("models"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: RealBinary.package.appendingPathComponent("models/known"),
      to: binary.folder.appendingPathComponent("models/known"))
    let shared = RealBinary.shared
    let weights = shared.appendingPathComponent("models/lpips/alex.safetensors").path
    func evaluate(_ options: String...) throws -> (result: EvaluationResult, summary: String) {
      let outcome = try binary.start(
        [
          "evaluate", shared.appendingPathComponent("models/cifar10-resnet20.th").path, "--data",
          shared.appendingPathComponent("data/cifar10").path, "--images", "40", "--no-leaderboard", "--quiet",
          "--output",
          binary.path("result.json"), "--metric", "lpips-alex=\(weights)", "--metric", "ssim",
        ] + options
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return (try ResultFile.read(URL(fileURLWithPath: binary.path("result.json"))), outcome.output)
    }
    let (result, summary) = try evaluate("--threads", "1")
    let other = try evaluate("--threads", "2", "--batch", "7").result
    #expect(result.measurements == other.measurements && result.measurementProtocol == other.measurementProtocol)
    let record = try #require(result.measurementProtocol.metrics?.first)
    #expect(result.measurementProtocol.metrics?.count == 1 && record.id == "lpips-alex")
    #expect(try record.learned.checkpoint.sha256 == CheckpointFile.open(weights).sha256)
    for entry in result.measurements.scoreAlignment {
      let isCosine = entry.metric == "cosine"
      #expect((entry.controls.minusReference == nil) == isCosine && (entry.controls.blurredImage == nil) == isCosine)
      if entry.metric == "lpips-alex" { #expect((0.3...1).contains(entry.value ?? 0)) }
    }
    #expect(summary.contains("Alignment of input gradients (lpips-alex)"))
    #expect(summary.contains("Alignment of input gradients (ssim)"))
    #expect(summary.contains("LPIPS 0.1 on alexnet") && summary.contains(record.learned.checkpoint.sha256))
    // White noise is nearer to a score of these images than a classifier's gradient is.
    let words = summary.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("lpips-alex puts") && words.contains("white noise"))
    #expect(words.contains("it says nothing about the model"))
  }
}
