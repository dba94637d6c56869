import Tensor

/// EfficientNet-B0 to B7 (Tan and Le 2019) with torchvision's names, of any width.
///
/// No tensor tells strides or the epsilon of normalisations: strides are the paper's, and epsilon is 1e-3 for the depths of B5 to B7, as in
/// torchvision, otherwise 1e-5. timm's have other names, and pad otherwise where they were converted from TensorFlow.
enum EfficientNet: Architecture {
  static let family = "efficientnet"
  static let names = depths.map { "efficientnet-\($0.name)" }
  static let summary = "EfficientNet-B0 to B7 with torchvision's names"
  static let marks = [
    ["features.0.0.weight"], ["features.1.0.block.0.0.weight"], ["features.1.0.block.1.fc1.weight"],
    ["features.8.0.weight"], ["classifier.1.weight"],
  ]

  /// Blocks of each stage, which tell the members but the first two apart: B1 and B2 differ in width.
  private static let depths: [(name: String, counts: [Int], eps: Double)] = [
    ("b0", [1, 2, 2, 3, 3, 4, 1], 1e-5), ("b1", [2, 3, 3, 4, 4, 5, 1], 1e-5), ("b2", [2, 3, 3, 4, 4, 5, 1], 1e-5),
    ("b3", [2, 3, 3, 5, 5, 6, 2], 1e-5), ("b4", [2, 4, 4, 6, 6, 8, 2], 1e-5), ("b5", [3, 5, 5, 7, 7, 9, 3], 1e-3),
    ("b6", [3, 6, 6, 8, 8, 11, 3], 1e-3), ("b7", [4, 7, 7, 10, 10, 13, 4], 1e-3),
  ]
  private static let strides = [1, 2, 2, 2, 1, 2, 1]
  /// Pixels of the images that each was published for.
  private static let sides = ["b0": 224, "b1": 240, "b2": 288, "b3": 300, "b4": 380, "b5": 456, "b6": 528, "b7": 600]
  /// Channels of B2's last map; B1 has 1280.
  private static let widthOfB2 = 1408

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let stem = try tensors.convolution("features.0.0")
    let last = try tensors.convolution("features.8.0")
    let counts = (1...7).map { tensors.count(after: "features.\($0).") }
    let fitting = depths.filter { $0.counts == counts }
    guard let member = last[0] == widthOfB2 ? fitting.last : fitting.first else {
      throw .unfit(
        "its stages have \(counts.map(String.init).joined(separator: ", ")) blocks, which is no EfficientNet-B0 to B7; "
          + "are tensors missing?")
    }
    let side = sides[member.name] ?? 224
    let eps = member.eps == 1e-5 ? nil : member.eps
    var layers = unit("features.0", tensors, stride: 2, padding: stem[2] / 2, eps: eps)
    var channels = stem[0]
    for (stage, count) in counts.enumerated() {
      for index in 0..<count {
        layers += try block(
          "features.\(stage + 1).\(index)", tensors, stride: index == 0 ? strides[stage] : 1, eps: eps,
          channels: &channels)
      }
    }
    layers += unit("features.8", tensors, eps: eps)
    return [
      RecognisedNetwork(
        name: "efficientnet-\(member.name)",
        layers: layers + [.globalAveragePool, .flatten, .linear("classifier.1", bias: true)],
        inputShape: [stem[1], side, side])
    ]
  }

  /// Convolution and normalisation in one `Sequential`, with the activation unless it is the last of a block.
  private static func unit(
    _ name: String, _ tensors: TensorShapes, stride: Int = 1, padding: Int = 0, groups: Int = 1, eps: Double?,
    isActive: Bool = true
  ) -> [Layer] {
    var norm = Layer.batchNorm("\(name).1", tensors)
    norm.eps = eps
    return [.conv("\(name).0", stride: stride, padding: padding, groups: groups, bias: false), norm]
      + (isActive ? [Layer("SiLU")] : [])
  }

  /// An inverted bottleneck: wider, depthwise, squeezed and excited, narrower.
  private static func block(
    _ name: String, _ tensors: TensorShapes, stride: Int, eps: Double?, channels: inout Int
  ) throws(Misfit) -> [Layer] {
    // Those that do not widen have one convolution fewer.
    let widens = tensors.names.contains { $0.hasPrefix("\(name).block.2.fc") || $0.hasPrefix("\(name).block.3.") }
    let first = widens ? 1 : 0
    let kernel = try tensors.convolution("\(name).block.\(first).0")
    let outputs = try tensors.convolution("\(name).block.\(first + 2).0")[0]
    let gate = "\(name).block.\(first + 1)"
    let excitation: [Layer] = [
      .globalAveragePool, .conv("\(gate).fc1", bias: true), Layer("SiLU"), .conv("\(gate).fc2", bias: true),
      Layer("Sigmoid"),
    ]
    let main =
      (widens ? unit("\(name).block.0", tensors, eps: eps) : [])
      + unit(
        "\(name).block.\(first)", tensors, stride: stride, padding: kernel[2] / 2, groups: kernel[0], eps: eps)
      + [Layer("Multiply") { $0.branches = [[], excitation] }]
      + unit("\(name).block.\(first + 2)", tensors, eps: eps, isActive: false)
    defer { channels = outputs }
    return stride == 1 && outputs == channels ? [.residual(main, shortcut: [])] : main
  }
}
