import BenchCore
import Checkpoints
import Foundation
import Testing

/// What the program says where a model's answers or the options look wrong.
@Suite struct NotesTests {
  @Test func rotatedOutputsAreNamedInTheSummaryAndBesideJSON() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let checkpoint = try PatternModel.write(to: binary, "rotated")
    let stored = try SafetensorsReader.read(CheckpointFile.open(checkpoint))
    let weights = try #require(try stored["fc.weight"]?.floats())
    let biases = try #require(try stored["fc.bias"]?.floats())
    // Class k answers in the place of class k + 1.
    try SafetensorsWriter.write(
      [
        TensorToWrite(name: "fc.weight", shape: [10, 784], floats: Array(weights.suffix(784) + weights.dropLast(784))),
        TensorToWrite(name: "fc.bias", shape: [10], floats: Array(biases.suffix(1) + biases.dropLast())),
      ], to: checkpoint)
    let arguments = ["evaluate", checkpoint, "--data", data, "--no-leaderboard", "--quiet"]
    let outcome = try binary.start(arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let text = outcome.output.replacing(/\s+/, with: " ")
    #expect(text.contains("A class permutation would give accuracy"), "\(outcome.output)")
    #expect(text.contains("all are rotated by 1"), "\(outcome.output)")
    #expect(text.contains("mnist (own data: patterns made for the tests)"), "\(outcome.output)")
    let json = try binary.start(arguments + ["--json"]).wait()
    #expect(json.errors.contains("note: A class permutation"), "\(json.errors)")
    _ = try ResultFile.decode(Data(json.output.utf8), source: "standard output")
  }

  @Test func unknownDataAreNamedAndStandBesideTheLeaderboard() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    try FileManager.default.removeItem(atPath: data + "/own-data.txt")
    let checkpoint = try PatternModel.write(to: binary, "pattern")
    let outcome = try binary.run("evaluate", checkpoint, "--data", data, "--output", binary.path("result.json"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    for text in [outcome.output, outcome.errors] {
      #expect(text.replacing(/\s+/, with: " ").contains("the data are not known to be MNIST"), "\(text)")
    }
    #expect(
      binary.files.filter { $0.hasPrefix("leaderboard/") && $0.hasSuffix(".json") } == [
        "leaderboard/own/leaderboard.json", "leaderboard/own/unranked/mnist/pattern.json",
      ])
    let result = try ResultFile.read(URL(fileURLWithPath: binary.path("result.json")))
    #expect(result.task.dataset.remark?.contains("not known") == true)
    let folder = try SmallSubmission.write(to: binary)
    let submitted = try binary.run("submit", folder, "--data", data)
    #expect(submitted.status == 1 && submitted.errors.contains("not known to be MNIST"), "\(submitted.errors)")
  }

  /// The same words as `evaluate`, once; none where the folder's owner says what they are.
  @Test func unknownDataAreNamedByTrainToo() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let arguments = ["train", "--task", "mnist", "--data", data, "--images", "64", "--width", "2", "--epochs", "1"]
    let own = try binary.start(arguments + ["--output", "own"]).wait()
    #expect(own.status == 0 && !own.errors.contains("WARNING"), "\(own.errors)")
    try FileManager.default.removeItem(atPath: data + "/own-data.txt")
    let unknown = try binary.start(arguments + ["--output", "unknown"]).wait()
    #expect(unknown.status == 0, "\(unknown.errors)")
    let text = unknown.errors.replacing(/\s+/, with: " ")
    #expect(text.ranges(of: "WARNING: the data are not known to be MNIST").count == 1, "\(unknown.errors)")
  }

  @Test(
    "numbers after --mean and --std, as people write them, before the model too",
    arguments: [
      ["--mean", "0.1", "0.2", "0.3", "--std", "0.4", "0.5", "0.6"], ["--mean", "0.1 0.2 0.3", "--std", "0.4 0.5 0.6"],
      ["--mean", "0.1,", "0.2,", "0.3", "--std", "0.4, 0.5, 0.6"],
      ["--mean", "-0.1", "0.2", "-0.3", "--std", "4e-1", "1", "1"],
      ["--mean=0.1,0.2,0.3", "--std=0.4 0.5 0.6"], ["--mean", "imagenet"], ["--mean", "clip", "--std", "clip"],
    ])
  func lists(_ options: [String]) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    for arguments in [["evaluate", checkpoint] + options, ["evaluate"] + options + [checkpoint]] {
      let outcome = try binary.start(arguments + ["--images", "16", "--no-leaderboard", "--quiet"]).wait()
      // All three were understood: the network has one channel.
      #expect(outcome.status == 1 && outcome.errors.contains("3 means and 3 standard deviations"), "\(outcome.errors)")
    }
  }

  @Test func numbersThatCannotBe() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    for (options, words) in [
      (["--mean", "0", "--std", "0"], "pixels are divided"), (["--mean", "0", "--std", "-1"], "pixels are divided"),
      (["--mean", "0", "0", "--std", "1"], "--mean has 2 numbers and --std 1"),
      (["--mean", "0,,1", "--std", "1"], "separated"),
      (["--mean", "nan", "--std", "1"], "finite numbers"), (["--mean", "--std", "1"], "--mean"),
      (["--mean", "imagnet", "--std", "1"], "or one of imagenet, cifar10"), (["--mean", "0"], "belong together"),
      (["--mean", "imagenet", "--std", "1,1,1"], "stands for --std too"), (["--std", "imagenet"], "belong together"),
    ] {
      let outcome = try binary.start(["evaluate", checkpoint] + options).wait()
      #expect(outcome.status == 64 && outcome.errors.contains(words), "\(options): \(outcome.errors)")
    }
    let text = try String(contentsOfFile: description, encoding: .utf8).replacing(
      "\"std\": [1.0]", with: "\"std\": [0.0]")
    try text.write(toFile: description, atomically: true, encoding: .utf8)
    let outcome = try binary.run("evaluate", checkpoint, "--images", "16", "--no-leaderboard")
    #expect(outcome.status == 1 && outcome.errors.contains("not a finite number above 0"), "\(outcome.errors)")
  }

  @Test func aMissedClaimNamesItsUsualCauses() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    let text = try String(contentsOfFile: description, encoding: .utf8)
      .replacing("\"preprocessing\"", with: "\"claims\": {\"accuracy\": 0.99}, \"preprocessing\"")
    try text.write(toFile: description, atomically: true, encoding: .utf8)
    let outcome = try binary.run("evaluate", checkpoint, "--images", "100")
    #expect(outcome.status == 1)
    for cause in ["normalisation", "channels in another order", "labels", "another test set", "EMA"] {
      #expect(outcome.errors.contains(cause), "\(cause): \(outcome.errors)")
    }
  }
}
