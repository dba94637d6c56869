import BenchCore
import Foundation
import Tensor
import Testing

@testable import Served

/// Scores, manifolds and metrics of programs.
@Suite struct ServedReferenceTests {
  private static let options = ReferenceOptions(
    task: "toy", imageShape: [1, 2, 3], classCount: 3, threads: 2, scoreNoises: [0.1, 0.2])

  private static func command(_ traits: String, _ fixture: ServedFixture) -> String {
    "\(ServedFixture.program) \(traits) 1,2,3 \(fixture.mark)"
  }

  private static func score(_ traits: String, _ fixture: ServedFixture) throws -> (score: any Score, noises: [Double]) {
    try ServedReferences.score(command(traits, fixture), options, server: ServerRequest())
  }

  private static func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  /// More images than one request holds.
  private static let images = ServedFixture.images(150)

  @Test func scoresAtAnyLevel() throws {
    let fixture = ServedFixture()
    do {
      let (score, noises) = try Self.score("score", fixture)
      #expect(noises == [0.1, 0.2] && score.id == "program-test-reference" && !(score is any ClassConditionalScore))
      let learned = try #require(score.learned)
      #expect(learned.id == "test-reference" && learned.parameters == 5 && learned.checkpoint.file == "TestPlugin")
      #expect(learned.checkpoint.sha256.count == 64 && score.fingerprint == nil)
      let values = try score.score(at: Self.images, noise: 0.5)
      #expect(values.shape == Self.images.shape && values.scalars == Self.images.scalars.map { -$0 / 0.25 })
    }
    #expect(fixture.hasNoProcess())
  }

  @Test func scoresAtTheirOwnLevels() throws {
    let (score, noises) = try Self.score("score,noises", ServedFixture())
    #expect(noises == [0.25, 0.5])
    _ = try score.score(at: Self.images, noise: 0.25)
    #expect(
      Self.message { _ = try score.score(at: Self.images, noise: 0.3) }.contains(
        "answers for noise 0.25, 0.5, not for 0.3"))
  }

  @Test func scoresOfClasses() throws {
    let score = try #require(
      try Self.score("score,classes", ServedFixture()).score as? any ClassConditionalScore)
    #expect(score.classCount == 4 && !score.knowsAllImages)
    let labels = (0..<150).map { $0 % 4 }
    let values = try score.score(ofClasses: labels, at: Self.images, noise: 0.5)
    #expect(values.scalars == Self.images.scalars.enumerated().map { (Float($0.offset / 6 % 4) - $0.element) / 0.25 })
    let all = try #require(try Self.score("score,classes,all", ServedFixture()).score as? any ClassConditionalScore)
    #expect(all.knowsAllImages)
  }

  @Test func tangentSpacesAreMadeOrthonormal() throws {
    for (traits, dimension) in [("manifold", 2), ("manifold,dependent", 1)] {
      let manifold = try ServedReferences.manifold(
        Self.command(traits, ServedFixture()), Self.options, server: ServerRequest())
      #expect(manifold.dimension == 2)
      let basis = try manifold.tangentBasis(at: Self.images[batch: 0..<3])
      #expect(basis.bases.count == 3 && basis.assignment == [0, 1, 2])
      for image in 0..<3 { #expect(basis.dimension(ofImage: image) == dimension) }
      let vectors = Tensor(shape: [3, 1, 2, 3], scalars: (0..<18).map(Float.init))
      let projected = basis.projection(of: vectors)
      for (index, value) in projected.scalars.enumerated() {
        #expect(abs(value - (index % 6 < dimension ? Float(index) : 0)) < 1e-5)
      }
    }
  }

  @Test func metrics() throws {
    let metric = try ServedReferences.metric(
      Self.command("metric", ServedFixture()), Self.options, server: ServerRequest())
    #expect(
      metric.properties
        == MetricProperties(isScaleInvariant: false, isDefinedAtZero: true, smallestSide: 2, channels: [1, 3]))
    let other = Tensor(shape: Self.images.shape, scalars: Self.images.scalars.map { 2 * $0 })
    let values = try metric.compare(Self.images, other)
    #expect(values.count == 150)
    for image in 0..<150 {
      let wanted = Self.images.item(image).reduce(0.0) { $0 + 2 * Double($1) * Double($1) }
      #expect(abs(values[image] - wanted) < 1e-5 * wanted)
    }
    // Pairs without a value are not sent, and the others are what they were.
    var scalars = Self.images.scalars
    (scalars[7], scalars[13]) = (.nan, -.infinity)
    let some = try metric.compare(Tensor(shape: Self.images.shape, scalars: scalars), other)
    #expect(some[1].isNaN && some[2].isNaN && some[0] == values[0] && some[3...] == values[3...])
  }

  @Test func whatIsRefused() throws {
    for (traits, words) in [
      ("good", "serves a `classifier`, expected a `score`"), ("metric", "serves a `metric`, expected a `score`"),
      ("score,bad", "positive numbers"), ("score,of-others", "[1, 9, 9], those of toy are [1, 2, 3]"),
      ("exit-at-start", "cannot find weights.bin"),
    ] {
      let fixture = ServedFixture()
      let message = Self.message { _ = try Self.score(traits, fixture) }
      #expect(message.contains(words) && message.contains("TestPlugin"), "\(traits): \(message)")
      #expect(fixture.hasNoProcess())
    }
    let server = ServerRequest()
    #expect(
      Self.message {
        _ = try ServedReferences.manifold(Self.command("manifold,bad", ServedFixture()), Self.options, server: server)
      }.contains("dimension 1000, expected 1 to 6"))
    #expect(
      Self.message {
        _ = try ServedReferences.metric(Self.command("metric,bad", ServedFixture()), Self.options, server: server)
      }.contains("a smallest side of 0"))
    let (score, _) = try Self.score("score,nan", ServedFixture())
    #expect(Self.message { _ = try score.score(at: Self.images, noise: 1) }.contains("nan at element 0 of image 0"))
    for (command, words) in [
      ("", "expected a program"), ("python3", "nothing says which model this is"), ("/none/x serve.py", "no"),
    ] {
      let message = Self.message { _ = try ServedReferences.score(command, Self.options, server: server) }
      #expect(message.contains(words), "\(command): \(message)")
    }
  }
}
