import Tensor

/// MobileNetV3 (Howard et al. 2019) with torchvision's names, of any width. No tensor tells strides and activations: they are those of the
/// paper's tables 1 and 2; epsilon is torchvision's 1e-3.
enum MobileNetV3: Architecture {
  static let family = "mobilenetv3"
  static let names = all.map(\.name)
  static let summary = "MobileNetV3, large and small, with torchvision's or timm's names"
  static let marks = [
    ["features.0.0.weight"], ["features.1.block.0.0.weight"], ["features.2.block.2.0.weight"], ["classifier.0.weight"],
    ["classifier.3.weight"],
  ]

  struct Member: Sendable {
    let name: String
    /// Blocks of each stage; the last is a convolution.
    let counts: [Int]
    /// Of the first block of each stage.
    let strides: [Int]
    /// So many stages have the rectifier, the others Hardswish.
    let rectified: Int

    var activations: [Layer] { counts.indices.map { $0 < rectified ? .relu : Layer("Hardswish") } }
  }

  static let all = [
    Member(
      name: "mobilenetv3-large", counts: [1, 2, 3, 4, 2, 3, 1], strides: [1, 2, 2, 2, 1, 2, 1], rectified: 3),
    Member(name: "mobilenetv3-small", counts: [1, 2, 3, 2, 3, 1], strides: [2, 2, 2, 1, 2, 1], rectified: 2),
  ]

  static let excitation = (activation: Layer.relu, gate: Layer("Hardsigmoid"))

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let stem = try tensors.convolution("features.0.0")
    let count = tensors.count(after: "features.", from: 1)
    guard let member = all.first(where: { $0.counts.reduce(0, +) == count }) else {
      throw .unfit("it has \(count - 1) blocks, which is no MobileNetV3 that is known; are tensors missing?")
    }
    var network = InvertedResiduals(tensors, activation: Layer("Hardswish"))
    network.eps = 1e-3
    network.excitation = excitation
    try network.append(.unit(sequence: "features.0"), stride: 2)
    var number = 1
    for (stage, count) in member.counts.enumerated().dropLast() {
      network.activation = member.activations[stage]
      for index in 0..<count {
        try network.append(
          InvertedResiduals.torchvision("features.\(number).block", tensors),
          stride: index == 0 ? member.strides[stage] : 1)
        number += 1
      }
    }
    network.activation = Layer("Hardswish")
    try network.append(.unit(sequence: "features.\(number)"))
    return [
      RecognisedNetwork(
        name: member.name,
        layers: network.layers + [
          .globalAveragePool, .flatten, .linear("classifier.0", bias: true), Layer("Hardswish"),
          .linear("classifier.3", bias: true),
        ],
        inputShape: [stem[1], 224, 224])
    ]
  }
}
