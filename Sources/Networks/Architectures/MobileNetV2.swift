import Tensor

/// MobileNetV2 (Sandler et al. 2018) with torchvision's names, of any width. No tensor tells strides: those of the paper are taken, of
/// which code for small images changes some under other names.
enum MobileNetV2: Architecture {
  static let family = "mobilenetv2"
  static let names = ["mobilenetv2"]
  static let summary = "MobileNetV2 with torchvision's names and the paper's strides, of any width"
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
    let stem = try tensors.convolution("features.0.0")
    var layers = unit("features.0", tensors, stride: 2, padding: 1)
    var channels = stem[0]
    for (index, stride) in strides.enumerated() {
      layers += try block("features.\(index + 1)", tensors, stride: stride, channels: &channels)
    }
    layers += unit("features.\(strides.count + 1)", tensors)
    return [
      RecognisedNetwork(
        name: "mobilenetv2",
        layers: layers + [.globalAveragePool, .flatten, .linear("classifier.1", bias: true)],
        inputShape: [stem[1], 224, 224])
    ]
  }

  /// Convolution, normalisation and activation in one `Sequential`.
  private static func unit(
    _ name: String, _ tensors: TensorShapes, stride: Int = 1, padding: Int = 0, groups: Int = 1
  ) -> [Layer] {
    [
      .conv("\(name).0", stride: stride, padding: padding, groups: groups, bias: false),
      .batchNorm("\(name).1", tensors), Layer("ReLU6"),
    ]
  }

  private static func block(
    _ name: String, _ tensors: TensorShapes, stride: Int, channels: inout Int
  ) throws(Misfit) -> [Layer] {
    // The first block does not widen; its convolutions are one fewer.
    let widens = tensors.names.contains { $0.hasPrefix("\(name).conv.1.0.") || $0.hasPrefix("\(name).conv.3.") }
    let last = widens ? 2 : 1
    let depthwise = "\(name).conv.\(last - 1)"
    let width = try tensors.convolution("\(depthwise).0")[0]
    let outputs = try tensors.convolution("\(name).conv.\(last)")[0]
    let main =
      (widens ? unit("\(name).conv.0", tensors) : [])
      + unit(depthwise, tensors, stride: stride, padding: 1, groups: width)
      + [.conv("\(name).conv.\(last)", bias: false), .batchNorm("\(name).conv.\(last + 1)", tensors)]
    defer { channels = outputs }
    return stride == 1 && outputs == channels ? [.residual(main, shortcut: [])] : main
  }
}
