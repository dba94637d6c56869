import Foundation
import Testing

/// `train` as a user sees it, with a training that is killed.
@Suite struct TrainCommandTests {
  private static let small = [
    "--images", "192", "--width", "2", "--epochs", "4", "--objective", "smoothness", "--strength", "0.1", "--threads",
    "2",
  ]

  @Test func aKilledTrainingEndsWithTheSameBytes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let undisturbed = try binary.start(["train", "--output", "first/model"] + Self.small).wait()
    #expect(undisturbed.status == 0, "\(undisturbed.errors)")
    #expect(undisturbed.output.contains("cnn-small, smoothness 0.1, seed 0, accuracy on test images"))

    let killed = try binary.start(["train", "--output", "second/model"] + Self.small)
    let state = binary.folder.appendingPathComponent("second/model/state.safetensors")
    while killed.process.isRunning, !FileManager.default.fileExists(atPath: state.path) { usleep(1000) }
    kill(killed.process.processIdentifier, SIGKILL)
    killed.process.waitUntilExit()
    try #require(killed.process.terminationReason == .uncaughtSignal, "it ended before it could be killed")

    let resumed = try binary.start(["train", "--output", "second/model"] + Self.small).wait()
    #expect(resumed.status == 0 && resumed.errors.contains("resuming after epoch"), "\(resumed.errors)")
    for file in ["model.ckpt", "model.json", "recipe.json", "history.json"] {
      let contents = try ["first", "second"].map {
        try Data(contentsOf: binary.folder.appendingPathComponent("\($0)/model/\(file)"))
      }
      #expect(contents[0] == contents[1], "\(file)")
    }
    // What was trained can be measured, and its recipe repeated.
    let measured = try binary.run(
      "evaluate", "first/model/model.ckpt", "--images", "64", "--no-leaderboard", "--quiet")
    #expect(measured.status == 0 && measured.output.contains("cnn-small"), "\(measured.errors)")
    let repeated = try binary.run(
      "train", "--recipe", "first/model/recipe.json", "--output", "third", "--threads", "1", "--quiet")
    #expect(repeated.status == 0, "\(repeated.errors)")
    let copies = try ["first/model", "third"].map {
      try Data(contentsOf: binary.folder.appendingPathComponent("\($0)/model.ckpt"))
    }
    #expect(copies[0] == copies[1])
  }

  @Test func mistakesAreNamed() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for (arguments, message) in [
      (["--objective", "gradient-nrm"], "did you mean `gradient-norm`?"), (["--arch", "cnn-smal"], "`cnn-small`"),
      (["--arch", "vgg16"], "those that can are"), (["--batch", "0"], "batch is 0, expected 1 to"),
      (["--images", "10"], "10 training images do not fill one batch of 64"),
      (["--objective", "pgd-linf", "--strength", "0.1", "--pgd-norm", "batch"], "attack.norm is batch"),
      (["--task", "mnist"], "needs --data"),
      (["--strength", "0.1"], "none for cross-entropy"), (["--objective", "smoothness"], "pass --strength"),
      (["--recipe", "absent.json"], "absent.json: cannot be read"),
    ] {
      let outcome = try binary.start(["train", "--output", "model"] + arguments).wait()
      #expect(outcome.status != 0 && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
      #expect(!binary.files.contains("model/model.ckpt"))
      try? FileManager.default.removeItem(at: binary.folder.appendingPathComponent("model"))
    }
    let recipe = try binary.write(Data(#"{"objektive": {"name": "smoothness"}}"#.utf8), "recipe.json")
    let outcome = try binary.run("train", "--recipe", recipe, "--output", "model")
    #expect(outcome.status == 1 && outcome.errors.contains("objektive"), "\(outcome.errors)")
  }
}
