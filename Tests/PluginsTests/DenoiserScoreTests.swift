import BenchCore
import Checkpoints
import Foundation
import JSON
import Networks
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

@Suite struct DenoiserScoreTests {
  private static let (deviation, noise) = (0.6, 0.5)

  /// The exact denoiser of N(mean, deviation^2) pixels, as a 1x1 convolution: the noise it predicts from (x - mean) / std is
  /// sigma (x - mean) / (deviation^2 + sigma^2).
  private func exact(mean: Float = 0.2) throws -> any Score {
    let std = Float((Self.deviation * Self.deviation + Self.noise * Self.noise).squareRoot())
    var description = ModelDescription(id: "gauss", name: "Gauss")
    description.kind = .denoiser
    description.noise = Self.noise
    description.preprocessing = Preprocessing(mean: [mean], std: [std])
    description.architecture = try JSONDecoding.parse(
      Data("[{\"type\": \"Conv2d\", \"name\": \"c\"}]".utf8), source: "test")
    let checkpoint = try ModelFixtures.write([
      TensorToWrite(name: "c.weight", shape: [1, 1, 1, 1], floats: [Float(Self.noise) / std])
    ])
    let loaded = try DenoiserPlugin.load(
      [ReferenceFile(checkpoint, description)],
      ReferenceOptions(task: "toy", imageShape: [1, 4, 5], classCount: 3, threads: 2))
    #expect(loaded.noises == [Self.noise])
    return loaded.score
  }

  /// Against the log-density it is the gradient of, with batches that are not full.
  @Test func conformance() throws {
    let random = RandomStream(seed: 4, name: "gauss")
    let images = Tensor(
      shape: [21, 1, 4, 5],
      scalars: (0..<21).flatMap { random.normals(item: $0, count: 20).map { Float(0.2 + Self.deviation * $0) } })
    let variance = Self.deviation * Self.deviation + Self.noise * Self.noise
    expectNone(
      ScoreConformance.problems(try exact(), images: images, noises: [Self.noise]) { images, _ in
        (0..<images.batch).map { image in
          images.item(image).reduce(0) { $0 - pow(Double($1) - Double(Float(0.2)), 2) / (2 * variance) }
        }
      })
  }

  @Test func scoreIsThatOfTheDensity() throws {
    let images = ReferenceFixtures.images(3, [1, 4, 5])
    let score = try exact().score(at: images, noise: Self.noise)
    for (got, pixel) in zip(score.scalars, images.scalars) {
      #expect(abs(Double(got) + (Double(pixel) - 0.2) / 0.61) < 1e-5)
    }
  }

  @Test func anotherNoiseIsAnError() throws {
    let message = ReferenceFixtures.message {
      _ = try exact().score(at: ReferenceFixtures.images(1, [1, 4, 5]), noise: 0.25)
    }
    #expect(message?.contains("trained for noise 0.5") ?? false)
    #expect(message?.contains("--noise 0.25") ?? false)
  }

  @Test(arguments: [[1, 20, 40], [3, 32, 32], [2, 9, 11], [1, 3, 3], [1, 6, 4], [1, 28, 28]])
  func networksForAnyImageSize(_ shape: [Int]) throws {
    let shape = Shape(shape)
    let (checkpoint, description) = try ReferenceFixtures.unet(noise: 0.5, shape: shape)
    let images = ReferenceFixtures.images(3, shape)
    let score = try DenoiserPlugin.load(
      [ReferenceFile(checkpoint, description)], ReferenceOptions(task: "toy", imageShape: shape, classCount: 3)
    ).score
    let scores = try score.score(at: images, noise: 0.5)
    #expect(scores.shape == images.shape && scores.scalars.contains { $0 != 0 })
    let alone = try score.score(at: images[batch: 2..<3], noise: 0.5)
    #expect(alone.scalars.map(\.bitPattern) == scores.item(2).map(\.bitPattern))
  }

  @Test func unfitDescriptionsAreRefused() throws {
    let (checkpoint, description) = try ReferenceFixtures.unet(noise: 0.5)
    func message(
      _ options: ReferenceOptions = ReferenceFixtures.options, _ change: (inout ModelDescription) throws -> Void
    ) throws -> String {
      var changed = description
      try change(&changed)
      return ReferenceFixtures.message { _ = try DenoiserPlugin.load([ReferenceFile(checkpoint, changed)], options) }
        ?? ""
    }
    #expect(try message { _ in } == "")
    #expect(try message { $0.noise = nil }.contains("lacks `noise`"))
    for noise in [0, -1, Double.nan, .infinity, 1e-300] {
      #expect(try message { $0.noise = noise }.contains("expected a positive number"))
    }
    #expect(try message { $0.kind = .autoencoder }.contains("--manifold autoencoder=FILE"))
    #expect(try message { $0.task = "mnist" }.contains("mnist"))
    #expect(
      try message(ReferenceOptions(task: "toy", imageShape: [1, 9, 10], classCount: 3)) { _ in }.contains("down0.conv1")
    )
    let cut = try ReferenceFixtures.json(Array(SmallUNet(imageShape: [2, 9, 10], width: 4).layers.dropLast()))
    #expect(try message { $0.architecture = cut }.contains("[4, 9, 10]"))
    let none = ReferenceFixtures.message {
      _ = try DenoiserPlugin.load([ReferenceFile(checkpoint)], ReferenceFixtures.options)
    }
    #expect(none?.contains("\"kind\": \"denoiser\"") ?? false)
  }
}
