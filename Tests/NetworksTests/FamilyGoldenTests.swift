import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// torchvision's, timm's and transformers' own classes in float64, as `Tests/Fixtures/families/generate.py` saved them, small and with random
/// weights, statistics and scales.
@Suite struct FamilyGoldenTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let file: String
    /// What it is recognised as, or asked for.
    let name: String
    /// Whether the tensors alone tell it.
    var isRecognised = true
    /// Whether another example is of the same code, so that each of its tensors need not be tried.
    var isRepeated = false
    /// Tensors without which it is another network, or none that the message can name.
    var optional: Set<String> = []
    var testDescription: String { file }
  }

  static let examples = [
    Example(file: "vit-torchvision", name: "vit-16x2-4-heads4", isRecognised: false),
    Example(file: "vit-timm", name: "vit-16x2-4-heads2", isRecognised: false),
    Example(file: "deit-distilled", name: "deit-16x2-4-heads4", isRecognised: false),
    Example(file: "convnext-torchvision", name: "convnext-6x1-1-2-1"),
    Example(file: "convnext-timm", name: "convnext-6x1-1-2-1"),
    Example(file: "convnext-timm-convolutions", name: "convnext-4x1-1-1-1"),
    Example(file: "mobilenetv2", name: "mobilenetv2"), Example(file: "efficientnet-b0", name: "efficientnet-b0"),
    Example(file: "efficientnet-b5", name: "efficientnet-b5", isRepeated: true),
    Example(file: "densenet", name: "densenet-2-1-2"), Example(file: "regnetx", name: "regnetx-1-2-1-1-w12"),
    Example(file: "regnety", name: "regnety-1-2-1-1-w12"), Example(file: "regnety-timm", name: "regnety-1-1-2-1-w40"),
    Example(file: "vit-timm-registers", name: "vit-16x2-4-heads2", isRecognised: false, optional: ["reg_token"]),
    Example(file: "vit-timm-average", name: "vit-16x2-4-heads2", isRecognised: false, optional: ["reg_token"]),
    Example(file: "vit-transformers", name: "vit-16x2-4-heads4", isRecognised: false),
    Example(file: "vit-transformers-in-memory", name: "vit-16x2-4-heads4", isRecognised: false),
    Example(
      file: "deit-transformers", name: "deit-16x2-4-heads4", isRecognised: false),
    // Its distillation's token is one of the sequence, and no head tells of it.
    Example(
      file: "deit-transformers-untaught", name: "deit-16x2-4-heads4", isRecognised: false, isRepeated: true),
    Example(file: "convnext-transformers", name: "convnext-6x1-1-2-1"),
    Example(file: "convnextv2-transformers", name: "convnextv2-6x1-1-2-1"),
    Example(file: "resnext", name: "resnext50-imagenet"),
    Example(file: "swin-torchvision", name: "swin-4x2-2-2"),
    Example(file: "swin-timm", name: "swin-8x2-2"),
    Example(file: "swinv2-torchvision", name: "swinv2-4x2-2-2"),
    Example(file: "convnextv2-timm", name: "convnextv2-6x1-1-2-1"),
    Example(file: "convnextv2-timm-convolutions", name: "convnextv2-4x1-1-1-1", isRepeated: true),
    Example(file: "efficientnetv2-torchvision", name: "efficientnetv2-b0"),
    Example(file: "mobilenetv3-torchvision", name: "mobilenetv3-small"),
    // TensorFlow's padding leaves no tensor.
    Example(file: "efficientnet-timm", name: "efficientnet-b0", isRecognised: false),
    Example(file: "efficientnet-timm-tf", name: "efficientnet-b0-tf", isRecognised: false, isRepeated: true),
    Example(file: "efficientnetv2-timm-tf", name: "efficientnetv2-b0-tf", isRecognised: false),
    Example(file: "mobilenetv2-timm", name: "mobilenetv2"),
    Example(file: "mobilenetv3-timm", name: "mobilenetv3-small", isRecognised: false),
  ]

  private func stateDict(_ name: String) throws -> StateDict {
    let file = ModelFixtures.packageRoot.appendingPathComponent("Tests/Fixtures/families/\(name).safetensors")
    return try CheckpointReader.stateDict(of: CheckpointFile.open(file.path))
  }

  private func golden(_ example: Example, _ name: String) throws -> Tensor {
    try ModelFixtures.tensor(stateDict("\(example.file)-goldens").tensor(name))
  }

  private func tensors(_ example: Example) throws -> [TensorToWrite] {
    try stateDict(example.file).tensors.map { TensorToWrite(name: $0.name, shape: $0.shape, floats: try $0.floats()) }
  }

  private func load(_ example: Example, _ tensors: [TensorToWrite]) throws -> LoadedModel {
    try ModelFixtures.load(
      ModelFixtures.write(tensors), architecture: example.isRecognised ? nil : example.name,
      images: golden(example, "images").shape.droppingFirst)
  }

  @Test(arguments: examples) func agreesWithPyTorch(_ example: Example) throws {
    let model = try load(example, tensors(example))
    #expect(model.architecture == example.name)
    #expect(model.notes.isEmpty)
    let bytes = try golden(example, "images")
    let images = Tensor(shape: bytes.shape, scalars: bytes.scalars.map { $0 / 255 })
    for target in [GradientTarget.logitSum, .logitPredicted] {
      let agreement = try ClassifierAgreement(
        model.classifier, images: images, logits: golden(example, "logits"), target: target,
        gradient: golden(example, target.rawValue))
      #expect(agreement.logitError < 1)
      #expect(agreement.medianRelativeError < 1e-4)
      #expect(agreement.smallestCosine > 0.999)
    }
  }

  @Test(arguments: examples.filter { !$0.isRepeated }) func everyMissingTensorIsNamed(_ example: Example) throws {
    let tensors = try tensors(example)
    for missing in tensors where !example.optional.contains(missing.name) {
      let message = ModelFixtures.message { _ = try load(example, tensors.filter { $0.name != missing.name }) }
      #expect(message?.contains("`\(missing.name)`") == true, "without \(missing.name): \(message ?? "accepted")")
    }
  }

  /// One number too many along the first axis.
  @Test(arguments: examples.filter { !$0.isRepeated }) func everyMisshapenTensorIsRefused(_ example: Example) throws {
    let tensors = try tensors(example)
    for index in tensors.indices {
      var changed = tensors
      var shape = changed[index].shape
      shape[0] += 1
      changed[index] = TensorToWrite(
        name: changed[index].name, shape: shape, floats: [Float](repeating: 0.1, count: shape.reduce(1, *)))
      let message = ModelFixtures.message { _ = try load(example, changed) }
      #expect(message != nil, "\(changed[index].name)")
      if example.isRecognised {
        #expect(message?.contains("torch.onnx.export") == true, "\(changed[index].name): \(message ?? "")")
      }
    }
  }
}
