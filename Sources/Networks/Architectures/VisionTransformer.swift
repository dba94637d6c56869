import Tensor

/// Vision transformers (Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021) and data-efficient ones (Touvron et al. 2021, also
/// distilled: the mean of two heads is taken), with torchvision's, timm's or Hugging Face's names, of any size; with registers (Darcet et al. 2024) and
/// layer scale as DINOv2's, and with the mean of the patches in the place of the class token where timm normalises it (`fc_norm`).
///
/// No tensor tells the number of heads. 64 numbers a head are assumed, as in the published networks up to ViT-L, and 16 heads
/// for the widths of larger ones; a name that ends with `-headsN` says otherwise.
enum VisionTransformer: Architecture {
  static let family = "vit"
  static let names = [
    "vit-tiny-16", "vit-small-16", "vit-base-16", "vit-base-32", "vit-large-16", "vit-large-32", "vit-huge-14",
    "deit-tiny-16", "deit-small-16", "deit-base-16",
  ]
  static let summary =
    "vision transformers of torchvision, timm and Hugging Face; distilled ones are deit-...; -headsN: other than 64 numbers a head"
  static let marks = [
    ["conv_proj.weight", "patch_embed.proj.weight"] + transformers("patch_embeddings.projection.weight"),
    ["class_token", "cls_token", "fc_norm.weight"] + transformers("cls_token"),
    ["encoder.pos_embedding", "pos_embed"] + transformers("position_embeddings"),
  ]

  /// Hugging Face's names of an embedding.
  private static func transformers(_ name: String) -> [String] {
    Spelling.transformersRoots.map { "\($0).embeddings.\(name)" }
  }

  /// By width and depth.
  private static let sizes = [
    "192x12": "tiny", "384x12": "small", "768x12": "base", "1024x24": "large", "1280x32": "huge",
  ]
  private static let publishedHeads = [1280: 16, 1408: 16, 1664: 16]

  static func isMember(_ name: String) -> Bool {
    name.wholeMatch(
      of: /(vit|deit)-(tiny|small|base|large|huge|[0-9]{1,5}x[0-9]{1,4})-[0-9]{1,3}(-heads[0-9]{1,4})?/) != nil
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let parts = try Parts(tensors)
    guard let heads = publishedHeads[parts.width] ?? (parts.width % 64 == 0 ? parts.width / 64 : nil) else {
      throw .unfit(
        "no tensor tells its number of heads, and heads of 64 numbers do not divide its width of \(parts.width); say how many "
          + "it has with --arch \(parts.name)-headsN")
    }
    return [try parts.network(heads: heads, name: parts.name)]
  }

  static func recognise(_ tensors: TensorShapes, named name: String) throws(Misfit) -> RecognisedNetwork? {
    guard let match = name.wholeMatch(of: /(.+)-heads([0-9]+)/), let heads = Int(match.2) else { return nil }
    let parts = try Parts(tensors)
    guard match.1 == parts.name else { throw .unfit("they are those of `\(parts.name)`") }
    return try parts.network(heads: heads, name: name)
  }

  /// What the tensors tell.
  private struct Parts {
    let tensors: TensorShapes
    let spelling: Spelling
    let name: String
    let width: Int
    private let depth: Int
    private let isDistilled: Bool
    private let patch: Int
    private let channels: Int

    init(_ tensors: TensorShapes) throws(Misfit) {
      self.tensors = tensors
      let root = Spelling.transformersRoots.first { tensors.has("\($0).embeddings.patch_embeddings.projection.weight") }
      spelling =
        root.map { .transformers($0, tensors) }
        ?? (tensors.has("patch_embed.proj.weight") ? .timm : .torchvision(tensors))
      let projection = try tensors.convolution(spelling.projection)
      (width, channels, patch) = (projection[0], projection[1], projection[2])
      guard projection[2] == projection[3] else {
        throw .unfit("its patches are \(projection[2]) x \(projection[3]), expected squares")
      }
      depth = tensors.count(after: spelling.block)
      guard depth > 0 else { throw .missing(tensor: "\(spelling.block)0.\(spelling.norm1).weight") }
      let distillation = spelling.distilledHead.map { ["\($0).weight", "\($0).bias"] } ?? []
      isDistilled = ([spelling.distillationToken] + distillation).contains { tensors.has($0) }
      let size = "\(width)x\(depth)"
      name = "\(isDistilled ? "deit" : "vit")-\(VisionTransformer.sizes[size] ?? size)-\(patch)"
    }

    func network(heads: Int, name: String) throws(Misfit) -> RecognisedNetwork {
      let classes =
        (isDistilled ? [spelling.distillationToken] : [])
        + (tensors.has(spelling.token) || !isAveraged ? [spelling.token] : [])
      let registers = ["reg_token", "register_tokens"].filter { tensors.has($0) }
      var registerCount = 0
      for register in registers {
        guard let count = tensors.extent(register, 1, rank: 3) else {
          throw .unfit("`\(register)` has shape \(tensors[register] ?? []), expected [1, R, \(width)]")
        }
        registerCount += count
      }
      let positions = try positions(classes: classes.count, registers: registerCount)
      func prepended(_ names: [String]) -> [Layer] { names.map { Layer("PrependParameter", name: $0) } }
      let embedding = [Layer("AddParameter", name: spelling.positions)]
      let tokens =
        switch positions.embedded {
        case .all: prepended(registers + classes) + embedding
        // DINOv2's registers stand between the class and the patches, where they are the same to attention as in front.
        case .classes: prepended(classes) + embedding + prepended(registers)
        case .patches: embedding + prepended(registers + classes)
        }
      let sequence: [Layer] = [
        .conv(spelling.projection, stride: patch, bias: true),
        Layer("Reshape") { $0.shape = [width, -1] }, Layer("Permute") { $0.permutation = [0, 2, 1] },
      ]
      let blocks = (0..<depth).flatMap { block("\(spelling.block)\($0)", heads: heads) }
      let head =
        isAveraged
        ? averageHead(after: classes.count + registerCount)
        : tokenHead(at: positions.embedded == .classes ? registerCount : 0)
      return RecognisedNetwork(
        name: name, layers: sequence + tokens + blocks + head, inputShape: positions.images,
        ignoredPrefixes: ["mask_token"] + spelling.unused)
    }

    private func block(_ name: String, heads: Int) -> [Layer] {
      func scale(_ names: String...) -> [Layer] {
        names.filter { place in tensors.names.contains { $0.hasSuffix(".\(place)") } }
          .map { Layer("MultiplyParameter", name: "\(name).\($0)") }
      }
      let attention = Layer("MultiheadAttention", name: "\(name).\(spelling.attention)") {
        $0.numHeads = heads
        $0.bias = true
        if !hasQueryBias { $0.qkvBias = false }
      }
      return [
        .residual(
          [.layerNorm("\(name).\(spelling.norm1)", eps: spelling.eps), attention] + scale("ls1.gamma", "gamma_1"),
          shortcut: []),
        .residual(
          [
            .layerNorm("\(name).\(spelling.norm2)", eps: spelling.eps),
            .linear("\(name).\(spelling.linear1)", bias: true),
            Layer("GELU"), .linear("\(name).\(spelling.linear2)", bias: true),
          ] + scale("ls2.gamma", "gamma_2"), shortcut: []),
      ]
    }

    /// Whether queries, keys and values have a bias: all blocks' have, or none.
    private var hasQueryBias: Bool {
      tensors.names.contains { $0.hasSuffix(".\(spelling.attention).\(spelling.queryBias)") }
    }

    /// Whether the mean of the patches is classified.
    private var isAveraged: Bool { tensors.names.contains { $0.hasPrefix("fc_norm.") } }

    private func averageHead(after tokens: Int) -> [Layer] {
      let patches = Layer("Slice") {
        $0.axis = 1
        $0.start = tokens
      }
      return [
        patches, Layer("Mean") { $0.axes = [1] }, .layerNorm("fc_norm", eps: spelling.eps),
        .linear(spelling.head, bias: true),
      ]
    }

    private func tokenHead(at first: Int) -> [Layer] {
      func token(_ index: Int) -> [Layer] {
        [
          Layer("Slice") {
            $0.axis = 1
            $0.start = first + index
            $0.count = 1
          }, .flatten,
        ]
      }
      let inner: [Layer] = spelling.hidden.map { [.linear($0, bias: true), Layer("Tanh")] } ?? []
      let own = token(0) + inner + [.linear(spelling.head, bias: true)]
      let norm = Layer.layerNorm(spelling.norm, eps: spelling.eps)
      guard isDistilled, let head = spelling.distilledHead else { return [norm] + own }
      return [
        norm, .residual(own, shortcut: token(1) + [.linear(head, bias: true)]),
        Layer("Scale") { $0.value = 0.5 },
      ]
    }

    /// What has a position embedding beside the patches.
    private enum Embedded {
      case all
      /// The class tokens and not the registers, as DINOv2's.
      case classes
      /// DeiT III's.
      case patches
    }

    /// The images that the position embeddings are for, and what has one.
    private func positions(classes: Int, registers: Int) throws(Misfit) -> (images: Shape, embedded: Embedded) {
      guard let count = tensors.extent(spelling.positions, 1, rank: 3) else {
        throw .unfit(
          "`\(spelling.positions)` has shape \(tensors[spelling.positions] ?? []), expected [1, L, \(width)]")
      }
      let forms: [(tokens: Int, embedded: Embedded)] = [
        (classes + registers, .all), (classes, .classes), (0, .patches),
      ]
      func side(_ tokens: Int) -> Int? { (1...512).first { $0 * $0 == count - tokens } }
      if let images = tensors.imageShape {
        let grid = images.dimensions.dropFirst().map { $0 % patch == 0 ? $0 / patch : 0 }.reduce(1, *)
        if grid > 0, let form = forms.first(where: { count == grid + $0.tokens }) {
          return ([channels, images[1], images[2]], form.embedded)
        }
      } else {
        for form in forms {
          if let side = side(form.tokens) { return ([channels, side * patch, side * patch], form.embedded) }
        }
      }
      let sides = forms.lazy.compactMap { side($0.tokens) }
      let own = sides.first.map { " (\($0 * patch) x \($0 * patch) pixels)" } ?? ""
      let images = tensors.imageShape.map { "images of shape \($0)" } ?? "square images"
      throw .unfit(
        "`\(spelling.positions)` holds \(count) positions\(own) of patches of \(patch) x \(patch), which are not those of "
          + "\(images); bring them to the network's size with --resize")
    }
  }

  /// What the tensors are called.
  private struct Spelling {
    var projection: String
    var token: String
    var positions: String
    /// In front of the number of a block.
    var block: String
    var norm1: String
    var attention: String
    /// The bias of queries, keys and values, within it.
    var queryBias = "qkv.bias"
    var norm2: String
    var linear1: String
    var linear2: String
    var norm: String
    var head: String
    /// A linear layer before the head, where there is one.
    var hidden: String?
    var distillationToken = "dist_token"
    /// Nil where the distillation's token is there and is not asked.
    var distilledHead: String? = "head_dist"
    /// Of layer normalisation.
    var eps = 1e-6
    /// In front of names that classify nothing.
    var unused: [String] = []

    static func torchvision(_ tensors: TensorShapes) -> Spelling {
      // Until torchvision 0.13; and heads that were replaced as a whole.
      let isOld = tensors.names.contains { $0.contains(".mlp.linear_1.") || $0.contains(".mlp.linear_2.") }
      let isReplaced = ["heads.weight", "heads.bias"].contains { tensors.has($0) }
      let isHidden = tensors.names.contains { $0.hasPrefix("heads.pre_logits.") }
      return Spelling(
        projection: "conv_proj", token: "class_token", positions: "encoder.pos_embedding",
        block: "encoder.layers.encoder_layer_", norm1: "ln_1", attention: "self_attention",
        queryBias: "in_proj_bias", norm2: "ln_2", linear1: isOld ? "mlp.linear_1" : "mlp.0",
        linear2: isOld ? "mlp.linear_2" : "mlp.3", norm: "encoder.ln",
        head: isReplaced ? "heads" : "heads.head", hidden: isHidden ? "heads.pre_logits" : nil)
    }

    static let transformersRoots = ["vit", "deit"]

    /// As Hugging Face's transformers write files in all versions, and as modules are called in memory since version 5, whose
    /// `state_dict()` is not what `save_pretrained` writes.
    static func transformers(_ root: String, _ tensors: TensorShapes) -> Spelling {
      let isInMemory = tensors.names.contains { $0.hasPrefix("\(root).layers.") }
      let isTaught = tensors.names.contains {
        $0.hasPrefix("cls_classifier.") || $0.hasPrefix("distillation_classifier.")
      }
      return Spelling(
        projection: "\(root).embeddings.patch_embeddings.projection", token: "\(root).embeddings.cls_token",
        positions: "\(root).embeddings.position_embeddings",
        block: isInMemory ? "\(root).layers." : "\(root).encoder.layer.", norm1: "layernorm_before",
        attention: "attention", queryBias: isInMemory ? "q_proj.bias" : "attention.query.bias",
        norm2: "layernorm_after",
        linear1: isInMemory ? "mlp.fc1" : "intermediate.dense", linear2: isInMemory ? "mlp.fc2" : "output.dense",
        norm: "\(root).layernorm", head: isTaught ? "cls_classifier" : "classifier",
        distillationToken: "\(root).embeddings.distillation_token",
        distilledHead: isTaught ? "distillation_classifier" : nil, eps: 1e-12,
        unused: ["\(root).embeddings.mask_token", "\(root).pooler."])
    }

    static let timm =
      Spelling(
        projection: "patch_embed.proj", token: "cls_token", positions: "pos_embed", block: "blocks.", norm1: "norm1",
        attention: "attn", norm2: "norm2", linear1: "mlp.fc1", linear2: "mlp.fc2", norm: "norm", head: "head")
  }
}
