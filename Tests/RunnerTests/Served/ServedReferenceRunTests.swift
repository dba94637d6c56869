import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing

/// Scores and metrics of programs, through the Python helper and the examples.
@Suite struct ServedReferenceRunTests {
  private static let words =
    PythonHelperTests.python + " " + RealBinary.package.appendingPathComponent("examples/plugins/").path

  /// Images whose only covariance is the first pixel's with itself, 1: the score of the first pixel is -(x - 0.5) / (1 + s^2).
  private static func writeImages(_ binary: RealBinary) throws {
    let code = """
      import numpy, sys
      images = numpy.full((4, 1, 20, 40), 0.5)
      images[:, 0, 0, 0] += numpy.sqrt(0.75) * numpy.array([1, -1, 1, -1])
      numpy.save(sys.argv[1], images)
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [PythonHelperTests.python, "-c", code, binary.path("images.npy")]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test(.enabled(if: PythonHelperTests.hasNumPy, "needs Python with numpy")) func alone() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try Self.writeImages(binary)
    let images = (0..<1600).map { Float($0 % 7) / 7 }
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: [2, 1, 20, 40], floats: images)], to: binary.path("in.safetensors"))
    let score = try binary.run(
      "run", "--score", "program=\(Self.words)/numpy_score.py \(binary.path("images.npy"))", "--noise", "0.5",
      "--inputs", binary.path("in.safetensors"), "--outputs", binary.path("score.safetensors"))
    #expect(score.status == 0, "\(score.errors)")
    let values = try #require(
      SafetensorsReader.read(CheckpointFile.open(binary.path("score.safetensors")))["score"]
    ).floats()
    for (index, (value, pixel)) in zip(values, images).enumerated() {
      let variance: Float = index % 800 == 0 ? 1 : 0
      #expect(abs(value + (pixel - 0.5) / (variance + 0.25)) < 1e-5)
    }
    try SafetensorsWriter.write(
      ["a", "b"].enumerated().map { place, name in
        TensorToWrite(name: name, shape: [2, 1, 20, 40], floats: images.map { place == 0 ? $0 : $0 * 0.5 })
      }, to: binary.path("pairs.safetensors"))
    let metric = try binary.run(
      "run", "--metric", "program=\(Self.words)/numpy_metric.py", "--inputs", binary.path("pairs.safetensors"),
      "--outputs", binary.path("values.safetensors"))
    #expect(metric.status == 0, "\(metric.errors)")
    let compared = try #require(
      SafetensorsReader.read(CheckpointFile.open(binary.path("values.safetensors")))["metric"]
    ).doubles()
    for image in 0..<2 {
      let wanted = 1 - images[image * 800..<(image + 1) * 800].reduce(0.0) { $0 + 0.5 * Double($1) } / 800
      #expect(abs(compared[image] - wanted) < 1e-6)
    }
  }

  @Test(.enabled(if: PythonHelperTests.hasNumPy, "needs Python with numpy")) func inAnEvaluation() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try Self.writeImages(binary)
    let model = RealBinary.package.appendingPathComponent("models/glyphs-cnn-pgd-l2-1/model.ckpt").path
    let outcome = try binary.run(
      "evaluate", model, "--images", "24", "--quiet", "--no-leaderboard", "--output", binary.path("result.json"),
      "--score", "program=\(Self.words)/numpy_score.py \(binary.path("images.npy"))", "--metric",
      "program=\(Self.words)/numpy_metric.py")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let result = try JSONDecoding.parse(
      Data(contentsOf: URL(fileURLWithPath: binary.path("result.json"))), source: "result.json")
    #expect(result["task"]?["score"]?["id"]?.stringValue == "program-normal-distribution")
    let entries = result["measurements"]?["scoreAlignment"]?.arrayValue ?? []
    #expect(entries.contains { $0["metric"]?.stringValue == "program-absolute-difference" })
    // The digest is that of the two files that make the score.
    let checkpoint = result["task"]?["score"]?["learned"]?["checkpoint"]
    #expect(checkpoint?["file"]?.stringValue == "plugin-files.sha256")
    #expect(checkpoint?["format"]?.stringValue == "program")
  }

  /// A metric that keeps what it promises, and a score of a distribution that is not the task's.
  @Test(.enabled(if: PythonHelperTests.hasNumPy, "needs Python with numpy")) func conformance() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try Self.writeImages(binary)
    let good = try binary.run(
      "plugins", "check", "--metric", "program=\(Self.words)/numpy_metric.py", "--task", "glyphs", "--images", "4")
    #expect(good.status == 0 && good.output.contains("metric program-absolute-difference: conforms"), "\(good.errors)")
    let bad = try binary.run(
      "plugins", "check", "--score", "program=\(Self.words)/numpy_score.py \(binary.path("images.npy"))", "--task",
      "glyphs", "--images", "4")
    #expect(bad.status == 1 && bad.output.contains("(denoising)"), "\(bad.output) \(bad.errors)")
    let alone = try binary.run("plugins", "check", "--metric", "program=x y")
    #expect(alone.status == 64 && alone.errors.contains("need --task"), "\(alone.errors)")
  }

  @Test func whatNoProgramServes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let model = RealBinary.package.appendingPathComponent("models/glyphs-cnn-pgd-l2-1/model.ckpt").path
    for (option, words) in [
      ("--score", "program=false serve.py"), ("--metric", "program=false serve.py"),
      ("--manifold", "program=false serve.py"),
    ] {
      let outcome = try binary.run(
        "evaluate", model, "--images", "24", "--quiet", "--no-leaderboard", "--output", binary.path("result.json"),
        option, words)
      #expect(outcome.status != 0 && outcome.errors.contains("nothing says which model this is"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: binary.path("result.json")))
    }
    let reference = try binary.run(
      "evaluate", model, "--images", "24", "--no-leaderboard", "--reference", "program=python3 x.py")
    #expect(reference.status == 64 && reference.errors.contains("there is no `program`"), "\(reference.errors)")
  }
}
