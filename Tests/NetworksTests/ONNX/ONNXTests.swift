import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Networks

/// Graphs that `Tests/Fixtures/onnx/generate.py` exports from PyTorch and writes by hand.
@Suite struct ONNXTests {
  static let directory = ModelFixtures.packageRoot.appendingPathComponent("Tests/Fixtures/onnx")

  static let goldens = Result {
    try CheckpointReader.stateDict(
      of: CheckpointFile.open(directory.appendingPathComponent("goldens.safetensors").path))
  }

  static func golden(_ name: String) throws -> Tensor { try ModelFixtures.tensor(goldens.get().tensor(name)) }

  static func load(_ name: String, preprocessing: Preprocessing? = nil, batch: Int = 2) throws -> LoadedModel {
    try ONNXPlugin().load(
      CheckpointFile.open(directory.appendingPathComponent("\(name).onnx").path), nil,
      LoadOptions(
        preprocessing: preprocessing, batch: batch, imageShape: try golden("\(name).images").shape.droppingFirst))
  }

  static let exported = [
    "residual-opset9", "residual-opset12", "residual-opset17", "residual-opset20", "mobile-opset11", "mobile-opset18",
    "transformer-opset17", "transformer-opset14-fixed", "perceptron", "single-image",
  ]
  static let handmade = [
    "nhwc-softmax", "exp-and-divide", "fixed-reshape", "mixes-images", "function-and-if", "external-data",
    "coordinates",
  ]

  @Test(arguments: exported) func logitsAndGradientsAreThoseOfPyTorch(_ name: String) throws {
    let agreement = try ClassifierAgreement(
      Self.load(name).classifier, images: Self.golden("\(name).images"), logits: Self.golden("\(name).logits"),
      target: .logitSum, gradient: Self.golden("\(name).gradient"))
    #expect(agreement.logitError < 1)
    #expect(agreement.medianRelativeError < 1e-4)
    #expect(agreement.smallestCosine > 0.999)
  }

  /// Logits whose probabilities are the reference's are known up to a number per image.
  @Test(arguments: handmade) func logitsAreThoseOfTheReferenceImplementation(_ name: String) throws {
    let model = try Self.load(name)
    var got = try model.classifier.logits(Self.golden("\(name).images"))
    var want = try Self.golden("\(name).logits")
    if ["nhwc-softmax", "exp-and-divide"].contains(name) { (got, want) = (Self.centred(got), Self.centred(want)) }
    #expect(_TestSupport.Agreement.excess(got, want, absolute: 1e-5, relative: 1e-4) <= 1, "\(got) \(want)")
  }

  private static func centred(_ logits: Tensor) -> Tensor {
    Tensor(
      shape: logits.shape,
      scalars: (0..<logits.batch).flatMap { row -> [Float] in
        let values = logits.item(row)
        let mean = values.reduce(0, +) / Float(values.count)
        return values.map { $0 - mean }
      })
  }

  @Test(arguments: exported + handmade) func conforms(_ name: String) throws {
    let images = try Self.golden("\(name).images")
    let problems = ClassifierConformance.problems(try Self.load(name).classifier, images: images)
    #expect(problems.isEmpty, "\(problems)")
  }

  @Test func whatWasAssumedIsSaid() throws {
    func notes(_ name: String) throws -> String { try Self.load(name).notes.joined(separator: "\n") }
    #expect(try notes("nhwc-softmax").contains("[N, H, W, C]"))
    #expect(try notes("nhwc-softmax").contains("Softmax, which was left out"))
    #expect(try notes("nhwc-softmax").contains("normalises pixels itself"))
    #expect(try notes("exp-and-divide").contains("probabilities"))
    #expect(try notes("mixes-images").contains("mixes the images"))
    #expect(try notes("single-image").contains("image by image"))
    #expect(try notes("perceptron").contains("in a row"))
    #expect(try notes("coordinates").contains("2 outputs; `logits` is taken"))
    #expect(try !notes("fixed-reshape").contains("image by image"))
    #expect(try !notes("transformer-opset14-fixed").contains("image by image"))
    #expect(try Self.load("residual-opset9").preprocessingIsAssumed)
    #expect(try !Self.load("nhwc-softmax").preprocessingIsAssumed)
  }

  @Test func parametersAreCountedWithoutStatistics() throws {
    // Weights and biases of two convolutions, of which the first has batch normalisation folded in, two more and a layer.
    let count = (3 * 8 * 9 + 8) + (8 * 12 * 9 + 12) + (12 * 6 * 9 + 12) + (8 * 12 + 12) + (12 * 5 + 5)
    #expect(try Self.load("residual-opset17").parameters == count)
  }

  @Test func normalisationOutsideTheFileIsApplied() throws {
    let images = try Self.golden("residual-opset17.images")
    let given = Preprocessing(mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.5])
    var prepared = images
    for index in prepared.scalars.indices {
      let channel = index / (11 * 11) % 3
      prepared.scalars[index] = (prepared.scalars[index] - given.mean[channel]) / given.std[channel]
    }
    let outside = try Self.load("residual-opset17", preprocessing: given).classifier.logits(images)
    let inside = try Self.load("residual-opset17").classifier.logits(prepared)
    #expect(_TestSupport.Agreement.excess(outside, inside, absolute: 1e-5, relative: 1e-5) <= 1)
  }

  @Test func architecturesDoNotApply() throws {
    let file = try CheckpointFile.open(Self.directory.appendingPathComponent("perceptron.onnx").path)
    #expect(throws: ONNXImportError.self) {
      try ONNXPlugin().load(file, nil, LoadOptions(architecture: "resnet18", imageShape: [3, 4, 4]))
    }
  }

  @Test func imagesOfAnotherSizeAreRefused() throws {
    let file = try CheckpointFile.open(Self.directory.appendingPathComponent("residual-opset9.onnx").path)
    let failure = try #require(throws: ONNXImportError.self) {
      try ONNXPlugin().load(file, nil, LoadOptions(imageShape: [1, 28, 28]))
    }
    #expect(failure.description.contains("[n, 3, 11, 11], which does not take images of [1, 28, 28]"), "\(failure)")
  }
}
