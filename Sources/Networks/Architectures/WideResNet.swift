import Tensor

/// Wide residual networks (Zagoruyko and Komodakis, "Wide Residual Networks", 2016) in the form that robust-training code
/// shares: `block1.layer.0.conv1`, `convShortcut`, final `bn1` and `fc`.
enum WideResNet: Architecture {
  static let family = "wideresnet"
  static let names = ["wideresnet-28-10", "wideresnet-34-10", "wideresnet-28-2", "wideresnet-16-4"]
  static let summary = "wide residual networks of any depth and width"
  static let marks = [
    ["conv1.weight"], ["block1.layer.0.conv1.weight"], ["block1.layer.0.bn1.running_mean"], ["bn1.running_mean"],
    ["fc.weight"],
  ]

  static func isMember(_ name: String) -> Bool {
    name.wholeMatch(of: /wideresnet-([0-9]{1,4})-[0-9]{1,4}/).flatMap { Int($0.1) }.map { $0 > 4 && $0 % 6 == 4 }
      ?? false
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let stem = try tensors.convolution("conv1")
    guard stem[2] == 3, stem[3] == 3 else {
      throw .unfit("its first convolution is \(stem[2]) x \(stem[3]), expected 3 x 3")
    }
    let counts = (1...3).map { tensors.count(after: "block\($0).layer.") }
    guard Set(counts).count == 1, tensors.count(after: "block", from: 1) == 3 else {
      throw .unfit(
        "its stages have \(counts.map(String.init).joined(separator: ", ")) blocks, expected three of equal length; "
          + "are tensors missing?")
    }
    var layers: [Layer] = [.conv("conv1", tensors, padding: 1)]
    var channels = stem[0]
    for (stage, count) in counts.enumerated() {
      for index in 0..<count {
        layers += try block(
          "block\(stage + 1).layer.\(index)", tensors, stride: stage > 0 && index == 0 ? 2 : 1, channels: &channels)
      }
    }
    layers += [.batchNorm("bn1", tensors), .relu]
    let tail = try tensors.residualTail("fc", channels: channels, inputChannels: stem[1], halvings: 2)
    let widening = try tensors.convolution("block1.layer.0.conv1")[0] / stem[0]
    return [
      RecognisedNetwork(
        name: "wideresnet-\(6 * counts[0] + 4)-\(widening)", layers: layers + tail.layers,
        inputShape: tail.inputShape,
        // One code base makes a stage it never runs.
        ignoredPrefixes: ["sub_block1."])
    ]
  }

  /// As in pre-activation networks: the projection reads the activated input.
  private static func block(
    _ name: String, _ tensors: TensorShapes, stride: Int, channels: inout Int
  ) throws(Misfit) -> [Layer] {
    let width = try tensors.convolution("\(name).conv2")[0]
    let entry: [Layer] = [.batchNorm("\(name).bn1", tensors), .relu]
    let main: [Layer] = [
      .conv("\(name).conv1", tensors, stride: stride, padding: 1), .batchNorm("\(name).bn2", tensors), .relu,
      .conv("\(name).conv2", tensors, padding: 1),
    ]
    let isProjected = stride != 1 || width != channels || tensors.has("\(name).convShortcut.weight")
    channels = width
    return isProjected
      ? entry + [.residual(main, shortcut: [.conv("\(name).convShortcut", tensors, stride: stride)])]
      : [.residual(entry + main, shortcut: [])]
  }
}
