import BenchCore
import Checkpoints
import Foundation
import JSON
import Testing

@testable import Plugins

/// `evaluate --protocol paper`.
@Suite struct PaperProtocolTests {
  @Test func meansOfWhatIsDefined() {
    let mean = PaperFigures.Mean([1, .nan, 3, 5][...])
    #expect(mean.value == 3 && mean.images == 4 && mean.undefined == 1)
    #expect(PaperFigures.Mean([.nan][...]).value == nil)
  }

  @Test func onlyTasksOfThePaper() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let model = RealBinary.package.appendingPathComponent("models/glyphs-cnn-pgd-l2-1/model.ckpt").path
    let outcome = try binary.run(
      "evaluate", model, "--images", "8", "--protocol", "paper", "--quiet", "--no-leaderboard")
    #expect(
      outcome.status == 1 && outcome.errors.contains("expected a task of the paper's: cifar10, imagenet, imagenet64"),
      "\(outcome.errors)")
    let unknown = try binary.run("evaluate", model, "--protocol", "papers")
    #expect(unknown.status == 64, "\(unknown.errors)")
  }

  private static let data = RealBinary.shared.appendingPathComponent("data/cifar10")
  private static let model = RealBinary.shared.appendingPathComponent("models/cifar10-resnet20.th")

  /// The numbers are means over columns that the samples hold.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: model.path), "../shared is not here"))
  func theColumnsMeans() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let arguments = [
      "evaluate", Self.model.path, "--task", "cifar10", "--data", Self.data.path, "--images", "12", "--protocol",
      "paper",
      "--metric", "ssim", "--quiet", "--no-leaderboard", "--output", binary.path("r.json"),
    ]
    let outcome = try binary.start(arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let samples = try SafetensorsReader.read(CheckpointFile.open(binary.path("r.samples.safetensors")))
    func mean(_ column: String) throws -> Double {
      let values = try #require(samples[column]).doubles()
      return values.reduce(0, +) / Double(values.count)
    }
    let paper = try JSONDecoding.parse(
      Data(contentsOf: URL(fileURLWithPath: binary.path("r.paper.json"))), source: "paper")
    let steps = try #require(paper["sensitivity"]?.arrayValue)
    let shown = try #require(steps.first { $0["isFigure3"]?.boolValue == true })
    let step = try #require(shown["stepSize"]?.doubleValue)
    #expect(steps.count == 4 && abs(step - 2.6367) < 1e-4)
    #expect(try shown["offManifold"]?["value"]?.doubleValue == mean("off-manifold/\(step)"))
    #expect(shown["onManifold"]?["images"]?.intValue == 12)
    #expect(try paper["accuracy"]?["value"]?.doubleValue == mean("correct"))
    let alignment = try #require(paper["figure3"]?.arrayValue?.first { $0["metric"]?.stringValue == "ssim" })
    #expect(try alignment["alignment"]?["value"]?.doubleValue == mean("score-alignment/logit-sum/ssim/0.25"))
    #expect(alignment["sigma"]?.doubleValue == 0.5 && alignment["controls"]?.arrayValue?.count ?? 0 >= 6)
    let conditional = try #require(paper["figure17"]?.arrayValue?.first { $0["metric"]?.stringValue == "cosine" })
    #expect(
      try conditional["alignment"]?["value"]?.doubleValue
        == mean("conditional-score-alignment/logit-predicted/cosine/0.25"))
    let remarks = paper["remarks"]?.arrayValue?.compactMap(\.stringValue) ?? []
    #expect(remarks.count == 3 && remarks[1].contains("--metric lpips-alex"))
    for words in ["As the paper's code has it", "(figure 3)", "12 images were measured", "ssim of logit-sum"] {
      #expect(outcome.output.contains(words), "\(words): \(outcome.output)")
    }
    // Only its own earlier output is replaced.
    #expect(try binary.start(arguments).wait().status == 0)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: binary.path("r.paper.json")))
    let refused = try binary.start(arguments).wait()
    #expect(refused.status == 1 && refused.errors.contains("r.paper.json"), "\(refused.errors)")
  }
}
