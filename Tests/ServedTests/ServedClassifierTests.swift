import BenchCore
import Foundation
import Synchronization
import Tensor
import Testing
import _TestSupport

@testable import Served

@Suite struct ServedClassifierTests {
  @Test("logits and gradients through shared memory and through pipes", arguments: ["good", "pipe"])
  func values(_ mode: String) throws {
    let fixture = ServedFixture()
    let model = try fixture.load(fixture.program(mode))
    #expect(model.plugin == .init(id: "test-plugin", version: "1.2"))
    #expect(model.architecture == "tanh-linear" && model.parameters == 7 && !model.preprocessingIsAssumed)
    #expect(model.notes.contains { $0.contains(mode == "good" ? "shared memory" : "pipes") }, "\(model.notes)")
    let images = ServedFixture.images(11)
    let reference = ServedFixture.reference(images)
    #expect(ServedFixture.isClose(try model.classifier.logits(images).scalars, reference.logits))
    let vectors = [GradientTarget.logitSum, .logitPredicted, .logSumExp]
    let result = try model.classifier.inputGradients(at: images) { logits, _ in
      vectors.map { $0.cotangent(logits: logits, predicted: logits.argmaxOfRows(), labels: nil) }
    }
    #expect(ServedFixture.isClose(result.logits.scalars, reference.logits) && result.gradients.count == 3)
    for (target, gradient) in zip(vectors, result.gradients) {
      let cotangent = target.cotangent(
        logits: result.logits, predicted: result.logits.argmaxOfRows(), labels: nil)
      #expect(gradient.shape == images.shape)
      #expect(
        ServedFixture.isClose(
          gradient.scalars, ServedFixture.reference(images, cotangent: cotangent).gradient), "\(target)")
    }
  }

  @Test("same bytes for any batch, through memory or pipes, from several threads")
  func batches() throws {
    let fixture = ServedFixture()
    let images = ServedFixture.images(37)
    var seen: Set<[Float]> = []
    for (mode, batch) in [("good", 1), ("good", 5), ("good", 64), ("pipe", 7)] {
      let classifier = try fixture.load(fixture.program(mode), batch: batch).classifier
      let result = try classifier.inputGradient(.logSumExp, at: images)
      seen.insert(result.logits.scalars + result.gradient.scalars)
    }
    let classifier = try fixture.load(fixture.program("good"), batch: 3).classifier
    let found = Mutex<Set<[Float]>>([])
    DispatchQueue.concurrentPerform(iterations: 6) { _ in
      guard let result = try? classifier.inputGradient(.logSumExp, at: images) else { return }
      _ = found.withLock { $0.insert(result.logits.scalars + result.gradient.scalars) }
    }
    #expect(seen.count == 1 && found.withLock { $0 } == seen)
  }

  @Test("fulfils what every classifier must", arguments: ["good", "pipe,normalised"])
  func conformance(_ mode: String) throws {
    let fixture = ServedFixture()
    let model = try fixture.load(fixture.program(mode))
    let problems = ClassifierConformance.problems(
      model.classifier, subject: "test-plugin", images: ServedFixture.images(6), seed: 1)
    #expect(problems.isEmpty, "\(problems)")
  }

  @Test func normalisesWhereThePluginAsksForIt() throws {
    let fixture = ServedFixture()
    let images = ServedFixture.images(4)
    let scaled = Tensor(shape: images.shape, scalars: images.scalars.map { ($0 - 0.5) / 0.5 })
    let announced = try fixture.load(fixture.program("normalised"))
    #expect(announced.preprocessing == Preprocessing(mean: [0.5], std: [0.5]))
    let result = try announced.classifier.inputGradient(.logitSum, at: images)
    let ones = Tensor(shape: [4, 3], repeating: 1)
    #expect(ServedFixture.isClose(result.logits.scalars, ServedFixture.reference(scaled).logits))
    #expect(
      ServedFixture.isClose(
        result.gradient.scalars, ServedFixture.reference(scaled, cotangent: ones).gradient.map { $0 / 0.5 }))
    let overridden = try fixture.load(
      fixture.program("normalised"), preprocessing: Preprocessing(mean: [0], std: [1]))
    #expect(
      ServedFixture.isClose(
        try overridden.classifier.logits(images).scalars, ServedFixture.reference(images).logits))
  }

  @Test func normalisationMustNotContradictItself() throws {
    let fixture = ServedFixture()
    let other = Preprocessing(mean: [0], std: [1])
    var description = ModelDescription(id: "a", name: "a")
    description.preprocessing = other
    for (preprocessing, description, word) in [(other, nil, "leave --mean"), (nil, description, "model.json says")] {
      #expect {
        try fixture.load(fixture.program("good"), description: description, preprocessing: preprocessing)
      } throws: { "\($0)".contains(word) }
    }
    let wrong = Preprocessing(mean: [0, 0], std: [1, 1])
    #expect { try fixture.load(fixture.program("normalised"), preprocessing: wrong) } throws: {
      "\($0)".contains("2 means")
    }
    #expect(fixture.hasNoProcess())
  }

  @Test func emptyAndWrongImages() throws {
    let fixture = ServedFixture()
    let classifier = try fixture.load(fixture.program("good")).classifier
    #expect(try classifier.logits(ServedFixture.images(0)).shape == [0, 3])
    #expect(try classifier.inputGradient(.logitSum, at: ServedFixture.images(0)).gradient.shape == [0, 1, 2, 3])
    #expect { try classifier.logits(ServedFixture.images(1, shape: [2, 2, 3])) } throws: {
      "\($0)".contains("[N, 1, 2, 3], got [1, 2, 2, 3]")
    }
    #expect(try classifier.logits(ServedFixture.images(2)).batch == 2, "the plugin was not bothered")
  }

  @Test(
    "a model in training mode and gradients of a mean are told from each other, with few images a request too",
    arguments: [
      ("dropout", "with other logits", "dropout"), ("gradient-noise", "with other gradients", "dropout"),
      ("batch-norm", "other logits alone than among", "batch normalisation is in training mode"),
      ("lone-batch-norm", "refuses it alone", "batch normalisation is in training mode"),
      ("mean-gradient", "of the gradient that it has alone", "the sum over the images"),
      ("mixed-gradient", "another gradient alone than among", "the derivative mixes images"),
    ])
  func dependentAnswers(_ mode: String, what: String, cause: String) throws {
    for batch in [2, 3, 64] {
      let fixture = ServedFixture()
      let model = try fixture.load(fixture.program(mode), batch: batch)
      let classifier = try #require(model.classifier as? ServedClassifier)
      #expect {
        try classifier.checkIndependence(at: ServedFixture.images(11))
      } throws: {
        let text = "\($0)"
        return text.contains(what) && text.contains(cause) && text.contains("TestPlugin")
      }
    }
  }

  @Test("what is right passes, through memory and pipes, with any number of images a request", arguments: [1, 2, 64])
  func independentAnswers(_ batch: Int) throws {
    for mode in ["good", "pipe,normalised"] {
      let fixture = ServedFixture()
      let model = try fixture.load(fixture.program(mode), batch: batch)
      let classifier = try #require(model.classifier as? ServedClassifier)
      for count in [0, 1, 11] { try classifier.checkIndependence(at: ServedFixture.images(count)) }
    }
  }

  @Test func withoutGradients() throws {
    let fixture = ServedFixture()
    let classifier = try fixture.load(fixture.program("no-vjp")).classifier
    #expect(try classifier.logits(ServedFixture.images(2)).batch == 2)
    #expect { try classifier.inputGradient(.logitSum, at: ServedFixture.images(2)) } throws: {
      "\($0)".contains("vector-Jacobian")
    }
  }

  @Test("the plugin ends with the classifier, politely or not", arguments: ["good", "stay,ignore-signals", "child"])
  func endsWithTheClassifier(_ mode: String) throws {
    let fixture = ServedFixture()
    do {
      let classifier = try fixture.load(fixture.program(mode)).classifier
      #expect(try classifier.logits(ServedFixture.images(2)).batch == 2)
      #expect(fixture.hasProcesses(mode == "child" ? 2 : 1))
    }
    #expect(fixture.hasNoProcess())
  }
}
