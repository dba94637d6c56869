import BenchCore
import Checkpoints
import Foundation
import Plugins
import Tensor
import Testing

/// `evaluate --manifold` and `--score` with small untrained networks.
@Suite struct ReferenceTests {
  private static func tensor(_ name: String, _ shape: [Int]) -> TensorToWrite {
    let random = RandomStream(seed: 5, name: name)
    return TensorToWrite(
      name: name, shape: shape,
      floats: random.normals(item: 0, count: shape.reduce(1, *)).map { Float($0) * 0.1 })
  }

  private static func autoencoder(_ binary: RealBinary, task: String = "glyphs") throws -> String {
    let path = binary.path("ae/ae.pt")
    try FileManager.default.createDirectory(
      atPath: binary.path("ae"), withIntermediateDirectories: true)
    try PyTorchZipWriter.write([tensor("e.weight", [6, 800]), tensor("d.weight", [800, 6])], to: path)
    try """
    {"id": "small-ae", "name": "Small", "kind": "autoencoder", "task": "\(task)", "checkpoint": {"file": "ae.pt"},
     "architecture": {
       "encoder": [{"type": "Flatten"}, {"type": "Linear", "name": "e"}],
       "decoder": [{"type": "Linear", "name": "d"}, {"type": "Reshape", "shape": [1, 20, 40]}]}}
    """.write(toFile: binary.path("ae/model.json"), atomically: true, encoding: .utf8)
    return path
  }

  private static func denoiser(_ binary: RealBinary) throws -> String {
    let path = binary.path("den/den.pt")
    try FileManager.default.createDirectory(atPath: binary.path("den"), withIntermediateDirectories: true)
    try PyTorchZipWriter.write([tensor("c.weight", [1, 1, 3, 3])], to: path)
    try """
    {"id": "small-denoiser", "name": "Small", "kind": "denoiser", "noise": 0.4, "checkpoint": {"file": "den.pt"},
     "architecture": [{"type": "Conv2d", "name": "c", "padding": 1}]}
    """.write(toFile: binary.path("den/model.json"), atomically: true, encoding: .utf8)
    return path
  }

  @Test func chosenReferencesAreRecordedAndKeptOffTheLeaderboard() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (autoencoder, denoiser) = (try Self.autoencoder(binary), try Self.denoiser(binary))
    let output = binary.path("result.json")
    let outcome = try binary.run(
      "evaluate", "bayes", "--images", "24", "--threads", "2", "--manifold", "autoencoder=\(autoencoder)", "--score",
      "denoiser=\(denoiser)", "--output", output)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("not on the leaderboard"))
    #expect(outcome.output.contains("autoencoder small-ae, dimension 6"))
    #expect(outcome.output.contains("denoiser small-denoiser, noise 0.4"))
    #expect(!binary.files.contains { $0.hasPrefix("leaderboard/") })

    let result = try ResultFile.read(URL(fileURLWithPath: output))
    #expect(result.task.manifold?.id == "autoencoder" && result.task.manifold?.dimension == 6)
    #expect(result.task.manifold?.learned?.checkpoint.sha256 == (try CheckpointFile.open(autoencoder)).sha256)
    #expect(result.task.manifold?.learned?.parameters == 9600)
    let quality = try #require(result.task.manifold?.quality)
    let exact = try GlyphsTask()
    #expect(quality.exactDimension == exact.manifold?.dimension && quality.dimension.value == 6)
    // Six random directions: as much of their length lies in the exact tangent space as it has of all dimensions.
    let share = Double(exact.manifold?.dimension ?? 0) / Double(exact.imageShape.count)
    #expect(quality.withinShare.value.map { abs($0 - share) < 0.05 } ?? false)
    #expect(result.task.score?.noise == [0.4] && result.task.score?.quality?.count == 2)
    #expect(result.regime.evidence.sentences[0].contains("small-ae"))

    // The same bytes with other threads, but for the time.
    let again = try binary.run(
      "evaluate", "bayes", "--images", "24", "--threads", "1", "--quiet", "--manifold", "autoencoder=\(autoencoder)",
      "--score", "denoiser=\(denoiser)", "--output", binary.path("again.json"))
    #expect(again.status == 0)
    var other = try ResultFile.read(URL(fileURLWithPath: binary.path("again.json")))
    other.provenance = result.provenance
    #expect(other == result)
  }

  @Test func aFolderCalledBayesIsNoModel() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try FileManager.default.createDirectory(atPath: binary.path("bayes"), withIntermediateDirectories: true)
    let outcome = try binary.run("evaluate", "bayes", "--images", "4", "--quiet", "--no-leaderboard")
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func theExactOnesByName() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run(
      "evaluate", "bayes", "--images", "24", "--quiet", "--manifold", "exact", "--score", "exact")
    #expect(outcome.status == 0 && binary.files.contains("leaderboard/own/results/glyphs/bayes.json"))
  }

  @Test func theCosineIsMeasuredOnceAlsoWhereItIsAskedFor() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func result(_ arguments: String...) throws -> EvaluationResult {
      let outcome = try binary.start(
        ["evaluate", "bayes", "--images", "16", "--quiet", "--no-leaderboard", "--json"] + arguments
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try ResultFile.decode(Data(outcome.output.utf8), source: "standard output")
    }
    var own = try result()
    let asked = try result("--metric", "cosine")
    own.provenance = asked.provenance
    #expect(own == asked)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (autoencoder, denoiser) = (try Self.autoencoder(binary, task: "mnist"), try Self.denoiser(binary))
    func refusal(_ status: Int32, _ arguments: String...) throws -> String {
      let outcome = try binary.start(["evaluate", "bayes", "--images", "16", "--quiet"] + arguments).wait()
      #expect(outcome.status == status && outcome.output.isEmpty, "\(outcome.errors)")
      return outcome.errors
    }
    #expect(try refusal(64, "--manifold", "autoencodr=x.pt").contains("did you mean `autoencoder`?"))
    #expect(try refusal(64, "--score", "denoiser").contains("--score"))
    #expect(try refusal(64, "--metric", "cosin").contains("did you mean `cosine`?"))
    #expect(try refusal(64, "--metric", "cosine=a.pt").contains("--metric: expected cosine, got 1 file"))
    #expect(try refusal(64, "--metric", "=a.pt").contains("--metric"))
    #expect(try refusal(1, "--manifold", "autoencoder=\(binary.path("absent.pt"))").contains("absent.pt"))
    #expect(try refusal(1, "--manifold", "autoencoder=\(autoencoder)").contains("`mnist`"))
    #expect(try refusal(1, "--manifold", "autoencoder=\(denoiser)").contains("--score denoiser=FILE"))
    let text = try binary.write(Data("not a checkpoint".utf8), "text.pt")
    #expect(try refusal(1, "--score", "denoiser=\(text)").contains("text.pt"))
    // A denoiser is no classifier.
    let outcome = try binary.run("evaluate", denoiser, "--images", "16", "--quiet")
    #expect(outcome.status == 1 && outcome.errors.contains("--score denoiser=FILE"))
    #expect(!binary.files.contains { $0.hasPrefix("leaderboard/") })
  }
}
