import Synchronization
import Tensor
import Testing

@testable import BenchCore

/// The work ends soon after the user asked to stop, within a block of images too.
@Suite struct CancellationTests {
  /// Asks to stop from the call `last` on that says nothing is done yet.
  private final class Impatient: ProgressReporter {
    private let questions = Mutex(0)
    let last: Int
    init(last: Int) { self.last = last }

    var asked: Int { questions.withLock { $0 } }
    func begin(_ stage: String, total: Int) {}
    func note(_ text: String) {}
    func advance(by units: Int) throws {
      guard units == 0 else { return }
      let asked = questions.withLock { questions in
        questions += 1
        return questions
      }
      if asked >= last { throw CancellationError() }
    }
  }

  private func run(
    _ classifier: any Classifier, draws: Int, _ progress: any ProgressReporter
  ) throws -> EvaluationOutcome {
    var configuration = toyConfiguration(images: 30)
    configuration.robustnessDraws = draws
    return try Evaluation(task: ToyTask(), configuration: configuration).run(
      EvaluationSubject(classifier: classifier, record: toyRecord()), progress: progress)
  }

  @Test func manyDrawsOfOneBlockAreGivenUp() throws {
    let draws = 400
    let whole = CountingClassifier(fragileClassifier(strength: 2))
    let patient = Impatient(last: .max)
    _ = try run(whole, draws: draws, patient)
    // A call has at most 256 images.
    #expect(patient.asked > 2 * draws * 30 / 256)
    let stopped = CountingClassifier(fragileClassifier(strength: 2))
    let impatient = Impatient(last: patient.asked / 2)
    #expect(throws: CancellationError.self) { _ = try run(stopped, draws: draws, impatient) }
    #expect(impatient.asked == impatient.last)
    #expect(stopped.counts.logits < whole.counts.logits)
  }

  /// Of many images a thousand resamples take long.
  @Test func resamplingIsGivenUp() {
    let table = SampleTable([("a", [1, 2, 3])])
    let bootstrap = Bootstrap(imageCount: 3, resamples: 200, seed: 1)
    var asked = 0
    let means = bootstrap.means(of: table) { asked += 1 }
    #expect(asked == 4 && means.mean("a") == bootstrap.means(of: table).mean("a"))
    #expect(throws: CancellationError.self) { try bootstrap.means(of: table) { throw CancellationError() } }
  }

  /// Each displacement's logits are those of a call of its own, wherever the stream is cut.
  @Test func callsAreCutWithoutChangingANumber() throws {
    let classifier = fragileClassifier(strength: 2)
    let images = try ToyTask().evaluationImages(count: 30, seed: 3).images
    let directions = Tensor.normals(
      RandomStream(seed: 1, name: "cut"), range: 0..<30, itemShape: [1, 4, 6], draws: 0..<40)
    let displacements = directions.map { Responses.Displacement(direction: $0, scale: 0.5, description: "cut") }
    let responses = Responses(classifier: classifier, images: images, firstImage: 0, clip: true)
    let together = try responses.logits(at: displacements)
    #expect(together.count == 40)
    for (displacement, logits) in zip(displacements, together) {
      #expect(try responses.logits(at: [displacement])[0].scalars == logits.scalars)
    }
  }

  /// Draws are taken some at a time; which ones are together changes no number.
  @Test func drawsAreThoseOfOneLongDraw() {
    let stream = RandomStream(seed: 1, name: "draws")
    let whole = Tensor.normals(stream, range: 5..<8, itemShape: [1, 3, 3], draws: 0..<6, scale: 0.3)
    let parts = [0..<1, 1..<4, 4..<6].flatMap {
      Tensor.normals(stream, range: 5..<8, itemShape: [1, 3, 3], draws: $0, scale: 0.3)
    }
    #expect(whole.map(\.scalars) == parts.map(\.scalars))
    #expect(Tensor.normals(stream, range: 5..<8, itemShape: [1, 3, 3], scale: 0.3).scalars == whole[0].scalars)
  }
}
