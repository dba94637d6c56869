import Foundation
import Testing

@testable import Checkpoints

@Suite struct RunCommandTests {
  @Test func writesLogitsAndGradient() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let pixels = (0..<3 * 800).map { Float($0 % 17) / 17 }
    try SafetensorsWriter.write(
      [
        TensorToWrite(name: "images", shape: [3, 1, 20, 40], floats: pixels),
        TensorToWrite(name: "labels", shape: [3], integers: [0, 9, 4]),
      ], to: binary.path("in.safetensors"))
    let outcome = try binary.run(
      "run", checkpoint, "--inputs", binary.path("in.safetensors"), "--outputs", binary.path("out.safetensors"),
      "--gradient", "logit-margin")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let written = try SafetensorsReader.read(CheckpointFile.open(binary.path("out.safetensors")))
    #expect(written["logits"]?.shape == [3, 10] && written["gradient"]?.shape == [3, 1, 20, 40])
  }

  @Test func imagesOfNumPyFilesAreTheSame() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let pixels = (0..<2 * 800).map { Float($0 % 17) / 17 }
    try SafetensorsWriter.write(
      [
        TensorToWrite(name: "images", shape: [2, 1, 20, 40], floats: pixels),
        TensorToWrite(name: "labels", shape: [2], integers: [3, 9]),
      ], to: binary.path("in.safetensors"))
    func array(_ type: String, _ shape: String, _ bytes: Data) -> Data {
      let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n"
      return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)) + bytes
    }
    let images = array("<f4", "(2, 1, 20, 40)", pixels.withUnsafeBytes { Data($0) })
    _ = try binary.write(images, "in.npy")
    var writer = ZipWriter(file: "in.npz", capacity: 0)
    try writer.add("images.npy", images)
    try writer.add("labels.npy", array("|u1", "(2,)", Data([3, 9])))
    _ = try binary.write(writer.finished(), "in.npz")
    func outputs(_ input: String, gradient: String) throws -> Data {
      let outcome = try binary.run(
        "run", checkpoint, "--inputs", input, "--outputs", "out.safetensors", "--gradient", gradient)
      #expect(outcome.status == 0, "\(input): \(outcome.errors)")
      return try Data(contentsOf: URL(fileURLWithPath: binary.path("out.safetensors")))
    }
    #expect(try outputs("in.npy", gradient: "logit-sum") == outputs("in.safetensors", gradient: "logit-sum"))
    #expect(try outputs("in.npz", gradient: "logit-label") == outputs("in.safetensors", gradient: "logit-label"))
    let refused = try binary.run(
      "run", checkpoint, "--inputs", "in.npy", "--outputs", "out.safetensors", "--gradient", "logit-label")
    #expect(refused.status == 1 && refused.errors.contains("labels"), "\(refused.errors)")
  }

  @Test func imagesOfATaskAreThoseOfTheirFile() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    func run(_ arguments: String..., output: String) throws -> Safetensors {
      let outcome = try binary.start(
        ["run", checkpoint, "--outputs", binary.path(output), "--gradient", "logit-label"] + arguments
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try SafetensorsReader.read(CheckpointFile.open(binary.path(output)))
    }
    let ofTask = try run("--task", "glyphs", "--images", "3", "--seed", "7", output: "task.safetensors")
    #expect(ofTask["images"]?.shape == [3, 1, 20, 40] && ofTask["labels"]?.shape == [3])
    // What was written is what went in.
    let ofFile = try run("--inputs", binary.path("task.safetensors"), output: "file.safetensors")
    #expect(try ofFile["logits"]?.floats() == ofTask["logits"]?.floats())
    #expect(try ofFile["gradient"]?.floats() == ofTask["gradient"]?.floats() && ofFile["images"] == nil)
    for (arguments, words) in [
      ([], "whose images?"), (["--task", "glyphs", "--inputs", "x"], "give one of them"),
      (["--inputs", "x", "--images", "3"], "--images belongs to --task"),
      (["--task", "glyph"], "did you mean `glyphs`"),
      (["--task", "cifar10"], "needs --data"), (["--task", "glyphs", "--images", "0"], "--images must be 1 to"),
    ] as [([String], String)] {
      let refused = try binary.start(["run", checkpoint, "--outputs", "o.safetensors"] + arguments).wait()
      #expect(refused.status != 0 && refused.errors.contains(words), "\(arguments): \(refused.errors)")
    }
  }

  /// A file of one format under the name of another would be read by nothing.
  @Test func outputsAreCalledWhatTheyAre() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    for name in ["out.npy", "out.NPZ"] {
      let outcome = try binary.run("run", checkpoint, "--task", "glyphs", "--outputs", binary.path(name))
      #expect(outcome.status == 64 && outcome.errors.contains("out.safetensors, which"), "\(outcome.errors)")
      #expect(!binary.files.contains(name))
    }
  }

  /// They are written, and said: whoever reads the file may not notice.
  @Test func numbersThatAreNotFiniteAreSaid() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (_, description) = try SmallModel.write(to: binary)
    let text = try String(contentsOfFile: description, encoding: .utf8).replacingOccurrences(
      of: #"{"type": "Linear", "name": "fc"}"#,
      with: #"{"type": "Linear", "name": "fc"}, {"type": "Scale", "value": 1e38}, {"type": "Scale", "value": 1e38}"#)
    try text.write(toFile: description, atomically: true, encoding: .utf8)
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: [1, 1, 20, 40], floats: (0..<800).map { Float($0 % 17) / 17 })],
      to: binary.path("in.safetensors"))
    let outcome = try binary.run(
      "run", description, "--inputs", binary.path("in.safetensors"), "--outputs", binary.path("out.safetensors"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("WARNING:") && outcome.errors.contains("10 of 10 numbers of `logits` are not finite"),
      "\(outcome.errors)")
    #expect(FileManager.default.fileExists(atPath: binary.path("out.safetensors")))
  }

  @Test func unusableInputs() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    func refusal(_ tensors: [TensorToWrite], _ words: String..., gradient: String = "logit-sum") throws {
      try SafetensorsWriter.write(tensors, to: binary.path("in.safetensors"))
      let outcome = try binary.run(
        "run", checkpoint, "--inputs", binary.path("in.safetensors"), "--outputs", binary.path("out.safetensors"),
        "--gradient", gradient)
      #expect(outcome.status == 1)
      for word in words { #expect(outcome.errors.contains(word), "expected `\(word)` in: \(outcome.errors)") }
      #expect(!FileManager.default.fileExists(atPath: binary.path("out.safetensors")))
    }
    let one = [Float](repeating: 0.5, count: 800)
    try refusal([TensorToWrite(name: "pictures", shape: [1, 1, 20, 40], floats: one)], "images", "pictures")
    try refusal([TensorToWrite(name: "images", shape: [1, 800], floats: one)], "[N, C, H, W]")
    try refusal(
      [TensorToWrite(name: "images", shape: [1, 1, 20, 40], floats: [.nan] + one.dropFirst())], "NaN")
    try refusal([TensorToWrite(name: "images", shape: [1, 1, 20, 40], floats: one)], "labels", gradient: "logit-label")
    try refusal(
      [
        TensorToWrite(name: "images", shape: [1, 1, 20, 40], floats: one),
        TensorToWrite(name: "labels", shape: [1], integers: [10]),
      ], "10", "classes 0 to 9", gradient: "logit-label")
  }
}
