import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

/// `run --score`.
@Suite struct ScoreRunTests {
  /// A denoiser of 5x6 pixels: D(x) = x - sigma F(x) with F = x / 2.
  private static func denoiser(_ binary: RealBinary) throws -> String {
    let path = binary.path("den.pt")
    try PyTorchZipWriter.write([TensorToWrite(name: "c.weight", shape: [1, 1, 1, 1], floats: [0.5])], to: path)
    try """
    {"id": "half", "name": "Half", "kind": "denoiser", "task": "toy", "noise": 0.4, "checkpoint": {"file": "den.pt"},
     "architecture": [{"type": "Conv2d", "name": "c"}]}
    """.write(toFile: binary.path("model.json"), atomically: true, encoding: .utf8)
    return path
  }

  private static func images(_ binary: RealBinary, _ shape: [Int]) throws -> String {
    let path = binary.path("in.safetensors")
    let count = shape.reduce(1, *)
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: shape, floats: (0..<count).map { Float($0 % 11) / 11 })], to: path)
    return path
  }

  @Test func aDenoisersScore() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (file, inputs) = (try Self.denoiser(binary), try Self.images(binary, [2, 1, 5, 6]))
    let outputs = binary.path("out.safetensors")
    let outcome = try binary.run(
      "run", "--score", "denoiser=\(file)", "--noise", "0.4", "--inputs", inputs, "--outputs", outputs)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let content = try SafetensorsReader.read(CheckpointFile.open(outputs))
    let score = try #require(content["score"])
    #expect(score.shape == [2, 1, 5, 6] && content.tensors.count == 1)
    #expect(content.metadata["noise"] == "0.4" && content.metadata["score"] == "denoiser")
    for (got, place) in zip(try score.floats(), 0...) { #expect(abs(got + Float(place % 11) / 11 * 0.5 / 0.4) < 1e-6) }
  }

  @Test func argumentsThatDoNotGoTogether() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (file, inputs) = (try Self.denoiser(binary), try Self.images(binary, [1, 1, 5, 6]))
    func refusal(_ arguments: [String], status: Int32 = 64, _ words: String) throws {
      let outcome = try binary.start(
        ["run"] + arguments + ["--inputs", inputs, "--outputs", binary.path("out.safetensors")]
      ).wait()
      #expect(outcome.status == status && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: binary.path("out.safetensors")))
    }
    let score = ["--score", "denoiser=\(file)"]
    try refusal(score, "--score needs --noise")
    try refusal(score + ["--noise", "0"], "positive")
    try refusal(score + ["--noise", "0.4", file], "takes the place")
    try refusal(score + ["--noise", "0.4", "--gradient", "logit-sum"], "--gradient")
    try refusal(["--score", "exact", "--noise", "0.4"], "exact")
    try refusal(["--score", "denoise=\(file)", "--noise", "0.4"], "did you mean `denoiser`?")
    try refusal([file, "--noise", "0.4"], "--noise belongs to --score")
    try refusal([file, "--classes", "1"], "--classes belongs to --score")
    try refusal(score + ["--noise", "0.4", "--classes", "1,x"], "class numbers")
    try refusal(score + ["--noise", "0.4", "--classes", "1"], status: 1, "knows no classes")
    try refusal(score + ["--noise", "0.2"], status: 1, "trained for noise 0.4")
    try refusal(["--score", "edm=\(file)", "--noise", "0.2"], status: 1, "pass it as --score denoiser=FILE")
  }

  private static let goldens = RealBinary.shared.appendingPathComponent("goldens/edm")

  /// A snapshot of the original trainer's against its own numbers, through the program.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: goldens.path), "../shared is not here"),
    arguments: ["ddpmpp-uncond-edm", "adm-cond-edm"])
  func snapshots(name: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let reference = try SafetensorsReader.read(
      CheckpointFile.open(Self.goldens.appendingPathComponent(name + ".reference.safetensors").path))
    let (pixels, wanted) = (try #require(reference["pixels"]), try #require(reference["score_pixel_units_f64"]))
    let sigmas = try #require(reference["sigma"]).doubles()
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: pixels.shape, floats: try pixels.floats())],
      to: binary.path("in.safetensors"))
    var arguments: [String] = []
    if let labels = try reference["class_labels"]?.floats() {
      let classes = labels.indices.filter { labels[$0] == 1 }.map { $0 % (labels.count / pixels.shape[0]) }
      arguments = ["--classes", classes.map(String.init).joined(separator: ",")]
    }
    let size = pixels.elementCount / pixels.shape[0]
    for (image, sigma) in sigmas.enumerated() {
      let outputs = binary.path("out.safetensors")
      let outcome = try binary.start(
        [
          "run", "--score", "edm=\(Self.goldens.appendingPathComponent(name + ".pkl").path)", "--noise", "\(sigma / 2)",
          "--inputs", binary.path("in.safetensors"), "--outputs", outputs,
        ] + arguments
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let score = try #require(SafetensorsReader.read(CheckpointFile.open(outputs))["score"]).floats()
      let range = image * size..<(image + 1) * size
      let values = Array(try wanted.doubles()[range])
      let largest = values.reduce(0) { max($0, abs($1)) }
      for (got, value) in zip(score[range], values) { #expect(abs(Double(got) - value) < 2e-5 * largest) }
    }
  }

  /// A pipeline of diffusers by its folder, against diffusers' own numbers.
  @Test func aFolderOfDiffusers() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (inputs, outputs) = (binary.path("in.safetensors"), binary.path("out.safetensors"))
    let fixture = try DiffusersFixture("heads")
    let folder = URL(fileURLWithPath: binary.path("pipeline, averaged"))
    try fixture.write(to: folder, .averaged)
    let images = fixture.images
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: images.shape.dimensions, floats: images.scalars)], to: inputs)
    let arguments = ["run", "--score", "diffusers=\(folder.path)", "--inputs", inputs, "--outputs"]
    for reference in fixture.references {
      let outcome = try binary.start(
        arguments + [outputs, "--noise", "\(reference.noise)", "--classes", "3,1"]
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let score = try #require(SafetensorsReader.read(CheckpointFile.open(outputs))["score"]).floats()
      let largest = reference.score.reduce(0) { max($0, abs($1)) }
      for (got, wanted) in zip(score, reference.score) { #expect(abs(Double(got) - wanted) < 2e-5 * largest) }
    }
    // None of the files that are read may be written to.
    let configuration = folder.appendingPathComponent("unet_ema/config.json")
    let before = try Data(contentsOf: configuration)
    for (place, noise, words) in [
      (configuration.path, "0.2", "config.json"), (outputs + "2", "0.001", "none that the model was trained with"),
    ] {
      let outcome = try binary.start(arguments + [place, "--noise", noise, "--classes", "3"]).wait()
      #expect(outcome.status != 0 && outcome.errors.contains(words), "\(outcome.errors)")
    }
    #expect(try Data(contentsOf: configuration) == before)
    #expect(!FileManager.default.fileExists(atPath: outputs + "2"))
  }
}
