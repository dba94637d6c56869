import Tensor

/// Residual networks with post-activation blocks (He et al., "Deep Residual Learning", 2016):
/// the CIFAR ones of that paper's section 4.2 (three stages, parameter-free "option A" shortcuts), the CIFAR versions of
/// the ImageNet ones (3x3 stem, `linear`; the ones this benchmark's paper trains), and torchvision's (7x7 stem, `fc`).
enum ResNet: Architecture {
  static let names = [
    "resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet18", "resnet34", "resnet50",
    "resnet18-imagenet", "resnet34-imagenet", "resnet50-imagenet",
  ]
  static let summary = "residual networks: He et al.'s CIFAR ones, their 3x3-stem and torchvision's 7x7-stem forms"

  static func recognise(_ tensors: TensorShapes) -> RecognisedNetwork? {
    guard let stem = tensors["conv1.weight"], stem.count == 4, tensors.has("bn1.running_mean"),
      tensors.has("layer1.0.bn1.weight"), tensors.has("layer1.0.conv1.weight"), !tensors.has("layer1.0.bn0.weight")
    else { return nil }
    guard let head = ["linear", "fc"].first(where: { tensors.has("\($0).weight") }) else { return nil }
    let stages = (1...).prefix { tensors.has("layer\($0).0.conv1.weight") }.map { stage in
      tensors.count { "layer\(stage).\($0).conv1.weight" }
    }
    // Post-activation: the first block's first normalisation has the width of its own convolution's output.
    guard tensors.extent("layer1.0.bn1.weight", 0, rank: 1) == tensors.extent("layer1.0.conv1.weight", 0) else {
      return nil
    }
    let isBottleneck = tensors.has("layer1.0.conv3.weight")
    let isImageNetStem = stem[2] == 7
    var layers: [Layer] = [
      .conv("conv1", stride: isImageNetStem ? 2 : 1, padding: stem[2] / 2), .batchNorm("bn1"), .relu,
    ]
    if isImageNetStem { layers.append(.maxPool(3, stride: 2, padding: 1)) }
    var channels = stem[0]
    for (stage, count) in stages.enumerated() {
      for index in 0..<count {
        let name = "layer\(stage + 1).\(index)"
        let stride = stage > 0 && index == 0 ? 2 : 1
        guard let block = block(name, tensors, stride: stride, channels: &channels, isBottleneck: isBottleneck) else {
          return nil
        }
        layers += block
      }
    }
    layers += [.globalAveragePool, .flatten, .linear(head)]
    let inputChannels = stem[1]
    return RecognisedNetwork(
      name: name(stages, isBottleneck: isBottleneck, isImageNetStem: isImageNetStem), layers: layers,
      inputShape: isImageNetStem ? [inputChannels, 224, 224] : [inputChannels, 32, 32])
  }

  private static func block(
    _ name: String, _ tensors: TensorShapes, stride: Int, channels: inout Int, isBottleneck: Bool
  ) -> [Layer]? {
    let last = isBottleneck ? "conv3" : "conv2"
    guard let width = tensors.extent("\(name).\(last).weight", 0) else { return nil }
    let main: [Layer] =
      isBottleneck
      ? [
        .conv("\(name).conv1"), .batchNorm("\(name).bn1"), .relu,
        .conv("\(name).conv2", stride: stride, padding: 1), .batchNorm("\(name).bn2"), .relu,
        .conv("\(name).conv3"), .batchNorm("\(name).bn3"),
      ]
      : [
        .conv("\(name).conv1", stride: stride, padding: 1), .batchNorm("\(name).bn1"), .relu,
        .conv("\(name).conv2", padding: 1), .batchNorm("\(name).bn2"),
      ]
    var shortcut: [Layer] = []
    if let projection = ["shortcut", "downsample"].first(where: { tensors.has("\(name).\($0).0.weight") }) {
      shortcut = [.conv("\(name).\(projection).0", stride: stride), .batchNorm("\(name).\(projection).1")]
    } else if stride != 1 || width != channels {
      guard width >= channels, (width - channels) % 2 == 0 else { return nil }
      shortcut = .optionA(stride: stride, extraChannels: width - channels)
    }
    channels = width
    return [.residual(main, shortcut: shortcut), .relu]
  }

  private static func name(_ stages: [Int], isBottleneck: Bool, isImageNetStem: Bool) -> String {
    if stages.count == 3, !isBottleneck, Set(stages).count == 1 { return "resnet\(6 * stages[0] + 2)" }
    let depth = stages.reduce(0, +) * (isBottleneck ? 3 : 2) + 2
    return "resnet\(depth)" + (isImageNetStem ? "-imagenet" : "")
  }
}
