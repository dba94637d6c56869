import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Networks of guided-diffusion and improved-diffusion against float64 scores of PyTorch.
@Suite struct GuidedTests {
  private static func model(_ fixture: GuidedFixture, threads: Int = 1) throws -> DiffusionModel {
    try DiffusionModel(guided: fixture.file(), fixture.description, threads: threads)
  }

  @Test(.everyEngine, arguments: GuidedFixture.names) func scoresAreThoseOfPyTorch(_ name: String) throws {
    let fixture = try GuidedFixture(name)
    let model = try Self.model(fixture)
    #expect(model.imageShape == fixture.imageShape)
    #expect(model.classes == (fixture.classes > 0 ? fixture.classes : nil))
    for reference in fixture.references {
      let score = try model.score(at: fixture.images, classes: fixture.labels, noise: reference.noise)
      for (number, wanted) in reference.score.enumerated() {
        #expect(abs(Double(score.scalars[number * reference.every]) - wanted) < 2e-5 * reference.largest)
      }
    }
  }

  @Test func bytesDependOnTheImageAlone() throws {
    let fixture = try GuidedFixture("guided")
    let (one, other) = (try Self.model(fixture), try Self.model(fixture, threads: 3))
    let images = Tensor(shape: [19, 3, 8, 8], scalars: (0..<19).flatMap { fixture.images.item($0 % 2) })
    let labels = (0..<19).map { $0 * 3 % 5 }
    let all = try one.score(at: images, classes: labels, noise: 0.2)
    #expect(try other.score(at: images, classes: labels, noise: 0.2).scalars == all.scalars)
    let alone = try one.score(at: images[batch: 17..<18], classes: [labels[17]], noise: 0.2)
    #expect(alone.scalars == Array(all.item(17)))
  }

  /// The published network of 64 pixels, narrower: its size, heads, order and noise are known without a word.
  @Test func publishedNetworksNeedNoDescription() throws {
    let improved = try GuidedFixture("improved")
    #expect(improved.description == nil && improved.imageShape == [3, 32, 32])
    let model = try Self.model(improved)
    #expect(model.learned.name == "UNetModel of improved-diffusion" && model.learned.id == "model")
    // Of 4000 cosine steps.
    #expect(Self.message { _ = try model.score(at: improved.images, noise: 5e-4) }.contains("trained with"))
    let weights = UNetWeights(
      try CheckpointReader.stateDict(of: GuidedFixture("guided").file()))
    #expect(Self.message { _ = try GuidedStructure(weights, nil) }.contains("the side of its images"))
  }

  // MARK: - Refusals

  private static func message(_ work: () throws -> Void) -> String {
    do {
      try work()
      return ""
    } catch { return "\(error)" }
  }

  /// How a changed network is refused.
  private static func message(
    _ name: String = "improved", file: String = "model.pt", told: String? = nil,
    _ change: (inout [String: [Int]]) -> Void = { _ in }
  ) throws -> String {
    var fixture = try GuidedFixture(name)
    change(&fixture.shapes)
    let description = try told.map { try EDMFixture.description($0) } ?? fixture.description
    let checkpoint = try fixture.file(file)
    return message { _ = try DiffusionModel(guided: checkpoint, description, threads: 1) }
  }

  @Test func whatDiffersIsNamed() throws {
    #expect(try Self.message() == "")
    #expect(try Self.message(file: "cd_imagenet64_l2.pt").contains("consistency model"))
    #expect(try Self.message { $0 = $0.filter { !$0.key.hasPrefix("output_blocks") } }.contains("no decoder"))
    #expect(
      try Self.message {
        $0["input_blocks.0.0.weight"] = [32, 6, 3, 3]
        $0["out.2.weight"] = [3, 32, 3, 3]
      }.contains("enlarge images"))
    // Without an estimate of variances it is none of the published ones.
    #expect(
      try Self.message {
        $0["out.2.weight"] = [3, 32, 3, 3]
        $0["out.2.bias"] = [3]
      }.contains("attention heads"))
    #expect(try Self.message(told: "{\"heads\": 3}").contains("a divisor of its 64 channels"))
    #expect(try Self.message(told: "{\"noiseSchedule\": \"quadratic\"}").contains("\"noiseSchedule\""))
    #expect(try Self.message(told: "{\"numHeads\": 4}").contains("numHeads"))
    #expect(try Self.message { $0["extra.weight"] = [3] }.contains("`extra.weight`"))
    #expect(try Self.message { $0["middle_block.1.qkv.bias"] = nil }.contains("`middle_block.1.qkv.bias`"))
    #expect(
      try Self.message { $0["output_blocks.1.0.in_layers.0.bias"] = [5] }.contains("shape [5], expected [128]"))
    #expect(try Self.message { $0["input_blocks.8.0.in_layers.0.bias"] = [5] }.contains("places"))
    #expect(
      Self.message { _ = try DiffusionModel(guided: ModelFixtures.checkpoint("lenet"), nil, threads: 1) }
        .contains("not those of a U-Net"))
    var other = ModelDescription(id: "a", name: "A")
    other.kind = .denoiser
    #expect(Self.message { _ = try DiffusionModel(guided: GuidedFixture("plain").file(), other, threads: 1) } != "")
  }
}
