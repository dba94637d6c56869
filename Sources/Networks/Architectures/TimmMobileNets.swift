import Tensor

/// EfficientNet, EfficientNetV2, MobileNetV2 and MobileNetV3 with timm's names, which are one class there: a stem, stages of blocks, a head.
///
/// The parts of the blocks and their counts tell the network, but not how it pads: those with weights of TensorFlow (`tf_` in timm's names)
/// have the same tensors. Both are found, and the name decides.
enum TimmMobileNets: Architecture {
  static let family = "efficientnet of timm"
  static let names =
    (EfficientNet.names + MobileNetV3.names).map { $0 + tensorFlow }
  static let summary =
    "EfficientNet, EfficientNetV2 and MobileNetV3 with timm's names; -tf: with TensorFlow's padding and epsilon"
  static let marks = [
    ["conv_stem.weight"], ["bn1.running_mean"],
    ["blocks.0.0.conv_dw.weight", "blocks.0.0.conv.weight", "blocks.0.0.conv_exp.weight"], ["conv_head.weight"],
    ["classifier.weight"],
  ]

  private static let tensorFlow = "-tf"

  /// Those that pad alike are called as torchvision's.
  static func isMember(_ name: String) -> Bool {
    names.contains(name) || names.contains(name + tensorFlow) || MobileNetV2.isMember(name)
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let plan = try Plan(tensors)
    var plain = try plan.network(tensors)
    guard plan.hasTensorFlowVariant else { return [plain] }
    plain.distinction = "convolutions pad alike on all sides, epsilon is 1e-5: timm's without tf_"
    var other = try plan.network(tensors, suffix: tensorFlow)
    other.distinction = "convolutions pad as TensorFlow's, epsilon is 1e-3: timm's with tf_"
    return [plain, other]
  }

  /// What the counts and parts of the blocks tell.
  private struct Plan {
    let name: String
    let side: Int
    let counts: [Int]
    let strides: [Int]
    var hasTensorFlowVariant = true
    /// Of each stage, and of the head.
    let activations: [Layer]
    let headActivation: Layer
    var excitation = (activation: Layer("SiLU"), gate: Layer("Sigmoid"))

    init(_ tensors: TensorShapes) throws(Misfit) {
      let stages = tensors.count(after: "blocks.")
      let counts = (0..<stages).map { tensors.count(after: "blocks.\($0).") }
      func isExcited(_ prefix: String) -> Bool {
        tensors.names.contains { $0.hasPrefix(prefix) && $0.contains(".se.conv_") }
      }
      self.counts = counts
      if tensors.has("conv_head.bias") || !tensors.names.contains(where: { $0.hasPrefix("bn2.") }) {
        guard let member = MobileNetV3.all.first(where: { $0.counts == counts }), isExcited("blocks.") else {
          throw .unfit("\(Self.list(counts)), which is no MobileNetV3 that is known")
        }
        (name, side, strides) = (member.name, 224, member.strides)
        activations = member.activations
        headActivation = Layer("Hardswish")
        excitation = MobileNetV3.excitation
      } else if isExcited("blocks.") {
        let last = try tensors.convolution("conv_head")
        let member = try EfficientNetMember.find(counts, isV2: !isExcited("blocks.0."), lastWidth: last[0])
        (name, side, strides) = ("efficientnet\(member.name)", member.side, EfficientNetMember.strides)
        activations = counts.map { _ in Layer("SiLU") }
        headActivation = Layer("SiLU")
      } else {
        // The last two are deeper ones of timm.
        let known = [[1, 2, 3, 4, 3, 3, 1], [1, 3, 4, 5, 4, 4, 1], [1, 3, 5, 6, 5, 5, 1]]
        guard known.contains(counts) else {
          throw .unfit("\(Self.list(counts)) without squeeze and excitation, which is no MobileNetV2 that is known")
        }
        (name, side, strides) = ("mobilenetv2", 224, [1, 2, 2, 2, 1, 2, 1])
        activations = counts.map { _ in Layer("ReLU6") }
        headActivation = Layer("ReLU6")
        hasTensorFlowVariant = false
      }
    }

    private static func list(_ counts: [Int]) -> String {
      "its stages have \(counts.map(String.init).joined(separator: ", ")) blocks"
    }

    func network(_ tensors: TensorShapes, suffix: String = "") throws(Misfit) -> RecognisedNetwork {
      let stem = try tensors.convolution("conv_stem")
      let images = tensors.imageShape ?? [stem[1], side, side]
      var network = InvertedResiduals(tensors, activation: headActivation)
      network.excitation = excitation
      if !suffix.isEmpty {
        network.eps = 1e-3
        network.padsAsTensorFlow = (images[1], images[2])
      }
      try network.append(.unit("conv_stem", "bn1"), stride: 2)
      for (stage, count) in counts.enumerated() {
        network.activation = activations[stage]
        for index in 0..<count {
          try network.append(
            InvertedResiduals.timm("blocks.\(stage).\(index)", tensors), stride: index == 0 ? strides[stage] : 1)
        }
      }
      network.activation = headActivation
      let head: [Layer]
      if activations.contains(where: { $0.type == "Hardswish" }) {
        head = [.globalAveragePool, .conv("conv_head", bias: true), headActivation, .flatten]
      } else {
        try network.append(.unit("conv_head", "bn2"))
        head = [.globalAveragePool, .flatten]
      }
      return RecognisedNetwork(
        name: name + suffix, layers: network.layers + head + [.linear("classifier", bias: true)],
        inputShape: [stem[1], side, side])
    }
  }
}

extension InvertedResiduals {
  /// The parts of one of timm's blocks: an inverted residual has three normalisations, one that does not widen and one with
  /// the first two convolutions fused have two, a single convolution has one.
  static func timm(_ name: String, _ tensors: TensorShapes) -> [Part] {
    func has(_ part: String) -> Bool { tensors.names.contains { $0.hasPrefix("\(name).\(part).") } }
    func unit(_ convolution: String, _ norm: String) -> Part { .unit("\(name).\(convolution)", "\(name).\(norm)") }
    let gate: [Part] =
      has("se") ? [.excitation("\(name).se.conv_reduce", "\(name).se.conv_expand")] : []
    if has("bn3") { return [unit("conv_pw", "bn1"), unit("conv_dw", "bn2")] + gate + [unit("conv_pwl", "bn3")] }
    guard has("bn2") else { return [unit("conv", "bn1")] }
    let isFused = has("conv_exp") || has("conv_pwl")
    return [unit(isFused ? "conv_exp" : "conv_dw", "bn1")] + gate + [unit(isFused ? "conv_pwl" : "conv_pw", "bn2")]
  }
}
