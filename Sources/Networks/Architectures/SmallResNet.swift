import Tensor

/// A small residual network for small images: a 3x3 convolution of width w, three basic blocks of widths w, 2w and 4w, the
/// last two with stride 2 and a projection, one linear layer on the flattened map (position matters on `glyphs`).
enum SmallResNet: Architecture {
  static let family = "resnet-small"
  static let names = ["resnet-small"]
  static let summary = "a residual network of three blocks for small images"
  static let marks = [
    ["conv1.weight"], ["bn1.running_mean"], ["block1.conv1.weight"], ["block1.bn1.running_mean"],
    ["block3.conv2.weight"], ["fc.weight"],
  ]

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let count = tensors.count(after: "block", from: 1)
    guard count == 3 else { throw .unfit("it has \(count) blocks, expected 3") }
    var layers: [Layer] = [.conv("conv1", tensors, padding: 1), .batchNorm("bn1", tensors), .relu]
    for index in 1...3 {
      let name = "block\(index)"
      let stride = index == 1 ? 1 : 2
      func norm(_ place: String) -> Layer { .batchNorm("\(name).\(place)", tensors) }
      let main: [Layer] = [
        .conv("\(name).conv1", tensors, stride: stride, padding: 1), norm("bn1"), .relu,
        .conv("\(name).conv2", tensors, padding: 1), norm("bn2"),
      ]
      let shortcut: [Layer] =
        index == 1 ? [] : [.conv("\(name).shortcut.0", tensors, stride: stride), norm("shortcut.1")]
      layers += [.residual(main, shortcut: shortcut), .relu]
    }
    return [
      RecognisedNetwork(
        name: "resnet-small", layers: layers + [.flatten, .linear("fc", bias: true)], inputShape: tensors.imageShape)
    ]
  }

  static func freshTensors(_ name: String, _ size: NetworkSize) -> FreshTensors? {
    let width = size.width ?? 8
    var tensors = FreshTensors()
    tensors.convolution("conv1", size.inputShape[0], width)
    tensors.batchNorm("bn1", width)
    for (index, outputs) in [width, 2 * width, 4 * width].enumerated() {
      tensors.residualBlock(
        "block\(index + 1)", index == 0 ? width : outputs / 2, outputs, projects: index > 0)
    }
    let (height, columns) = ((size.inputShape[1] + 3) / 4, (size.inputShape[2] + 3) / 4)
    tensors.linear("fc", 4 * width * height * columns, size.classCount)
    return tensors
  }
}
