import Tensor

/// EfficientNet (Tan and Le 2019) and EfficientNetV2 (2021) with torchvision's names, of any width.
///
/// No tensor tells strides or the epsilon of normalisations: strides are the papers', and epsilon is 1e-3 for the depths of B5 to B7 and for V2, as in
/// torchvision, otherwise 1e-5. timm's have other names, and pad otherwise where they were converted from TensorFlow: `TimmMobileNets`.
enum EfficientNet: Architecture {
  static let family = "efficientnet"
  static let names = EfficientNetMember.all.map { "efficientnet\($0.name)" }
  static let summary = "EfficientNet-B0 to B7 and EfficientNetV2 with torchvision's or timm's names"
  static let marks = [
    ["features.0.0.weight"], ["features.1.0.block.0.0.weight"],
    ["features.1.0.block.1.fc1.weight", "features.2.0.block.1.0.weight"],
    ["features.8.0.weight", "features.7.0.weight"], ["classifier.1.weight"],
  ]

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    // V2's first blocks are one convolution.
    let isV2 = !tensors.names.contains { $0.hasPrefix("features.1.0.block.1.fc") }
    let stages = tensors.count(after: "features.", from: 1) - 1
    let counts = (0..<max(0, stages)).map { tensors.count(after: "features.\($0 + 1).") }
    let last = try tensors.convolution("features.\(stages + 1).0")
    let member = try EfficientNetMember.find(counts, isV2: isV2, lastWidth: last[0])
    var network = InvertedResiduals(tensors, activation: Layer("SiLU"))
    network.eps = member.torchvisionEps
    try network.append(.unit(sequence: "features.0"), stride: 2)
    for (stage, count) in counts.enumerated() {
      for index in 0..<count {
        try network.append(
          InvertedResiduals.torchvision("features.\(stage + 1).\(index).block", tensors),
          stride: index == 0 ? EfficientNetMember.strides[stage] : 1)
      }
    }
    try network.append(.unit(sequence: "features.\(stages + 1)"))
    return [
      RecognisedNetwork(
        name: "efficientnet\(member.name)",
        layers: network.layers + [.globalAveragePool, .flatten, .linear("classifier.1", bias: true)],
        inputShape: [try tensors.convolution("features.0.0")[1], member.side, member.side])
    ]
  }
}

extension InvertedResiduals {
  /// The parts of one of torchvision's blocks, which are numbered.
  static func torchvision(_ name: String, _ tensors: TensorShapes) -> [Part] {
    (0..<tensors.count(after: "\(name).")).map { index in
      let part = "\(name).\(index)"
      return tensors.names.contains { $0.hasPrefix("\(part).fc") }
        ? .excitation("\(part).fc1", "\(part).fc2") : .unit(sequence: part)
    }
  }
}

/// What the papers say of a network, of which tensors tell the counts.
struct EfficientNetMember: Sendable {
  /// Behind `efficientnet`.
  let name: String
  /// Blocks of each stage.
  let counts: [Int]
  /// Pixels of the images that it was published for.
  let side: Int
  let torchvisionEps: Double?

  var isV2: Bool { name.hasPrefix("v2") }
  /// Of the first block of each stage, of which V2's smaller ones have one fewer.
  static let strides = [1, 2, 2, 2, 1, 2, 1]

  private init(_ name: String, _ counts: [Int], _ side: Int, eps: Double? = nil) {
    (self.name, self.counts, self.side, torchvisionEps) = (name, counts, side, eps)
  }

  static let all = [
    EfficientNetMember("-b0", [1, 2, 2, 3, 3, 4, 1], 224), EfficientNetMember("-b1", [2, 3, 3, 4, 4, 5, 2], 240),
    EfficientNetMember("-b2", [2, 3, 3, 4, 4, 5, 2], 288), EfficientNetMember("-b3", [2, 3, 3, 5, 5, 6, 2], 300),
    EfficientNetMember("-b4", [2, 4, 4, 6, 6, 8, 2], 380),
    EfficientNetMember("-b5", [3, 5, 5, 7, 7, 9, 3], 456, eps: 1e-3),
    EfficientNetMember("-b6", [3, 6, 6, 8, 8, 11, 3], 528, eps: 1e-3),
    EfficientNetMember("-b7", [4, 7, 7, 10, 10, 13, 4], 600, eps: 1e-3),
    EfficientNetMember("v2-s", [2, 4, 4, 6, 9, 15], 384, eps: 1e-3),
    EfficientNetMember("v2-m", [3, 5, 5, 7, 14, 18, 5], 480, eps: 1e-3),
    EfficientNetMember("v2-l", [4, 7, 7, 10, 19, 25, 7], 480, eps: 1e-3),
    EfficientNetMember("v2-xl", [4, 8, 8, 16, 24, 32, 8], 512, eps: 1e-3),
    EfficientNetMember("v2-rw-t", [2, 4, 4, 6, 9, 14], 224), EfficientNetMember("v2-rw-m", [3, 5, 5, 8, 15, 24], 320),
    EfficientNetMember("v2-b0", [1, 2, 2, 3, 5, 8], 192, eps: 1e-3),
    EfficientNetMember("v2-b1", [2, 3, 3, 4, 6, 9], 192, eps: 1e-3),
    EfficientNetMember("v2-b2", [2, 3, 3, 4, 6, 10], 208, eps: 1e-3),
    EfficientNetMember("v2-b3", [2, 3, 3, 5, 7, 12], 240, eps: 1e-3),
  ]

  /// Channels of B2's last map; B1, of the same counts, has 1280.
  private static let widthOfB2 = 1408

  static func find(_ counts: [Int], isV2: Bool, lastWidth: Int) throws(Misfit) -> EfficientNetMember {
    let fitting = all.filter { $0.counts == counts && $0.isV2 == isV2 }
    guard let member = lastWidth == widthOfB2 ? fitting.last : fitting.first else {
      throw .unfit(
        "its stages have \(counts.map(String.init).joined(separator: ", ")) blocks, which is no EfficientNet that is known; are tensors "
          + "missing?")
    }
    return member
  }
}
