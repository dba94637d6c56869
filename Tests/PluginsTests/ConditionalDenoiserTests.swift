import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

@Suite struct ConditionalDenoiserTests {
  private static let (deviation, noise) = (0.3, 0.5)
  private static let means: [Double] = [0.1, 0.5, 0.9]
  private static let options = ReferenceOptions(task: "toy", imageShape: [1, 4, 5], classCount: 3, threads: 2)

  /// The exact denoisers of three classes N(m_c, deviation^2) and of N(0.5, 1) for all, as a 1x1 convolution: the noise found in x is
  /// sigma (x - m) / (deviation^2 + sigma^2).
  private func file(
    _ change: (inout ModelDescription) -> Void = { _ in }
  ) throws -> (checkpoint: CheckpointFile, description: ModelDescription) {
    var description = ModelDescription(id: "gauss", name: "Gauss")
    description.kind = .denoiser
    description.noise = Self.noise
    description.classes = 3
    description.preprocessing = Preprocessing(mean: [0], std: [1])
    description.architecture = try JSONDecoding.parse(
      Data("[{\"type\": \"Conv2d\", \"name\": \"c\"}]".utf8), source: "test")
    change(&description)
    let own = Self.noise / (Self.deviation * Self.deviation + Self.noise * Self.noise)
    let all = Self.noise / (1 + Self.noise * Self.noise)
    let checkpoint = try ModelFixtures.write([
      TensorToWrite(name: "c.weight", shape: [4, 1, 1, 1], floats: [own, own, own, all].map(Float.init)),
      TensorToWrite(name: "c.bias", shape: [4], floats: (Self.means.map { -own * $0 } + [-all * 0.5]).map(Float.init)),
    ])
    return (checkpoint, description)
  }

  private func reference() throws -> any PosteriorScore {
    let (checkpoint, description) = try file()
    return try ConditionalDenoiserPlugin.load([ReferenceFile(checkpoint, description)], Self.options)
  }

  private func images(_ count: Int) -> (images: Tensor, labels: [Int]) {
    let random = RandomStream(seed: 4, name: "classes")
    let labels = (0..<count).map { $0 % 3 }
    return (
      Tensor(
        shape: [count, 1, 4, 5],
        scalars: labels.enumerated().flatMap { image, label in
          random.normals(item: image, count: 20).map { Float(Self.means[label] + Self.deviation * $0) }
        }), labels
    )
  }

  @Test func theGradientIsThatOfThePosterior() throws {
    let (images, _) = images(19)
    let classes = (0..<19).map { ($0 * 2) % 3 }
    let gradient = try reference().posteriorScore(ofClasses: classes, at: images)
    for image in 0..<19 {
      for (got, pixel) in zip(gradient.item(image), images.item(image)) {
        let own = -(Double(pixel) - Self.means[classes[image]]) / 0.34
        let all = -(Double(pixel) - 0.5) / 1.25
        #expect(abs(Double(got) - (own - all)) < 1e-5)
      }
    }
  }

  /// Whatever images are asked for together, and with the noise of the position.
  @Test func predictions() throws {
    let (images, labels) = images(60)
    let reference = try reference()
    let together = try reference.predictions(at: images, range: 0..<60, seed: 3)
    #expect(zip(together, labels).count { $0 == $1 } >= 54)
    let parts = try [0..<17, 17..<60].flatMap {
      try reference.predictions(at: images[batch: $0], range: $0, seed: 3)
    }
    #expect(parts == together)
  }

  @Test func asAScoreItIsThatOfAllImages() throws {
    let (checkpoint, description) = try file()
    let (images, _) = images(3)
    let score = try DenoiserPlugin.load([ReferenceFile(checkpoint, description)], Self.options).score
    for (got, pixel) in zip(try score.score(at: images, noise: Self.noise).scalars, images.scalars) {
      #expect(abs(Double(got) + (Double(pixel) - 0.5) / 1.25) < 1e-5)
    }
  }

  @Test func unfitDescriptionsAreRefused() throws {
    func message(_ options: ReferenceOptions = Self.options, _ change: (inout ModelDescription) -> Void) throws
      -> String
    {
      let (checkpoint, description) = try file(change)
      return ReferenceFixtures.message {
        _ = try ConditionalDenoiserPlugin.load([ReferenceFile(checkpoint, description)], options)
      }
        ?? ""
    }
    #expect(try message { _ in } == "")
    #expect(try message { $0.classes = nil }.contains("[4, 4, 5]"))
    #expect(try message { $0.classes = 2 }.contains("[3, 4, 5]"))
    for count in [0, 1, -3, Int.max, Int.min, 5000] {
      #expect(try message { $0.classes = count }.contains("expected 2 to 4096"))
    }
    var other = Self.options
    other.classCount = 10
    #expect(try message(other) { _ in }.contains("knows 3 classes, task `toy` has 10"))
    let (plain, description) = try ReferenceFixtures.unet(noise: 0.5)
    let refused = ReferenceFixtures.message {
      _ = try ConditionalDenoiserPlugin.load([ReferenceFile(plain, description)], ReferenceFixtures.options)
    }
    #expect(refused?.contains("--conditional") ?? false)
  }
}
