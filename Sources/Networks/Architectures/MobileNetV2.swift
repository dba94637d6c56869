import Tensor

/// MobileNetV2 (Sandler et al. 2018) with torchvision's names, of any width. No tensor tells strides: those of the paper are taken, of
/// which code for small images changes some under other names.
enum MobileNetV2: Architecture {
  static let family = "mobilenetv2"
  static let names = ["mobilenetv2"]
  static let summary = "MobileNetV2 with torchvision's or timm's names and the paper's strides, of any width"
  static let marks = [
    ["features.0.0.weight"], ["features.1.conv.0.0.weight"], ["features.1.conv.1.weight"], ["features.18.0.weight"],
    ["classifier.1.weight"],
  ]

  /// Blocks of each stage and the stride of its first: table 2 of the paper.
  private static let stages: [(count: Int, stride: Int)] = [
    (1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1),
  ]

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let strides = stages.flatMap { [$0.stride] + [Int](repeating: 1, count: $0.count - 1) }
    var network = InvertedResiduals(tensors, activation: Layer("ReLU6"))
    try network.append(.unit(sequence: "features.0"), stride: 2)
    for (index, stride) in strides.enumerated() {
      try network.append(block("features.\(index + 1).conv", tensors), stride: stride)
    }
    try network.append(.unit(sequence: "features.\(strides.count + 1)"))
    return [
      RecognisedNetwork(
        name: "mobilenetv2",
        layers: network.layers + [.globalAveragePool, .flatten, .linear("classifier.1", bias: true)],
        inputShape: [try tensors.convolution("features.0.0")[1], 224, 224])
    ]
  }

  private static func block(_ name: String, _ tensors: TensorShapes) -> [InvertedResiduals.Part] {
    // The first block does not widen; its convolutions are one fewer.
    let widens = tensors.names.contains { $0.hasPrefix("\(name).1.0.") || $0.hasPrefix("\(name).3.") }
    let last = widens ? 2 : 1
    return (0..<last).map { .unit(sequence: "\(name).\($0)") } + [.unit("\(name).\(last)", "\(name).\(last + 1)")]
  }
}
