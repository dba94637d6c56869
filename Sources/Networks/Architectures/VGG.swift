import Tensor

/// VGG networks (Simonyan and Zisserman 2015) written as one `features` sequence, with or without batch normalisation:
/// for CIFAR with one linear layer, or three, and torchvision's with three on a map of 7 x 7.
///
/// Where the pools stand follows from the numbering of the modules: a convolution is followed by (normalisation and) an
/// activation, and one number is skipped for each pool.
enum VGG: Architecture {
  static let family = "vgg"
  static let names = [
    "vgg11", "vgg13", "vgg16", "vgg19", "vgg11-imagenet", "vgg13-imagenet", "vgg16-imagenet", "vgg19-imagenet",
  ]
  static let summary = "VGG networks with or without batch normalisation"
  static let marks = [
    ["features.0.weight"], ["classifier.weight", "classifier.6.weight"],
  ]

  /// Convolutions before each pool.
  private static let groups = [
    "vgg11": [1, 1, 2, 2, 2], "vgg13": [2, 2, 2, 2, 2], "vgg16": [2, 2, 3, 3, 3], "vgg19": [2, 2, 4, 4, 4],
  ]

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let hasNorm = tensors.names.contains { $0.hasPrefix("features.") && $0.hasSuffix(".running_mean") }
    let (layers, name, channels) = try features(tensors, hasNorm: hasNorm)
    let inputChannels = try tensors.convolution("features.0")[1]
    if tensors.has("classifier.weight") {
      return [
        RecognisedNetwork(
          name: name, layers: layers + [.flatten, .linear("classifier", bias: true)],
          inputShape: [inputChannels, 32, 32])
      ]
    }
    // Three linear layers among activations and dropouts, which stand before or after each.
    let first = ["classifier.1.weight", "classifier.4.weight"].contains { tensors.has($0) } ? 1 : 0
    let linears = first == 0 ? [0, 3, 6] : [1, 4, 6]
    guard let inputs = tensors.extent("classifier.\(first).weight", 1, rank: 2) else {
      throw .missing(tensor: "classifier.\(first).weight")
    }
    guard let side = (1...16).first(where: { channels * $0 * $0 == inputs }) else {
      throw .unfit("`classifier.\(first).weight` reads \(inputs) numbers, but the last map has \(channels) channels")
    }
    let classifier = linears.flatMap { [Layer.relu, .linear("classifier.\($0)", bias: true)] }.dropFirst()
    return [
      RecognisedNetwork(
        name: name + (side == 7 ? "-imagenet" : ""),
        layers: layers + [.adaptiveAveragePool(side), .flatten] + classifier,
        inputShape: side == 7 ? [inputChannels, 224, 224] : [inputChannels, 32 * side, 32 * side])
    ]
  }

  private static func features(
    _ tensors: TensorShapes, hasNorm: Bool
  ) throws(Misfit) -> (layers: [Layer], name: String, channels: Int) {
    // By any of its tensors, so that a missing one is noticed.
    let convolutions = tensors.indices(after: "features.").sorted().filter { index in
      !["running_mean", "running_var"].contains { tensors.has("features.\(index).\($0)") }
    }
    let hasBias = convolutions.contains { tensors.has("features.\($0).bias") }
    let unit = hasNorm ? 3 : 2
    var layers: [Layer] = []
    var counts = [0]
    var channels = 0
    for (position, index) in convolutions.enumerated() {
      let shape = try tensors.convolution("features.\(index)")
      guard shape[2] == 3, shape[3] == 3 else {
        throw .unfit("`features.\(index).weight` is \(shape[2]) x \(shape[3]), expected 3 x 3")
      }
      channels = shape[0]
      layers.append(.conv("features.\(index)", padding: 1, bias: hasBias))
      if hasNorm { layers.append(.batchNorm("features.\(index + 1)", tensors)) }
      layers.append(.relu)
      counts[counts.count - 1] += 1
      let isLast = position == convolutions.count - 1
      let gap = isLast ? unit + 1 : convolutions[position + 1] - index
      guard gap == unit || gap == unit + 1 else {
        throw .unfit("no convolution follows `features.\(index)` within \(unit + 1) modules; are tensors missing?")
      }
      if gap == unit + 1 {
        layers.append(.maxPool(2, stride: 2))
        if !isLast { counts.append(0) }
      }
    }
    guard let name = groups.first(where: { $0.value == counts })?.key else {
      throw .unfit(
        "its pools stand after \(counts.map(String.init).joined(separator: ", ")) convolutions, which is no VGG")
    }
    return (layers, name, channels)
  }
}
