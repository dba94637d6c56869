import Tensor

/// Residual networks with pre-activation blocks (He et al., "Identity Mappings in Deep Residual Networks", 2016), as
/// PyTorch code for CIFAR-10 writes them; a final `bn` is optional.
enum PreActivationResNet: Architecture {
  static let names = ["preact-resnet18", "preact-resnet34", "preact-resnet50"]
  static let summary = "pre-activation residual networks for CIFAR-sized images"

  static func recognise(_ tensors: TensorShapes) -> RecognisedNetwork? {
    guard let stem = tensors["conv1.weight"], stem.count == 4, !tensors.has("bn1.running_mean"),
      tensors.extent("layer1.0.bn1.weight", 0, rank: 1) == stem[0], tensors.has("layer1.0.conv1.weight")
    else { return nil }
    guard let head = ["linear", "fc"].first(where: { tensors.has("\($0).weight") }) else { return nil }
    let stages = (1...).prefix { tensors.has("layer\($0).0.conv1.weight") }.map { stage in
      tensors.count { "layer\(stage).\($0).conv1.weight" }
    }
    let isBottleneck = tensors.has("layer1.0.conv3.weight")
    var layers: [Layer] = [.conv("conv1", padding: stem[2] / 2)]
    for (stage, count) in stages.enumerated() {
      for index in 0..<count {
        layers += block(
          "layer\(stage + 1).\(index)", tensors, stride: stage > 0 && index == 0 ? 2 : 1, isBottleneck: isBottleneck)
      }
    }
    if tensors.has("bn.running_mean") { layers += [.batchNorm("bn"), .relu] }
    layers += [.globalAveragePool, .flatten, .linear(head)]
    let depth = stages.reduce(0, +) * (isBottleneck ? 3 : 2) + 2
    return RecognisedNetwork(name: "preact-resnet\(depth)", layers: layers, inputShape: [stem[1], 32, 32])
  }

  /// The projection, where there is one, reads the activated input; otherwise the shortcut is the input itself.
  private static func block(_ name: String, _ tensors: TensorShapes, stride: Int, isBottleneck: Bool) -> [Layer] {
    let entry: [Layer] = [.batchNorm("\(name).bn1"), .relu]
    let main: [Layer] =
      isBottleneck
      ? [
        .conv("\(name).conv1"), .batchNorm("\(name).bn2"), .relu, .conv("\(name).conv2", stride: stride, padding: 1),
        .batchNorm("\(name).bn3"), .relu, .conv("\(name).conv3"),
      ]
      : [
        .conv("\(name).conv1", stride: stride, padding: 1), .batchNorm("\(name).bn2"), .relu,
        .conv("\(name).conv2", padding: 1),
      ]
    if tensors.has("\(name).shortcut.0.weight") {
      return entry + [.residual(main, shortcut: [.conv("\(name).shortcut.0", stride: stride)])]
    }
    return [.residual(entry + main, shortcut: [])]
  }
}
