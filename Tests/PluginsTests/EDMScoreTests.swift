import BenchCore
import Checkpoints
import Foundation
import Networks
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

/// `--score edm=FILE` and `--reference edm=COND,UNCOND`, with snapshots that the test writes.
@Suite struct EDMScoreTests {
  private static let options = ReferenceOptions(
    task: "toy", imageShape: [3, 8, 8], classCount: 4, threads: 2, scoreNoises: [0.1, 0.25], decisiveNoise: 0.25)

  private static func file(_ fixture: EDMFixture, _ name: String = "Net Work-1.pkl") -> ReferenceFile {
    ReferenceFile(fixture.snapshot(name: name))
  }

  private static let images = ReferenceFixtures.images(5, [3, 8, 8])

  @Test func theTasksNoiseLevels() throws {
    let (score, noises) = try EDMPlugin.load([Self.file(EDMFixture())], Self.options)
    #expect(noises == [0.1, 0.25] && score.id == "edm")
    let learned = try #require(score.learned)
    #expect(learned.id == "net-work-1" && learned.name == "SongUNet, EDMPrecond" && learned.further == nil)
    #expect(learned.parameters > 20_000 && learned.checkpoint.format == "pickle")
    #expect(!(score is any ClassConditionalScore))
    for noise in noises { #expect(try score.score(at: Self.images, noise: noise).shape == Self.images.shape) }
  }

  @Test func otherImagesAreRefused() throws {
    for shape in [[3, 16, 16], [1, 8, 8]] {
      var options = Self.options
      options.imageShape = Shape(shape)
      let message = ReferenceFixtures.message { _ = try EDMPlugin.load([Self.file(EDMFixture())], options) }
      #expect(message?.contains("images of shape [3, 8, 8], those of task `toy` are \(options.imageShape)") ?? false)
    }
  }

  @Test func classes() throws {
    let score = try EDMPlugin.load([Self.file(EDMFixture(classes: 4))], Self.options).score
    let conditional = try #require(score as? any ClassConditionalScore)
    #expect(conditional.classCount == 4 && !conditional.knowsAllImages)
    let labels = [0, 3, 1, 1, 2]
    let all = try conditional.score(ofClasses: labels, at: Self.images, noise: 0.25)
    let plain = try score.score(at: Self.images, noise: 0.25)
    for image in 0..<5 {
      #expect(Array(all.item(image)) != Array(plain.item(image)))
      let one = try conditional.score(
        ofClasses: [labels[image]], at: Self.images[batch: image..<image + 1], noise: 0.25)
      #expect(one.scalars.map(\.bitPattern) == all.item(image).map(\.bitPattern))
    }
  }

  /// Without a label such a network was never trained: its answer is not the score of all images.
  @Test func tasksTakeScoresOfAllImages() throws {
    let task = try GlyphsTask()
    let shape = task.imageShape
    func referenced(_ fixture: EDMFixture) throws {
      let score = try EDMPlugin.load([Self.file(fixture)], Self.options)
      #expect(shape != [3, 8, 8])
      _ = try ReferencedTask(task, score: score)
    }
    try referenced(EDMFixture())
    let message = ReferenceFixtures.message { try referenced(EDMFixture(classes: 4)) }
    #expect(message?.contains("conditional on 4 classes") ?? false, "\(message ?? "")")
    var dropping = EDMFixture(classes: 4)
    dropping.labelDropout = 0.2
    try referenced(dropping)
  }

  // MARK: - The second reference

  private static func reference(_ fixtures: [EDMFixture], _ options: ReferenceOptions = options) throws
    -> any PosteriorScore
  {
    try DiffusionPosteriorPlugin<EDMPlugin>.load(fixtures.map { file($0) }, options)
  }

  @Test func theDifferenceOfTwoScores() throws {
    let (conditional, unconditional) = (EDMFixture(.adm, classes: 4), EDMFixture(.ddpmpp, seed: 2))
    let reference = try Self.reference([conditional, unconditional])
    #expect(reference.noise == 0.25 && reference.classCount == 4)
    #expect(reference.learned?.further?.count == 1)
    let labels = [0, 3, 1, 1, 2]
    let difference = try reference.posteriorScore(ofClasses: labels, at: Self.images)
    let own = try #require(
      EDMPlugin.load([Self.file(conditional)], Self.options).score as? any ClassConditionalScore
    ).score(ofClasses: labels, at: Self.images, noise: 0.25)
    let all = try EDMPlugin.load([Self.file(unconditional)], Self.options).score.score(at: Self.images, noise: 0.25)
    #expect(difference.scalars == zip(own.scalars, all.scalars).map { $0 - $1 })
    let predictions = try reference.predictions(at: Self.images, range: 10..<15, seed: 3)
    #expect(predictions.count == 5 && predictions.allSatisfy((0..<4).contains))
    // An image's prediction is its own.
    #expect(
      try reference.predictions(at: Self.images[batch: 2..<4], range: 12..<14, seed: 3) == Array(predictions[2..<4]))
  }

  @Test func whatIsNoSecondReference() throws {
    func message(_ fixtures: [EDMFixture], _ change: (inout ReferenceOptions) -> Void = { _ in }) -> String {
      var options = Self.options
      change(&options)
      return ReferenceFixtures.message { _ = try Self.reference(fixtures, options) } ?? ""
    }
    let (conditional, unconditional) = (EDMFixture(classes: 4), EDMFixture())
    #expect(message([conditional, unconditional]) == "")
    #expect(message([conditional]).contains("edm=COND,UNCOND"))
    // The same file twice: zeros for a label are no model of all images.
    #expect(message([conditional, conditional]).contains("never trained without a label"))
    #expect(message([unconditional, conditional]).contains("expected a conditional file first"))
    #expect(message([conditional, unconditional]) { $0.classCount = 10 }.contains("knows 4 classes"))
    #expect(message([conditional, unconditional]) { $0.decisiveNoise = nil }.contains("noise level"))
  }
}
