import BenchCore
import Networks
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

/// `--score guided-diffusion=FILE` and `--reference guided-diffusion=COND,UNCOND`.
@Suite struct GuidedDiffusionScoreTests {
  private typealias Reference = DiffusionPosteriorPlugin<GuidedDiffusionPlugin>

  private static let options = ReferenceOptions(
    task: "toy", imageShape: [3, 8, 8], classCount: 5, threads: 2, scoreNoises: [0.1, 0.25], decisiveNoise: 0.25)

  private static func file(withClasses: Bool) throws -> ReferenceFile {
    var fixture = try GuidedFixture("guided")
    if !withClasses { fixture.shapes["label_emb.weight"] = nil }
    return ReferenceFile(try fixture.file(withClasses ? "cond.pt" : "uncond.pt"), fixture.description)
  }

  @Test func theDifferenceOfTwoScores() throws {
    let (conditional, unconditional) = (try Self.file(withClasses: true), try Self.file(withClasses: false))
    let reference = try Reference.load([conditional, unconditional], Self.options)
    #expect(reference.id == "guided-diffusion" && reference.noise == 0.25 && reference.classCount == 5)
    #expect(reference.learned?.further?.count == 1)
    let images = ReferenceFixtures.images(3, [3, 8, 8])
    let own = try #require(
      GuidedDiffusionPlugin.load([conditional], Self.options).score as? any ClassConditionalScore
    ).score(ofClasses: [4, 0, 2], at: images, noise: 0.25)
    let all = try GuidedDiffusionPlugin.load([unconditional], Self.options).score.score(at: images, noise: 0.25)
    let difference = try reference.posteriorScore(ofClasses: [4, 0, 2], at: images)
    #expect(difference.scalars == zip(own.scalars, all.scalars).map { $0 - $1 })
    #expect(difference.scalars.contains { $0 != 0 })
  }

  @Test func whatIsNoSecondReference() throws {
    let (conditional, unconditional) = (try Self.file(withClasses: true), try Self.file(withClasses: false))
    func message(_ files: [ReferenceFile]) -> String {
      ReferenceFixtures.message { _ = try Reference.load(files, Self.options) } ?? ""
    }
    #expect(message([conditional]).contains("guided-diffusion=COND,UNCOND"))
    #expect(message([conditional, conditional]).contains("never trained without a label"))
    #expect(message([unconditional, conditional]).contains("expected a conditional file first"))
  }
}
