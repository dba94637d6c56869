import Tensor

/// Swin transformers of the second version (Liu et al., "Swin Transformer V2: Scaling Up Capacity and Resolution", 2022) with torchvision's
/// names, of any width and depths.
///
/// Against the first: attention is by cosine with a learned temperature of each head, biases of positions come from a small network, and
/// layers are normalised behind attention, linear layers and reduction. The tables of coordinates tell windows.
enum SwinTransformerV2: Architecture {
  static let family = "swinv2"
  static let names = ["swinv2-tiny", "swinv2-small", "swinv2-base"]
  static let summary = "Swin transformers of the second version with torchvision's names"
  static let marks = [
    ["features.0.0.weight"], ["features.1.0.attn.qkv.weight"], ["features.1.0.attn.logit_scale"],
    ["features.1.0.attn.cpb_mlp.0.weight"],
  ]

  /// By the width of the first stage and the blocks of each.
  private static let sizes = ["96x2-2-6-2": "tiny", "96x2-2-18-2": "small", "128x2-2-18-2": "base"]
  private static let largestStages = 8

  static func isMember(_ name: String) -> Bool {
    names.contains(name) || name.wholeMatch(of: /swinv2-[0-9]{1,5}x[0-9]{1,4}(-[0-9]{1,4}){0,7}/) != nil
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let projection = try tensors.convolution("features.0.0")
    let counts = (0...largestStages).map { tensors.count(after: stage($0)) }
    let depths = Array(counts.prefix(1 + (counts.lastIndex { $0 > 0 } ?? 0)))
    guard depths.count <= largestStages, !depths.contains(0) else {
      throw .unfit(
        "its stages have \(depths.map(String.init).joined(separator: ", ")) blocks, expected up to \(largestStages) stages without "
          + "an empty one")
    }
    var layers: [Layer] = [
      .conv("features.0.0", stride: projection[2], bias: true),
      Layer("Permute") { $0.permutation = [0, 2, 3, 1] }, .layerNorm("features.0.2", eps: eps),
    ]
    var tables: Set<String> = []
    var window = 0
    for (place, depth) in depths.enumerated() {
      if place > 0 { layers += merging("features.\(2 * place)") }
      for index in 0..<depth {
        let block = "\(stage(place))\(index)"
        window = try self.window(block, tensors)
        layers += self.block(block, window: window, isShifted: index % 2 == 1)
        // They follow from the size of windows.
        tables.formUnion(["\(block).attn.relative_position_index", "\(block).attn.relative_coords_table"])
      }
    }
    layers += [.layerNorm("norm", eps: eps), Layer("Mean") { $0.axes = [1, 2] }, .linear("head", bias: true)]
    // Of a published network the last stage is one window.
    let side = projection[2] * window << (depths.count - 1)
    let size = "\(projection[0])x\(depths.map(String.init).joined(separator: "-"))"
    return [
      RecognisedNetwork(
        name: "swinv2-\(sizes[size] ?? size)", layers: layers, inputShape: [projection[1], side, side],
        derivedTensors: tables)
    ]
  }

  private static let eps = 1e-5

  /// In front of the number of a block.
  private static func stage(_ place: Int) -> String { "features.\(2 * place + 1)." }

  /// Side w of the windows of a block, whose table of coordinates is [1, 2 w - 1, 2 w - 1, 2].
  private static func window(_ block: String, _ tensors: TensorShapes) throws(Misfit) -> Int {
    let table = "\(block).attn.relative_coords_table"
    guard let shape = tensors[table] else { throw .missing(tensor: table) }
    guard shape.count == 4, shape[0] == 1, shape[1] == shape[2], shape[3] == 2, shape[1] % 2 == 1,
      (2...LayerBuilder.largestWindow).contains((shape[1] + 1) / 2)
    else {
      throw .unfit(
        "`\(table)` has shape \(shape), expected [1, 2 w - 1, 2 w - 1, 2] of windows of w x w, w from 2 to "
          + "\(LayerBuilder.largestWindow)")
    }
    return (shape[1] + 1) / 2
  }

  /// Four neighbours become one place.
  private static func merging(_ name: String) -> [Layer] {
    [Layer("PatchMerging"), .linear("\(name).reduction", bias: false), .layerNorm("\(name).norm", eps: eps)]
  }

  private static func block(_ name: String, window: Int, isShifted: Bool) -> [Layer] {
    let attention = Layer("CosineWindowAttention", name: "\(name).attn") {
      $0.windowSize = window
      if isShifted { $0.shiftSize = window / 2 }
      $0.bias = true
    }
    return [
      .residual([attention, .layerNorm("\(name).norm1", eps: eps)], shortcut: []),
      .residual(
        [
          .linear("\(name).mlp.0", bias: true), Layer("GELU"), .linear("\(name).mlp.3", bias: true),
          .layerNorm("\(name).norm2", eps: eps),
        ], shortcut: []),
    ]
  }
}
