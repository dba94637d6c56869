import Tensor

/// Wide residual networks (Zagoruyko and Komodakis, "Wide Residual Networks", 2016) in the form that robust-training code
/// shares: `block1.layer.0.conv1`, `convShortcut`, final `bn1` and `fc`.
enum WideResNet: Architecture {
  static let names = ["wideresnet-28-10", "wideresnet-34-10", "wideresnet-28-2", "wideresnet-16-4"]
  static let summary = "wide residual networks of any depth and width"

  static func recognise(_ tensors: TensorShapes) -> RecognisedNetwork? {
    guard let stem = tensors["conv1.weight"], stem.count == 4, tensors.has("block1.layer.0.bn1.running_mean"),
      tensors.has("bn1.running_mean"), tensors.has("fc.weight"),
      let width = tensors.extent("block1.layer.0.conv1.weight", 0)
    else { return nil }
    var layers: [Layer] = [.conv("conv1", padding: stem[2] / 2)]
    var blocks = 0
    for stage in (1...).prefix(while: { tensors.has("block\($0).layer.0.conv1.weight") }) {
      let count = tensors.count { "block\(stage).layer.\($0).conv1.weight" }
      blocks = count
      for index in 0..<count {
        layers += block("block\(stage).layer.\(index)", tensors, stride: stage > 1 && index == 0 ? 2 : 1)
      }
    }
    layers += [.batchNorm("bn1"), .relu, .globalAveragePool, .flatten, .linear("fc")]
    return RecognisedNetwork(
      name: "wideresnet-\(6 * blocks + 4)-\(width / max(1, stem[0]))", layers: layers, inputShape: [stem[1], 32, 32])
  }

  private static func block(_ name: String, _ tensors: TensorShapes, stride: Int) -> [Layer] {
    let entry: [Layer] = [.batchNorm("\(name).bn1"), .relu]
    let main: [Layer] = [
      .conv("\(name).conv1", stride: stride, padding: 1), .batchNorm("\(name).bn2"), .relu,
      .conv("\(name).conv2", padding: 1),
    ]
    if tensors.has("\(name).convShortcut.weight") {
      return entry + [.residual(main, shortcut: [.conv("\(name).convShortcut", stride: stride)])]
    }
    return [.residual(entry + main, shortcut: [])]
  }
}
