import BenchCore
import Checkpoints
import Foundation
import JSON
import ONNXSchema
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Networks

/// Images that are brought to another size as a part of the network.
@Suite struct ResizeTests {
  private static let mean: [Float] = [0.5, 0.4, 0.3]
  private static let std: [Float] = [0.25, 0.2, 0.5]
  private static let image: Shape = [3, 12, 12]
  static let sizes = [[24, 24], [17, 20], [5, 7], [30, 6]]

  /// What `Tests/Fixtures/models/generate_resize.py` made.
  private static func file() throws -> CheckpointFile {
    try CheckpointFile.open(ModelFixtures.directory.appendingPathComponent("resize.safetensors").path)
  }

  private static func name(_ size: [Int]) -> String { size.map(String.init).joined(separator: "x") }

  private static func golden(_ name: String) throws -> Tensor {
    try ModelFixtures.tensor(CheckpointReader.stateDict(of: file()).tensor(name))
  }

  private static func description(_ size: [Int], resize: [Int]?) throws -> ModelDescription {
    var description = ModelDescription(id: "resized", name: "Resized")
    description.architecture = try JSONDecoding.parse(
      Data(
        """
        [{"type": "Conv2d", "name": "\(name(size)).conv", "padding": 1}, {"type": "ReLU"}, {"type": "Flatten"},
         {"type": "Linear", "name": "\(name(size)).linear"}]
        """.utf8), source: "model.json")
    description.preprocessing = Preprocessing(mean: mean, std: std, resize: resize)
    return description
  }

  /// Logits and the gradient of the images before they are resized, as PyTorch's interpolate gives them.
  @Test(arguments: sizes) func agreesWithPyTorch(_ size: [Int]) throws {
    let model = try ModelFixtures.load(Self.file(), Self.description(size, resize: size), images: Self.image)
    #expect(model.classifier.inputShape == Self.image && model.preprocessing.resize == size)
    let agreement = try ClassifierAgreement(
      model.classifier, images: Self.golden("images"), logits: Self.golden("\(Self.name(size))/logits"),
      target: .logitSum, gradient: Self.golden("\(Self.name(size))/gradient"))
    #expect(agreement.logitError < 1)
    #expect(agreement.medianRelativeError < 1e-4)
    #expect(agreement.smallestCosine > 0.9999)
  }

  /// The logits are piecewise linear in the pixels: differences over small steps are the gradient but where a rectifier turns.
  @Test func theGradientIsThatOfDifferences() throws {
    let model = try ModelFixtures.load(Self.file(), Self.description([17, 20], resize: [17, 20]), images: Self.image)
    let images = try Self.golden("images")[batch: 0..<1]
    let gradient = try model.classifier.inputGradient(.logitSum, at: images).gradient
    func sum(_ images: Tensor) throws -> Double {
      try model.classifier.logits(images).scalars.reduce(0) { $0 + Double($1) }
    }
    var (dot, here, there) = (0.0, 0.0, 0.0)
    for pixel in stride(from: 0, to: images.scalars.count, by: 7) {
      var (above, below) = (images, images)
      above.scalars[pixel] += 1 / 64
      below.scalars[pixel] -= 1 / 64
      let difference = try (sum(above) - sum(below)) * 32
      let value = Double(gradient.scalars[pixel])
      (dot, here, there) = (dot + difference * value, here + value * value, there + difference * difference)
    }
    #expect(dot / (here * there).squareRoot() > 0.999)
    #expect(abs((here / there).squareRoot() - 1) < 0.02)
  }

  /// The command line's size goes before the description's.
  @Test func theCommandLineOverrides() throws {
    let options = LoadOptions(resize: [24, 24], imageShape: Self.image)
    let model = try StateDictPlugin().load(Self.file(), Self.description([24, 24], resize: [5, 7]), options)
    #expect(model.preprocessing == Preprocessing(mean: Self.mean, std: Self.std, resize: [24, 24]))
  }

  @Test(arguments: [[], [12], [0, 4], [4, -1], [1, 4097], [.max, .max], [3, 4, 5]])
  func impossibleSizesAreRefused(_ size: [Int]) throws {
    let description = try Self.description([24, 24], resize: size)
    let message = ModelFixtures.message {
      _ = try ModelFixtures.load(Self.file(), description, images: Self.image)
    }
    #expect(message?.contains("expected [height, width], each from 1 to 4096") == true, "\(message ?? "read")")
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try JSONEncoding.encode(description).write(to: file)
    #expect(throws: DescriptionError.self) { try DescriptionLookup.read(file) }
  }

  /// ImageNet's stem at 32 x 32: the remark names the way out, which silences it.
  @Test func theRemarkOfALargeStemNamesIt() throws {
    let file = try ModelFixtures.checkpoint("resnet18-imagenet")
    let small = try ModelFixtures.load(file, images: [3, 32, 32])
    #expect(small.warnings.contains { $0.contains("--resize (224)") })
    let enlarged = try ModelFixtures.load(
      file, images: [3, 32, 32], preprocessing: Preprocessing(mean: Self.mean, std: Self.std, resize: [64, 64]))
    #expect(enlarged.warnings.isEmpty && enlarged.classifier.inputShape == [3, 32, 32])
  }

  /// A graph of another size says how its size is reached, and then reads images of the task's.
  @Test func graphsAreResizedToo() throws {
    let model = ONNXGraphs.model([ONNXGraphs.node("Flatten", ["x"], ["y"])], [])
    let file = CheckpointFile(name: "m.onnx", data: try model.serializedBytes())
    let own = try ONNXPlugin().load(file, nil, LoadOptions()).classifier.inputShape
    let failure = try #require(throws: ONNXImportError.self) {
      try ONNXPlugin().load(file, nil, LoadOptions(imageShape: [own[0], 2, 2]))
    }
    #expect(failure.description.contains("--resize \(own[1]),\(own[2])"), "\(failure)")
    let options = LoadOptions(resize: [own[1], own[2]], imageShape: [own[0], 2, 2])
    let classifier = try ONNXPlugin().load(file, nil, options).classifier
    #expect(classifier.inputShape == [own[0], 2, 2])
    // Of a constant image every size is the same.
    let logits = try classifier.logits(Tensor(shape: [1, own[0], 2, 2], repeating: 0.25))
    #expect(logits.scalars.count == own.count && logits.scalars.allSatisfy { abs($0 - 0.25) < 1e-6 })
  }

  /// What has no size is not in files: results that were written before stay as they are.
  @Test func itIsWrittenOnlyWhereItIsUsed() throws {
    let without = String(decoding: try JSONEncoding.encode(Preprocessing.identity(channels: 1)), as: UTF8.self)
    #expect(!without.contains("resize"))
    let with = try JSONEncoding.encode(Preprocessing(mean: [0], std: [1], resize: [4, 6]))
    #expect(
      try JSONDecoding.decode(Preprocessing.self, from: with, source: "p")
        == Preprocessing(mean: [0], std: [1], resize: [4, 6]))
  }
}
