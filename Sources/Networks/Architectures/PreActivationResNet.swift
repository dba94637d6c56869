import Tensor

/// Residual networks with pre-activation blocks (He et al., "Identity Mappings in Deep Residual Networks", 2016), as
/// PyTorch code for CIFAR-10 writes them; a final `bn` is optional.
enum PreActivationResNet: Architecture {
  static let family = "preact-resnet"
  static let names = ["preact-resnet18", "preact-resnet34", "preact-resnet50"]
  static let summary = "pre-activation residual networks for CIFAR-sized images"
  static let marks = [
    ["conv1.weight"], ["layer1.0.bn1.running_mean"], ["layer1.0.conv1.weight"], ["linear.weight", "fc.weight"],
  ]

  static func isMember(_ name: String) -> Bool {
    name.wholeMatch(of: /preact-resnet([0-9]{1,4})/).map { ResidualStages.isDepth($0.1) } ?? false
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    guard tensors.normalisesFirst else { return [] }
    guard !tensors.has("bn1.running_mean") else {
      // One code base adds the block's input to the shortcut before, another one after normalising it.
      throw .unfit("its last normalisation is called `bn1`, expected `bn`; tensors do not tell what its shortcuts read")
    }
    let stem = try tensors.convolution("conv1")
    guard stem[2] == 3, stem[3] == 3 else {
      throw .unfit("its first convolution is \(stem[2]) x \(stem[3]), expected 3 x 3")
    }
    let stages = ResidualStages(tensors)
    var layers: [Layer] = [.conv("conv1", tensors, padding: 1)]
    var channels = stem[0]
    for (name, stride) in stages.blocks {
      layers += try block(
        name, tensors, stride: stride, channels: &channels, isBottleneck: stages.isBottleneck)
    }
    if tensors.names.contains(where: { $0.hasPrefix("bn.") }) { layers += [.batchNorm("bn", tensors), .relu] }
    let depth = try stages.depth()
    let tail = try tensors.residualTail(
      tensors.residualHead, channels: channels, inputChannels: stem[1], halvings: stages.counts.count - 1)
    return [
      RecognisedNetwork(name: "preact-resnet\(depth)", layers: layers + tail.layers, inputShape: tail.inputShape)
    ]
  }

  /// The projection, where there is one, reads the activated input; otherwise the shortcut is the input itself.
  private static func block(
    _ name: String, _ tensors: TensorShapes, stride: Int, channels: inout Int, isBottleneck: Bool
  ) throws(Misfit) -> [Layer] {
    let width = try tensors.convolution("\(name).\(isBottleneck ? "conv3" : "conv2")")[0]
    func conv(_ place: String, stride: Int = 1, padding: Int = 0) -> Layer {
      .conv("\(name).\(place)", tensors, stride: stride, padding: padding)
    }
    func norm(_ place: String) -> Layer { .batchNorm("\(name).\(place)", tensors) }
    let entry: [Layer] = [norm("bn1"), .relu]
    let main: [Layer] =
      isBottleneck
      ? [
        conv("conv1"), norm("bn2"), .relu, conv("conv2", stride: stride, padding: 1), norm("bn3"), .relu, conv("conv3"),
      ]
      : [conv("conv1", stride: stride, padding: 1), norm("bn2"), .relu, conv("conv2", padding: 1)]
    let isProjected = stride != 1 || width != channels || tensors.has("\(name).shortcut.0.weight")
    channels = width
    return isProjected
      ? entry + [.residual(main, shortcut: [conv("shortcut.0", stride: stride)])]
      : [.residual(entry + main, shortcut: [])]
  }
}
