import BenchCore
import Checkpoints
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Tensors that are nearly those of a built-in network must never become another network silently.
@Suite struct RecognitionTests {
  static let networks: [(file: String, shape: Shape)] = [
    ("resnet18", [3, 12, 12]), ("resnet50-imagenet", [1, 34, 38]), ("resnet20", [3, 12, 12]),
    ("preact-resnet18", [3, 12, 12]), ("preact-resnet18-bn", [3, 12, 12]), ("wideresnet-16-2", [3, 12, 12]),
    ("vgg13", [1, 32, 32]), ("vgg16", [1, 32, 32]), ("vgg11-imagenet", [1, 64, 32]), ("lenet", [1, 28, 28]),
  ]

  @Test(arguments: networks) func everyMissingTensorIsNamed(_ network: (file: String, shape: Shape)) throws {
    let tensors = try ModelFixtures.tensors(network.file)
    for missing in tensors {
      let file = try ModelFixtures.write(tensors.filter { $0.name != missing.name })
      let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: network.shape) }
      #expect(message?.contains("`\(missing.name)`") == true, "without \(missing.name): \(message ?? "accepted")")
    }
  }

  @Test(arguments: networks) func anExtraTensorIsNamedUnlessTheNetworkWasAskedFor(
    _ network: (file: String, shape: Shape)
  ) throws {
    let tensors = try ModelFixtures.tensors(network.file)
    let name = try ModelFixtures.load(ModelFixtures.checkpoint(network.file), images: network.shape).architecture
    let file = try ModelFixtures.write(tensors + [TensorToWrite(name: "rotation.weight", shape: [2], floats: [1, 2])])
    let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: network.shape) }
    #expect(
      message == "test.pt: the network looks like `\(name)`, which does not use 1 of the tensors (`rotation.weight`); "
        + "pass --arch \(name) if it is that network all the same, or describe it in a model.json")
    let model = try ModelFixtures.load(file, architecture: name, images: network.shape)
    #expect(model.notes == ["1 tensor is not used by the network: rotation.weight"])
  }

  /// Names that are split at their points, or hold a number: none may end the process.
  @Test(arguments: [
    "features.", "features..", "features", "features.-9223372036854775808.weight",
    "features.9223372036854775807.weight", "layer.", "layer9223372036854775807.0.conv1.weight", "block.",
    "block1.layer.",
    ".", "", "..", "conv1.", "classifier.",
  ]) func anyNameIsToldApart(_ name: String) throws {
    let odd = TensorToWrite(name: name, shape: [2], floats: [1, 2])
    let largest = TensorToWrite(
      name: "features.0.weight", shape: [2, 1, 3, 3], floats: [Float](repeating: 1, count: 18))
    for file in try [ModelFixtures.write([odd]), ModelFixtures.write([largest, odd])] {
      #expect(ModelFixtures.message { _ = try ModelFixtures.load(file, images: [1, 32, 32]) } != nil)
    }
  }

  /// Whole blocks may be missing as well: what is left is no known network, or none at all.
  @Test(arguments: [
    ("resnet18", "layer2.1."), ("resnet18", "layer4.1."), ("resnet18", "layer4."), ("resnet18", "layer3."),
    ("resnet50", "layer3.2."), ("resnet50", "layer1.2."), ("resnet20", "layer1.2."), ("resnet20", "layer3."),
    ("preact-resnet18", "layer1.1."), ("wideresnet-16-2", "block2.layer.1."), ("wideresnet-16-2", "block3."),
    ("resnet18", "layer2.0.shortcut."), ("preact-resnet18", "layer2.0.shortcut."), ("resnet18", "bn1."),
    ("vgg16", "features.14."), ("vgg16", "features.40."),
  ]) func missingBlocksAreNoticed(file: String, prefix: String) throws {
    let tensors = try ModelFixtures.tensors(file).filter { !$0.name.hasPrefix(prefix) }
    let message = try #require(
      ModelFixtures.message {
        _ = try ModelFixtures.load(ModelFixtures.write(tensors), images: file == "vgg16" ? [1, 32, 32] : [3, 12, 12])
      }, "accepted without \(prefix)")
    #expect(message.hasPrefix("test.pt: "))
  }

  private func changed(_ file: String, _ name: String, to shape: [Int]) throws -> CheckpointFile {
    try ModelFixtures.write(
      ModelFixtures.tensors(file).map {
        $0.name == name
          ? TensorToWrite(name: name, shape: shape, floats: [Float](repeating: 0.1, count: shape.reduce(1, *))) : $0
      })
  }

  @Test(arguments: [
    ("resnet18", "conv1.weight", [2, 3, 5, 5], "its first convolution is 5 x 5"),
    ("resnet18", "conv1.weight", [2, 3, 7, 7], "its first convolution is 7 x 7"),
    ("resnet18-imagenet", "conv1.weight", [2, 3, 7, 3], "its first convolution is 7 x 3"),
    (
      "resnet18", "conv1.weight", [4, 3, 3, 3],
      "tensor `bn1.running_mean` of layers[1] (BatchNorm2d `bn1`) has shape [2]"
    ),
    ("resnet18", "conv1.weight", [2, 3, 3], "`conv1.weight` has shape [2, 3, 3], expected that of a convolution"),
    ("resnet18", "linear.weight", [5, 6], "tensor `linear.weight` of"),
    (
      "resnet18", "linear.weight", [5, 45],
      "reads 3 x 3 averages of 5 channels, but images of shape [3, 12, 12] leave a map of 2 x 2"
    ),
    ("resnet18", "linear.bias", [6], "tensor `linear.bias` of"),
    ("resnet18", "layer3.0.conv1.weight", [4, 3, 1, 1], "they are added"),
    ("resnet18", "layer3.0.conv1.weight", [4, 3, 5, 5], "they are added"),
    ("resnet18", "layer3.0.shortcut.0.weight", [4, 3, 3, 3], "they are added"),
    ("resnet50", "layer1.0.conv2.weight", [2, 1, 3, 3], "tensor `layer1.0.conv2.weight` of layers[3].main[3]"),
    ("wideresnet-16-2", "conv1.weight", [1, 3, 7, 7], "its first convolution is 7 x 7, expected 3 x 3"),
    ("preact-resnet18", "conv1.weight", [2, 3, 1, 1], "its first convolution is 1 x 1, expected 3 x 3"),
    ("lenet", "conv1.weight", [3, 1, 5, 5], "its convolutions are 5 x 5 and 3 x 3"),
    ("lenet", "fc1.weight", [5, 100], "`fc1.weight` reads 100 numbers, expected 12 x 12 positions of 4 channels"),
    (
      "lenet", "fc2.weight", [10, 6],
      "tensor `fc2.weight` of layers[8] (Linear `fc2`) has shape [10, 6], expected [K, 5]"
    ),
  ]) func otherShapesAreRefused(file: String, name: String, shape: [Int], part: String) throws {
    let checkpoint = try changed(file, name, to: shape)
    let message = ModelFixtures.message {
      _ = try ModelFixtures.load(checkpoint, images: file == "lenet" ? [1, 28, 28] : [3, 12, 12])
    }
    #expect(message?.contains(part) == true, "\(message ?? "accepted")")
  }

  @Test func otherWindowsAreNoVGG() throws {
    let message = ModelFixtures.message {
      _ = try ModelFixtures.load(changed("vgg16", "features.3.weight", to: [3, 3, 5, 5]), images: [1, 32, 32])
    }
    #expect(message?.contains("`features.3.weight` is 5 x 5, expected 3 x 3") == true)
    // VGG-16 without its last convolution and the layers' numbers shifted as they would be: pools after 2, 2, 3, 3, 2.
    let shorter = try ModelFixtures.tensors("vgg16").filter { !["features.40", "features.41"].contains($0.module) }
    let missing = ModelFixtures.message {
      _ = try ModelFixtures.load(ModelFixtures.write(shorter), images: [1, 32, 32])
    }
    #expect(missing?.contains("its pools stand after 2, 2, 3, 3, 2 convolutions, which is no VGG") == true)
  }

  /// A fixed size is told by the linear layer; images that leave another map do not fit it.
  @Test func pooledMapsDependOnTheImages() throws {
    let file = try ModelFixtures.checkpoint("resnet18-2x2")
    let larger = try ModelFixtures.load(file, images: [1, 64, 64])
    #expect(larger.classifier.inputShape == [1, 64, 64])
    #expect(try ModelFixtures.load(file).classifier.inputShape == [1, 64, 64])
    let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: [1, 72, 72]) }
    #expect(
      message?.contains("reads 2 x 2 averages of 3 channels, but images of shape [1, 72, 72] leave a map of 9 x 9")
        == true)
  }

  @Test func sizesWithoutATaskAreTheFamilys() throws {
    let expected: [(String, Shape)] = [
      ("resnet18", [3, 32, 32]), ("resnet18-imagenet", [3, 224, 224]), ("lenet", [1, 28, 28]), ("vgg11", [1, 32, 32]),
    ]
    for (file, shape) in expected {
      #expect(try ModelFixtures.load(ModelFixtures.checkpoint(file)).classifier.inputShape == shape)
    }
  }

  /// torchvision's names with a 3x3 stem: published checkpoints exist with and without the max pool.
  @Test func whatTensorsDoNotTellIsAsked() throws {
    let file = try ModelFixtures.checkpoint("resnet18-ambiguous")
    let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: [3, 12, 12]) }
    #expect(
      message
        == "resnet18-ambiguous.pt: the tensors fit several architectures: `resnet18` (no max pool after the first "
        + "convolution), `resnet18-maxpool` (a 3 x 3 max pool with stride 2 after it); choose one with --arch, or in a "
        + "model.json")
  }

  /// `avg_pool2d(4)` of a map of 7 x 4 sees its rows 0 to 3.
  @Test func wholeMapsOrTheirFirstWindowAreAsked() throws {
    let file = try ModelFixtures.checkpoint("resnet18")
    let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: [3, 56, 28]) }
    #expect(
      message?.contains(
        "`resnet18` (an average over the whole last map of 7 x 4), `resnet18-window4` (an average over its first 4 x 4)"
      )
        == true)
    // On images that leave 4 x 4, or fewer, both are the same network.
    for images in [[3, 32, 32], [3, 12, 12]] as [Shape] {
      #expect(try ModelFixtures.load(file, images: images).architecture == "resnet18")
    }
  }

  @Test func theFirstWindowIsAnAverageOfItsRowsAlone() throws {
    let size = NetworkSize(inputShape: [1, 56, 28], classCount: 10, width: 4)
    let (window, whole) = (
      try TrainableNetwork(architecture: "resnet18-window4", size), try TrainableNetwork(architecture: "resnet18", size)
    )
    #expect(window.tensors == whole.tensors && window.layers.count == whole.layers.count)
    let differing = zip(window.layers, whole.layers).filter { $0 != $1 }
    #expect(differing.map(\.0.type) == ["AvgPool2d"] && differing.map(\.1.type) == ["GlobalAvgPool2d"])
  }

  @Test func oneLinearLayerMayBeCalledByEitherName() throws {
    let renamed = try ModelFixtures.tensors("resnet18").map {
      TensorToWrite(
        name: $0.name.replacing("linear", with: "fc"), dtype: $0.dtype, shape: $0.shape, data: $0.data)
    }
    let model = try ModelFixtures.load(ModelFixtures.write(renamed), images: [3, 12, 12])
    let images = try ModelFixtures.images([3, 12, 12], count: 2)
    #expect(model.architecture == "resnet18")
    #expect(
      try model.classifier.logits(images)
        == ModelFixtures.load(ModelFixtures.checkpoint("resnet18"), images: [3, 12, 12]).classifier.logits(images))
    let both = try ModelFixtures.tensors("resnet18") + renamed.filter { $0.name.hasPrefix("fc.") }
    let message = ModelFixtures.message { _ = try ModelFixtures.load(ModelFixtures.write(both), images: [3, 12, 12]) }
    #expect(message?.contains("`fc.weight`") == true)
  }

  @Test func biasesOfConvolutionsAreUsedAndAllNeeded() throws {
    let tensors = try ModelFixtures.tensors("resnet18")
    let biases = tensors.filter { $0.name.hasPrefix("layer") && $0.name.hasSuffix("conv1.weight") }.map {
      TensorToWrite(
        name: $0.name.replacing("weight", with: "bias"), shape: [$0.shape[0]],
        floats: [Float](repeating: 0.25, count: $0.shape[0]))
    }
    let images = try ModelFixtures.images([3, 12, 12], count: 1)
    let biased = try ModelFixtures.load(ModelFixtures.write(tensors + biases), images: [3, 12, 12])
    #expect(
      try biased.classifier.logits(images)
        != ModelFixtures.load(ModelFixtures.write(tensors), images: [3, 12, 12]).classifier.logits(images))
    let message = ModelFixtures.message {
      _ = try ModelFixtures.load(ModelFixtures.write(tensors + biases.dropLast()), images: [3, 12, 12])
    }
    #expect(message?.contains("`layer4.1.conv1.bias`") == true)
  }

  /// A wide residual network of other code, whose shortcuts read the input before it is activated.
  @Test func aPreActivationNetworkWithFinalBn1IsRefused() throws {
    let renamed = try ModelFixtures.tensors("preact-resnet18-bn").map {
      TensorToWrite(
        name: $0.name.hasPrefix("bn.") ? "bn1." + $0.name.dropFirst(3) : $0.name, dtype: $0.dtype, shape: $0.shape,
        data: $0.data)
    }
    let message = ModelFixtures.message {
      _ = try ModelFixtures.load(ModelFixtures.write(renamed), images: [3, 12, 12])
    }
    #expect(message?.contains("its last normalisation is called `bn1`, expected `bn`") == true)
  }

  @Test func unknownNamesAreAnsweredWithTheNearest() throws {
    let file = try ModelFixtures.checkpoint("resnet18")
    func message(_ name: String) -> String? {
      ModelFixtures.message { _ = try ModelFixtures.load(file, architecture: name, images: [3, 12, 12]) }
    }
    #expect(message("resnet-18")?.hasPrefix("there is no architecture `resnet-18`; did you mean `resnet18`?") == true)
    #expect(message("resnet19")?.hasPrefix("there is no architecture `resnet19`; did you mean `resnet18`?") == true)
    #expect(message("wideresnet-27-10")?.contains("did you mean `wideresnet-28-10`?") == true)
    #expect(message("transformer")?.contains("there is no architecture `transformer`; known are resnet20,") == true)
    #expect(
      message("resnet34")?.contains("do not fit the architecture `resnet34`: they are those of `resnet18`") == true)
    // Of the family's pattern though not in its list.
    #expect(message("resnet101")?.contains("they are those of `resnet18`") == true)
    #expect(message("vgg16")?.contains("they are those of `resnet18`") == true)
    #expect(message("vgg16-softplus")?.contains("they are those of `resnet18`") == true)
  }

  @Test func tensorsOfNoFamilyAreListed() throws {
    let file = try ModelFixtures.write([TensorToWrite(name: "encoder.weight", shape: [2, 2], floats: [1, 2, 3, 4])])
    let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: [3, 12, 12]) }
    #expect(message?.hasPrefix("test.pt: no built-in architecture has these tensors (`encoder.weight` [2, 2])") == true)
    // The three ways, with this file's name and the task's images.
    #expect(message?.contains(#"torch.zeros(1, 3, 12, 12),), "test.onnx","#) == true)
    for page in ["docs/python.md", "docs/plugin-protocol.md", "docs/add-a-model.md", "`pags-bench plugins`"] {
      #expect(message?.contains(page) == true, "\(page)")
    }
    // It is read to its end: no list of a hundred names.
    #expect((message?.count ?? 0) < 1000, "\(message ?? "")")
  }

  @Test func weightsThatAreNotNumbersAreNamed() throws {
    for (name, value) in [("layer2.0.conv1.weight", Float.nan), ("linear.bias", Float.infinity)] {
      let tensors = try ModelFixtures.tensors("resnet18").map { tensor in
        tensor.name == name
          ? TensorToWrite(
            name: name, shape: tensor.shape, floats: [Float](repeating: value, count: tensor.shape.reduce(1, *)))
          : tensor
      }
      let message = ModelFixtures.message {
        _ = try ModelFixtures.load(ModelFixtures.write(tensors), images: [3, 12, 12])
      }
      #expect(message?.contains("tensor `\(name)` holds NaN or infinity") == true)
    }
  }

  @Test func imagesOfOtherChannelsDoNotFit() throws {
    let message = ModelFixtures.message {
      _ = try ModelFixtures.load(ModelFixtures.checkpoint("resnet18"), images: [1, 12, 12])
    }
    #expect(message?.contains("the network (resnet18) takes images of 3 channels, these have 1") == true)
  }
}

extension TensorToWrite {
  /// The name without its last part.
  fileprivate var module: String { String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)]) }
}
