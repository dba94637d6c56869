import Tensor

/// Swin transformers (Liu et al., "Hierarchical Vision Transformer using Shifted Windows", 2021) with torchvision's, timm's or the authors'
/// names, of any width and depths.
///
/// The tables of biases tell windows and heads; every second block's windows are shifted by half of one.
enum SwinTransformer: Architecture {
  static let family = "swin"
  static let names = ["swin-tiny", "swin-small", "swin-base", "swin-large"]
  static let summary = "Swin transformers with torchvision's, timm's or their authors' names"
  static let marks = [
    ["features.0.0.weight", "patch_embed.proj.weight"],
    ["features.1.0.attn.qkv.weight", "layers.0.blocks.0.attn.qkv.weight"],
    [
      "features.1.0.attn.relative_position_bias_table", "layers.0.blocks.0.attn.relative_position_bias_table",
    ],
  ]

  /// By the width of the first stage and the blocks of each.
  private static let sizes = [
    "96x2-2-6-2": "tiny", "96x2-2-18-2": "small", "128x2-2-18-2": "base", "192x2-2-18-2": "large",
  ]
  private static let largestStages = 8

  static func isMember(_ name: String) -> Bool {
    names.contains(name) || name.wholeMatch(of: /swin-[0-9]{1,5}x[0-9]{1,4}(-[0-9]{1,4}){0,7}/) != nil
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let spelling = tensors.has("patch_embed.proj.weight") ? Spelling.timm(tensors) : .torchvision
    let projection = try tensors.convolution(spelling.projection)
    let depths = depths(spelling, tensors)
    guard depths.count <= largestStages, !depths.contains(0) else {
      throw .unfit(
        "its stages have \(depths.map(String.init).joined(separator: ", ")) blocks, expected up to \(largestStages) stages without "
          + "an empty one")
    }
    let images = try images(spelling, tensors, patch: projection[2], channels: projection[1], stages: depths.count)
    var layers: [Layer] = [
      .conv(spelling.projection, stride: projection[2], bias: true),
      Layer("Permute") { $0.permutation = [0, 2, 3, 1] },
    ]
    if spelling.isPatchNormalised { layers.append(.layerNorm(spelling.patchNorm, eps: eps)) }
    var indices: Set<String> = []
    for (stage, depth) in depths.enumerated() {
      if stage > 0 { layers += merging(spelling.reduction(stage)) }
      for index in 0..<depth {
        let block = "\(spelling.stage(stage))\(index)"
        layers += try self.block(block, isShifted: index % 2 == 1, spelling, tensors)
        // Tables that follow from the size of windows and maps.
        indices.formUnion(["\(block).attn.relative_position_index", "\(block).attn_mask"])
      }
    }
    layers += [
      .layerNorm("norm", eps: eps), Layer("Mean") { $0.axes = [1, 2] }, .linear(spelling.head, bias: true),
    ]
    let size = "\(projection[0])x\(depths.map(String.init).joined(separator: "-"))"
    return [
      RecognisedNetwork(
        name: "swin-\(sizes[size] ?? size)", layers: layers, inputShape: images, derivedTensors: indices)
    ]
  }

  private static let eps = 1e-5

  private static func depths(_ spelling: Spelling, _ tensors: TensorShapes) -> [Int] {
    let counts = (0...largestStages).map { tensors.count(after: spelling.stage($0)) }
    return Array(counts.prefix(1 + (counts.lastIndex { $0 > 0 } ?? 0)))
  }

  /// The images that the windows fit. torchvision's code fills maps up; timm's also does, after it shifted them, which is another network:
  /// where its maps are no whole windows, they are refused.
  private static func images(
    _ spelling: Spelling, _ tensors: TensorShapes, patch: Int, channels: Int, stages: Int
  ) throws(Misfit) -> Shape {
    var windows: [Int] = []
    for stage in 0..<stages { windows.append(try window("\(spelling.stage(stage))0", tensors)) }
    // Of a published network the last stage is one window.
    let side = patch * windows[stages - 1] << (stages - 1)
    let own: Shape = [channels, side, side]
    guard spelling.isTimm else { return own }
    let images = tensors.imageShape ?? own
    for (stage, window) in windows.enumerated() {
      let reduction = patch << stage
      for extent in images.dimensions.dropFirst() where extent % reduction != 0 || extent / reduction % window != 0 {
        throw .unfit(
          "windows of \(window) x \(window) do not divide the map of its stage \(stage + 1) on images of shape \(images); bring "
            + "them to the network's size with --resize, such as --resize \(side)")
      }
    }
    return own
  }

  /// Side w of the windows of a block, of which the table of biases has (2 w - 1)^2 rows.
  private static func window(_ block: String, _ tensors: TensorShapes) throws(Misfit) -> Int {
    let table = "\(block).attn.relative_position_bias_table"
    guard let shape = tensors[table] else { throw .missing(tensor: table) }
    guard let side = (1...LayerBuilder.largestWindow).first(where: { (2 * $0 - 1) * (2 * $0 - 1) == shape.first })
    else {
      throw .unfit(
        "`\(table)` has shape \(shape), expected [(2 w - 1)^2, heads] of windows of w x w, w up to \(LayerBuilder.largestWindow)"
      )
    }
    return side
  }

  /// Four neighbours become one place.
  private static func merging(_ name: String) -> [Layer] {
    [Layer("PatchMerging"), .layerNorm("\(name).norm", eps: eps), .linear("\(name).reduction", bias: false)]
  }

  private static func block(
    _ name: String, isShifted: Bool, _ spelling: Spelling, _ tensors: TensorShapes
  ) throws(Misfit) -> [Layer] {
    let window = try window(name, tensors)
    let attention = Layer("WindowAttention", name: "\(name).attn") {
      if isShifted { $0.shiftSize = window / 2 }
      $0.bias = true
    }
    return [
      .residual([.layerNorm("\(name).norm1", eps: eps), attention], shortcut: []),
      .residual(
        [
          .layerNorm("\(name).norm2", eps: eps), .linear("\(name).mlp.\(spelling.linear1)", bias: true), Layer("GELU"),
          .linear("\(name).mlp.\(spelling.linear2)", bias: true),
        ], shortcut: []),
    ]
  }

  /// What the tensors are called.
  private struct Spelling: Sendable {
    var isTimm: Bool
    var projection: String
    var patchNorm: String
    var isPatchNormalised = true
    /// In front of the number of a block.
    var stage: @Sendable (_ stage: Int) -> String
    /// What merges patches in front of a stage.
    var reduction: @Sendable (_ stage: Int) -> String
    var linear1: String
    var linear2: String
    var head: String

    static let torchvision = Spelling(
      isTimm: false, projection: "features.0.0", patchNorm: "features.0.2", stage: { "features.\(2 * $0 + 1)." },
      reduction: { "features.\(2 * $0)" }, linear1: "0", linear2: "3", head: "head")

    /// The authors' code, and timm's until version 0.9, merge at the end of a stage.
    static func timm(_ tensors: TensorShapes) -> Spelling {
      let mergesAfter = tensors.names.contains { $0.hasPrefix("layers.0.downsample.") }
      return Spelling(
        isTimm: true, projection: "patch_embed.proj", patchNorm: "patch_embed.norm",
        isPatchNormalised: tensors.names.contains { $0.hasPrefix("patch_embed.norm.") },
        stage: { "layers.\($0).blocks." }, reduction: { "layers.\(mergesAfter ? $0 - 1 : $0).downsample" },
        linear1: "fc1", linear2: "fc2",
        head: tensors.names.contains { $0.hasPrefix("head.fc.") } ? "head.fc" : "head")
    }
  }
}
