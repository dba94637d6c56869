import Tensor

/// A plain network for small images: three 3x3 convolutions of widths w, 2w and 4w with batch normalisation, max pools after
/// the last two, one linear layer on the flattened map. With w = 8 the network on which the regimes of `glyphs` were studied.
enum SmallCNN: Architecture {
  static let family = "cnn-small"
  static let names = ["cnn-small"]
  static let summary = "a plain network of three convolutions for small images"
  static let marks = [
    ["conv1.weight"], ["bn1.running_mean"], ["conv2.weight"], ["bn2.running_mean"], ["conv3.weight"],
    ["bn3.running_mean"], ["fc.weight"],
  ]

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    // A residual network's bottleneck has such names further down only.
    guard !tensors.names.contains(where: { $0.hasPrefix("layer") || $0.hasPrefix("block") }) else { return [] }
    for name in ["conv1", "conv2", "conv3"] {
      let shape = try tensors.convolution(name)
      guard shape[2] == 3, shape[3] == 3 else {
        throw .unfit("`\(name).weight` is \(shape[2]) x \(shape[3]), expected 3 x 3")
      }
    }
    func unit(_ index: Int) -> [Layer] {
      [.conv("conv\(index)", tensors, padding: 1), .batchNorm("bn\(index)", tensors), .relu]
    }
    let pool = Layer.maxPool(2, stride: 2)
    return [
      RecognisedNetwork(
        name: "cnn-small",
        layers: unit(1) + unit(2) + [pool] + unit(3) + [pool, .flatten, .linear("fc", bias: true)],
        inputShape: tensors.imageShape)
    ]
  }

  static func freshTensors(_ name: String, _ size: NetworkSize) -> FreshTensors? {
    let width = size.width ?? 8
    var tensors = FreshTensors()
    var channels = size.inputShape[0]
    for (index, outputs) in [width, 2 * width, 4 * width].enumerated() {
      tensors.convolution("conv\(index + 1)", channels, outputs)
      tensors.batchNorm("bn\(index + 1)", outputs)
      channels = outputs
    }
    tensors.linear("fc", channels * (size.inputShape[1] / 4) * (size.inputShape[2] / 4), size.classCount)
    return tensors
  }
}
