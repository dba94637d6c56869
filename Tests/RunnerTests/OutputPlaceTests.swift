import BenchCore
import Checkpoints
import Foundation
import Testing

/// Nothing that is read, and nothing that somebody else keeps, is replaced by what a command writes.
@Suite struct OutputPlaceTests {
  /// Everything under the folder with its content.
  private func contents(_ binary: RealBinary) throws -> [String: Data] {
    Dictionary(
      uniqueKeysWithValues: try binary.files.map {
        ($0, try Data(contentsOf: binary.folder.appendingPathComponent($0)))
      })
  }

  private func inputs(_ binary: RealBinary) throws -> String {
    let pixels = (0..<800).map { Float($0 % 17) / 17 }
    let path = binary.path("in.safetensors")
    try SafetensorsWriter.write([TensorToWrite(name: "images", shape: [1, 1, 20, 40], floats: pixels)], to: path)
    return path
  }

  @Test("the model, under its own name, through a symbolic link and through a hard link")
  func inputsAreNoOutputs() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    let images = try inputs(binary)
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: binary.path("soft"), withDestinationPath: checkpoint)
    try manager.linkItem(atPath: checkpoint, toPath: binary.path("hard"))
    try manager.linkItem(atPath: images, toPath: binary.path("images"))
    let before = try contents(binary)
    for output in [checkpoint, description, binary.path("soft"), binary.path("hard")] {
      // Given by its description, the checkpoint is named by nothing on the command line.
      for model in [checkpoint, description] {
        let outcome = try binary.run("evaluate", model, "--images", "20000", "--output", output, "--no-leaderboard")
        #expect(outcome.status == 1 && outcome.errors.contains("that is read"), "\(output): \(outcome.errors)")
        #expect(!outcome.errors.contains("measuring"))
      }
    }
    for output in [images, binary.path("images"), checkpoint, binary.path("hard"), description] {
      let outcome = try binary.run("run", checkpoint, "--inputs", images, "--outputs", output)
      #expect(outcome.status == 1 && outcome.errors.contains("that is read"), "\(output): \(outcome.errors)")
    }
    #expect(try contents(binary) == before)
  }

  @Test("samples that would lie where the model is")
  func samplesAreNoCheckpoint() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    let place = binary.path("out.samples.safetensors")
    try FileManager.default.copyItem(atPath: checkpoint, toPath: place)
    let outcome = try binary.run(
      "evaluate", place, "--model", description, "--images", "20000", "--output", binary.path("out.json"),
      "--no-leaderboard")
    #expect(outcome.status == 1 && outcome.errors.contains("that is read"), "\(outcome.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: place)) == Data(contentsOf: URL(fileURLWithPath: checkpoint)))
  }

  @Test("what is no result of ours stays, whatever command would write there")
  func otherFilesStay() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let images = try inputs(binary)
    let notes = try binary.write(Data("{\"schemaVersion\": 1, \"notes\": \"mine\"}\n".utf8), "notes.json")
    let weights = binary.path("weights.safetensors")
    try SafetensorsWriter.write([TensorToWrite(name: "logits", shape: [1], floats: [1])], to: weights)
    let drawing = try binary.write(Data("<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n".utf8), "drawing.svg")
    let before = try contents(binary)
    for arguments in [
      ["evaluate", checkpoint, "--images", "20000", "--no-leaderboard", "--output", notes],
      ["evaluate", checkpoint, "--images", "20000", "--no-leaderboard", "--output", weights],
      ["run", checkpoint, "--inputs", images, "--outputs", weights],
      ["run", checkpoint, "--inputs", images, "--outputs", notes],
      ["tasks", "show", "glyphs", "--samples", notes],
      ["sweep", "--report", binary.path("absent"), "--figure", drawing],
      ["distractor", checkpoint, "--task", "glyphs", "--images", "20000", "--output", drawing],
      ["distractor", checkpoint, "--task", "glyphs", "--images", "20000", "--sheet", drawing],
    ] {
      let outcome = try binary.start(arguments).wait()
      #expect(
        outcome.status == 1 && outcome.errors.contains("is there already and is not"), "\(arguments): \(outcome.errors)"
      )
      #expect(!outcome.errors.contains("measuring"))
    }
    let device = try binary.run("run", checkpoint, "--inputs", images, "--outputs", "/dev/null")
    #expect(device.status == 1 && device.errors.contains("is a device"), "\(device.errors)")
    #expect(try contents(binary) == before)
  }

  @Test("a folder with somebody's description or state is no training's and no sweep's")
  func otherFoldersStay() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for name in ["model.json", "history.json", "model.ckpt", "state.safetensors"] {
      let folder = binary.folder.appendingPathComponent("of-\(name)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data("{}".utf8).write(to: folder.appendingPathComponent(name))
      let outcome = try binary.run(
        "train", "--output", folder.path, "--images", "64", "--epochs", "1", "--batch", "16", "--quiet")
      #expect(outcome.status == 1 && outcome.errors.contains("there is a \(name) without"), "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    }
    let folder = binary.folder.appendingPathComponent("mine")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("a,b\n".utf8).write(to: folder.appendingPathComponent("sweep.csv"))
    let sweep = try binary.run(
      "sweep", "--output", folder.path, "--objective", "gradient-norm", "--strengths", "1", "--seeds", "0", "--images",
      "64", "--epochs", "1", "--batch", "16", "--evaluation-images", "16", "--quiet")
    #expect(sweep.status == 1 && sweep.errors.contains("holds no sweep"), "\(sweep.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["sweep.csv"])
    for arguments in [["train"], ["sweep", "--objective", "gradient-norm", "--strengths", "1"]] {
      let file = try binary.write(Data("x".utf8), "file")
      let outcome = try binary.start(arguments + ["--output", file + "/model"]).wait()
      #expect(outcome.status == 1 && outcome.errors.contains("is a file, not a folder"), "\(outcome.errors)")
    }
  }

  @Test("an own output is replaced; where it is of something else, both are named")
  func ownOutputsAreReplaced() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    func evaluate(_ options: String..., images: Int = 16) throws -> RealBinary.Outcome {
      let outcome = try binary.start(
        ["evaluate", checkpoint, "--images", "\(images)", "--quiet", "--output", binary.path("result.json")] + options
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome
    }
    _ = try binary.write(Data(), "result.json")
    #expect(try !evaluate("--no-leaderboard").errors.contains("replaced"))
    #expect(try !evaluate("--no-leaderboard").errors.contains("replaced"))
    let other = try evaluate("--no-leaderboard", "--seed", "3").errors
    #expect(
      other.contains("16 images, seed 0; it will be replaced by") && other.contains("16 images, seed 3"), "\(other)")
    #expect(try ResultFile.read(URL(fileURLWithPath: binary.path("result.json"))).measurementProtocol.seed == 3)
    #expect(try !evaluate("--seed", "3").errors.contains("replaced"))
    let more = try evaluate("--seed", "3", images: 18).errors
    #expect(more.contains("results/glyphs/small.json: holds") && more.contains("18 images, seed 3"), "\(more)")
    // Fewer images are no progress, which is said before the work.
    let fewer = try binary.start(["evaluate", checkpoint, "--images", "12"]).wait()
    #expect(fewer.status == 1 && fewer.errors.contains("a result of 18 images"), "\(fewer.errors)")
    #expect(!fewer.errors.contains("measuring"))

    let images = try inputs(binary)
    for gradient in ["logit-sum", "logit-predicted"] {
      let outcome = try binary.run(
        "run", checkpoint, "--inputs", images, "--outputs", binary.path("new/out.safetensors"), "--gradient", gradient)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    for _ in 0..<2 {
      let outcome = try binary.run(
        "tasks", "show", "glyphs", "--samples", binary.path("pictures/samples.png"), "--quiet")
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  @Test("a leaderboard that would not take the result says so before the work")
  func leaderboardIsAskedBefore() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let results = binary.folder.appendingPathComponent("leaderboard/own/results/glyphs")
    try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: results.appendingPathComponent("other.json"))
    let outcome = try binary.run("evaluate", "bayes", "--images", "20000")
    #expect(outcome.status == 1 && outcome.errors.contains("other.json"), "\(outcome.errors)")
    #expect(!outcome.errors.contains("measuring"))
  }
}
