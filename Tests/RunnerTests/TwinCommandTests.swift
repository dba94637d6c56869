import BenchCore
import Foundation
import JSON
import Plugins
import Testing

/// `twin` as a user sees it.
@Suite struct TwinCommandTests {
  @Test func theTwinOfALayerListIsMeasuredAsItsModel() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let original = try SmallModel.write(to: binary)
    let arguments = ["twin", original.description, "--output", "twin", "--images", "192", "--epochs", "2"]
    let made = try binary.start(arguments + ["--threads", "2"]).wait()
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.output.contains("twin of small, cross-entropy, seed 0, accuracy on test images"))
    let files = ["twin/history.json", "twin/model.ckpt", "twin/model.json", "twin/recipe.json"]
    #expect(binary.files.filter { $0.hasPrefix("twin/") } == files)

    let written = try DescriptionLookup.read(URL(fileURLWithPath: binary.path("twin/model.json")))
    let described = try DescriptionLookup.read(URL(fileURLWithPath: original.description))
    #expect(written.id == "small-twin" && written.task == "glyphs")
    #expect(written.architecture == described.architecture && written.preprocessing == described.preprocessing)

    // Looked up by its description, by itself, and by its checkpoint alone: the same network.
    for model in ["twin/model.json", "twin/model.ckpt"] {
      let measured = try binary.run("evaluate", model, "--images", "64", "--no-leaderboard", "--quiet", "--json")
      #expect(measured.status == 0, "\(measured.errors)")
      #expect(measured.output.contains(#""id": "small-twin""#) && measured.output.contains(#""task""#))
    }
    let again = try binary.start(arguments + ["--threads", "1"]).wait()
    #expect(again.status == 0 && again.errors.contains("already trained"), "\(again.errors)")
    let elsewhere = try binary.start([
      "twin", original.checkpoint, "--model", original.description, "--output", "elsewhere", "--images", "192",
      "--epochs", "2", "--threads", "1", "--quiet",
    ]).wait()
    #expect(elsewhere.status == 0, "\(elsewhere.errors)")
    for file in ["model.ckpt", "model.json", "recipe.json", "history.json"] {
      let contents = try ["twin", "elsewhere"].map {
        try Data(contentsOf: URL(fileURLWithPath: binary.path("\($0)/\(file)")))
      }
      #expect(contents[0] == contents[1], "\(file)")
    }
    let repeated = try binary.run("train", "--recipe", "twin/recipe.json", "--output", "third", "--quiet")
    #expect(repeated.status == 1 && repeated.errors.contains("pass it with the original's checkpoint"))
  }

  @Test func mistakesAreNamed() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let original = try SmallModel.write(to: binary)
    let graph = RealBinary.package.appendingPathComponent("Tests/Fixtures/onnx/perceptron.onnx").path
    let served = try binary.write(
      Data(#"{"id": "served", "name": "Served", "plugin": {"command": ["./serve"]}}"#.utf8), "served.json")
    for (arguments, message) in [
      ([original.description], "--output"),
      ([graph, "--output", "twin"], "describe it as a layer list in a model.json"),
      ([served, "--output", "twin"], "a model that a program serves"),
      ([original.checkpoint, "--arch", "resnet18", "--output", "twin"], "resnet18"),
      ([original.description, "--task", "glyph", "--output", "twin"], "did you mean `glyphs`?"),
      ([original.description, "--task", "mnist", "--output", "twin"], "needs --data"),
      ([original.description, "--epochs", "0", "--output", "twin"], "epochs is 0, expected 1 to"),
      ([original.description, "--epochs", "9223372036854775807", "--output", "twin"], "epochs is 9223372036854775807"),
      ([original.description, "--batch", "65537", "--output", "twin"], "batch is 65537, expected 1 to 65536"),
      ([original.description, "--images=-1", "--output", "twin"], "images is -1"),
      ([original.description, "--images", "100000000", "--output", "twin"], "images"),
      ([original.description, "--mean", "0,0", "--std", "1,1", "--output", "twin"], "preprocessing has 2 means"),
      ([original.description, "--width", "4", "--output", "twin"], "Unknown option '--width'"),
      ([original.description, "--name", "<b>", "--output", "twin"], "--name contains"),
      (["absent.pt", "--output", "twin"], "absent.pt"),
    ] {
      let outcome = try binary.start(["twin"] + arguments).wait()
      #expect(outcome.status != 0 && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
      #expect(!binary.files.contains { $0.hasPrefix("twin/") }, "\(arguments)")
    }
  }
}
