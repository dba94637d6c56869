import Tensor

/// Densely connected networks (Huang et al. 2017) with torchvision's names, of any growth and number of layers.
enum DenseNet: Architecture {
  static let family = "densenet"
  static let names = ["densenet121", "densenet161", "densenet169", "densenet201"]
  static let summary = "DenseNet with torchvision's names"
  static let marks = [
    ["features.conv0.weight"], ["features.denseblock1.denselayer1.conv1.weight"], ["features.norm5.running_mean"],
    ["classifier.weight"],
  ]

  /// Layers of each block.
  private static let published = [
    [6, 12, 24, 16]: "densenet121", [6, 12, 36, 24]: "densenet161", [6, 12, 32, 32]: "densenet169",
    [6, 12, 48, 32]: "densenet201",
  ]

  static func isMember(_ name: String) -> Bool {
    names.contains(name) || name.wholeMatch(of: /densenet(-[0-9]{1,4}){1,8}/) != nil
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let stem = try tensors.convolution("features.conv0")
    guard stem[2] == 7, stem[3] == 7 else {
      throw .unfit("its first convolution is \(stem[2]) x \(stem[3]), expected 7 x 7")
    }
    let blocks = tensors.count(after: "features.denseblock", from: 1)
    let counts = (0..<blocks).map { tensors.count(after: "features.denseblock\($0 + 1).denselayer", from: 1) }
    guard blocks <= 8, !counts.contains(0) else {
      throw .unfit(
        "its blocks have \(counts.map(String.init).joined(separator: ", ")) layers, expected up to 8 blocks without an empty one"
      )
    }
    func activated(_ name: String) -> [Layer] { [.batchNorm(name, tensors), .relu] }
    var layers: [Layer] = [.conv("features.conv0", stride: 2, padding: 3, bias: false)]
    layers += activated("features.norm0") + [.maxPool(3, stride: 2, padding: 1)]
    for (index, count) in counts.enumerated() {
      for layer in 1...count {
        let name = "features.denseblock\(index + 1).denselayer\(layer)"
        let new =
          activated("\(name).norm1") + [.conv("\(name).conv1", bias: false)] + activated("\(name).norm2")
          + [.conv("\(name).conv2", padding: 1, bias: false)]
        layers.append(Layer("Concatenate") { $0.branches = [[], new] })
      }
      guard index < blocks - 1 else { continue }
      let transition = "features.transition\(index + 1)"
      layers += activated("\(transition).norm") + [.conv("\(transition).conv", bias: false), .averagePool([2])]
    }
    layers += activated("features.norm5") + [.globalAveragePool, .flatten, .linear("classifier", bias: true)]
    let name = published[counts] ?? "densenet-" + counts.map(String.init).joined(separator: "-")
    return [RecognisedNetwork(name: name, layers: layers, inputShape: [stem[1], 224, 224])]
  }
}
