import Tensor

/// VGG networks (Simonyan and Zisserman 2015) written as one `features` sequence, with or without batch normalisation:
/// for CIFAR with one linear layer, and torchvision's with three.
///
/// Where the pools stand follows from the numbering of the modules: a convolution is followed by (normalisation and) an
/// activation, and one number is skipped for each pool.
enum VGG: Architecture {
  static let names = ["vgg11", "vgg13", "vgg16", "vgg19", "vgg11-imagenet", "vgg16-imagenet", "vgg19-imagenet"]
  static let summary = "VGG networks with or without batch normalisation"

  static func recognise(_ tensors: TensorShapes) -> RecognisedNetwork? {
    guard let stem = tensors["features.0.weight"], stem.count == 4, stem[2] == 3 else { return nil }
    let hasNorm = tensors.has("features.1.running_mean")
    let convolutions = (0..<256).filter { tensors["features.\($0).weight"]?.count == 4 }
    guard convolutions.allSatisfy({ tensors.has("features.\($0 + 1).running_mean") == hasNorm }) else { return nil }
    let unit = hasNorm ? 3 : 2
    var layers: [Layer] = []
    for (position, index) in convolutions.enumerated() {
      layers.append(.conv("features.\(index)", padding: 1))
      if hasNorm { layers.append(.batchNorm("features.\(index + 1)")) }
      layers.append(.relu)
      let isLast = position == convolutions.count - 1
      let gap = isLast ? unit + 1 : convolutions[position + 1] - index
      guard gap == unit || gap == unit + 1 else { return nil }
      if gap == unit + 1 { layers.append(.maxPool(2, stride: 2)) }
    }
    layers.append(.flatten)
    let isCIFAR = tensors.has("classifier.weight")
    if isCIFAR {
      layers.append(.linear("classifier"))
    } else if tensors.has("classifier.0.weight"), tensors.has("classifier.3.weight"), tensors.has("classifier.6.weight")
    {
      layers += [.linear("classifier.0"), .relu, .linear("classifier.3"), .relu, .linear("classifier.6")]
    } else {
      return nil
    }
    return RecognisedNetwork(
      name: "vgg\(convolutions.count + 3)" + (isCIFAR ? "" : "-imagenet"), layers: layers,
      inputShape: isCIFAR ? [stem[1], 32, 32] : [stem[1], 224, 224])
  }
}
