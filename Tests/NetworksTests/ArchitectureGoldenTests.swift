import BenchCore
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Built-in architectures against PyTorch in float64 on slim networks with random weights.
@Suite struct ArchitectureGoldenTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let file: String
    let name: String
    let shape: Shape
    /// `--arch`; nil to let it be recognised.
    var architecture: String?
    var golden: String?
    var preprocessing: Preprocessing?
    var testDescription: String { golden ?? file }
  }

  static let examples = [
    Example(file: "resnet18", name: "resnet18", shape: [3, 12, 12]),
    Example(
      file: "resnet18", name: "resnet18-softplus", shape: [3, 12, 12], architecture: "resnet18-softplus",
      golden: "resnet18-softplus"),
    Example(file: "resnet34", name: "resnet34", shape: [3, 12, 12]),
    Example(file: "resnet50", name: "resnet50", shape: [3, 12, 12]),
    Example(file: "resnet18-2x2", name: "resnet18", shape: [1, 32, 32]),
    Example(
      file: "resnet20", name: "resnet20", shape: [3, 12, 12],
      preprocessing: Preprocessing(mean: [0.48, 0.45, 0.4], std: [0.25, 0.24, 0.26])),
    Example(file: "resnet18-imagenet", name: "resnet18-imagenet", shape: [3, 33, 25]),
    Example(file: "resnet50-imagenet", name: "resnet50-imagenet", shape: [1, 34, 38]),
    Example(file: "resnet18-ambiguous", name: "resnet18", shape: [3, 12, 12], architecture: "resnet18"),
    Example(
      file: "resnet18-ambiguous", name: "resnet18-maxpool", shape: [3, 16, 16], architecture: "resnet18-maxpool",
      golden: "resnet18-ambiguous-maxpool"),
    Example(file: "preact-resnet18", name: "preact-resnet18", shape: [3, 12, 12]),
    Example(file: "preact-resnet18-bn", name: "preact-resnet18", shape: [3, 12, 12]),
    Example(file: "preact-resnet50", name: "preact-resnet50", shape: [3, 12, 12]),
    Example(file: "wideresnet-16-2", name: "wideresnet-16-2", shape: [3, 12, 12]),
    Example(file: "wideresnet-10-3", name: "wideresnet-10-3", shape: [3, 12, 12]),
    Example(file: "vgg11", name: "vgg11", shape: [1, 32, 32]),
    Example(file: "vgg13", name: "vgg13", shape: [1, 32, 32]),
    Example(file: "vgg16", name: "vgg16", shape: [1, 32, 32]),
    Example(file: "vgg19", name: "vgg19", shape: [1, 32, 32]),
    Example(file: "vgg11-imagenet", name: "vgg11-imagenet", shape: [1, 64, 32]),
    Example(file: "vgg16-imagenet", name: "vgg16-imagenet", shape: [1, 32, 32]),
    Example(file: "lenet", name: "lenet", shape: [1, 28, 28]),
    Example(file: "robustness", name: "resnet10", shape: [3, 12, 12]),
  ]

  @Test(.everyEngine, arguments: examples) func agreesWithPyTorch(_ example: Example) throws {
    let model = try ModelFixtures.load(
      ModelFixtures.checkpoint(example.file), architecture: example.architecture, images: example.shape,
      preprocessing: example.preprocessing)
    #expect(model.architecture == example.name)
    let golden = example.golden ?? example.file
    let logits = try ModelFixtures.golden("\(golden)/logits")
    let images = try ModelFixtures.images(example.shape, count: logits.batch)
    for target in [GradientTarget.logitSum, .logitPredicted] {
      let agreement = try ClassifierAgreement(
        model.classifier, images: images, logits: logits, target: target,
        gradient: ModelFixtures.golden("\(golden)/\(target.rawValue)"))
      #expect(agreement.logitError < 1)
      #expect(agreement.medianRelativeError < 1e-4)
      #expect(agreement.smallestCosine > 0.999)
    }
  }

  /// A network that is recognised can also be asked for.
  @Test(arguments: examples) func recognisedNamesAreAccepted(_ example: Example) throws {
    let file = try ModelFixtures.checkpoint(example.file)
    for suffix in ["", "-softplus"] {
      let name = example.name.hasSuffix("-softplus") ? example.name : example.name + suffix
      #expect(try ModelFixtures.load(file, architecture: name, images: example.shape).architecture == name)
    }
  }

  @Test func softplusIsTheSmoothOne() throws {
    let file = try ModelFixtures.checkpoint("resnet18")
    let images = try ModelFixtures.images([3, 12, 12], count: 1)
    let rough = try ModelFixtures.load(file, images: [3, 12, 12]).classifier.logits(images)
    let smooth = try ModelFixtures.load(file, architecture: "resnet18-softplus", images: [3, 12, 12])
      .classifier.logits(images)
    #expect(rough != smooth)
  }

  @Test func parametersAreTrainedNumbers() throws {
    let tensors = try ModelFixtures.tensors("vgg16")
    let trained = tensors.filter { !$0.name.contains("running_") }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let model = try ModelFixtures.load(ModelFixtures.checkpoint("vgg16"), images: [1, 32, 32])
    #expect(model.parameters == trained)
    #expect(model.notes.isEmpty)
    #expect(model.preprocessing == .identity(channels: 1))
    #expect(model.preprocessingIsAssumed)
  }
}
