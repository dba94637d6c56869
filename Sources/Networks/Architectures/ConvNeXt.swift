import Tensor

/// ConvNeXt (Liu et al., "A ConvNet for the 2020s", 2022) with torchvision's, timm's, Hugging Face's or the authors' names, of any width and
/// depths, and ConvNeXt V2 (Woo et al. 2023), which has global response normalisation and no layer scale, with all but torchvision's.
enum ConvNeXt: Architecture {
  static let family = "convnext"
  static let names = [
    "convnext-tiny", "convnext-small", "convnext-base", "convnext-large", "convnext-xlarge", "convnextv2-tiny",
    "convnextv2-base", "convnextv2-large",
  ]
  static let summary =
    "ConvNeXt, with global response normalisation ConvNeXt V2, with torchvision's, timm's, Hugging Face's or their authors' names"
  static let marks = [
    Spelling.all.map { "\($0.stem).weight" }, Spelling.all.map { "\($0.block(0, 0)).\($0.depthwise).weight" },
    Spelling.all.map { "\($0.head).weight" },
  ]

  /// By the width of the first stage and the blocks of each.
  private static let sizes = [
    "96x3-3-9-3": "tiny", "96x3-3-27-3": "small", "128x3-3-27-3": "base", "192x3-3-27-3": "large",
    "256x3-3-27-3": "xlarge",
  ]
  private static let stages = 4

  static func isMember(_ name: String) -> Bool {
    names.contains(name)
      || name.wholeMatch(of: /convnext(v2)?-[0-9]{1,5}x[0-9]{1,4}-[0-9]{1,4}-[0-9]{1,4}-[0-9]{1,4}/) != nil
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    guard let spelling = Spelling.all.first(where: { tensors.has("\($0.stem).weight") }) else { return [] }
    let stem = try tensors.convolution(spelling.stem)
    let depths = (0..<stages).map { tensors.count(after: spelling.stage($0)) }
    guard let empty = depths.firstIndex(of: 0) else {
      var layers = try patches(spelling.stem, tensors) + normalised(spelling.stemNorm)
      for (stage, depth) in depths.enumerated() {
        if stage > 0 {
          let (norm, convolution) = spelling.reduction(stage)
          layers += normalised(norm)
          layers += try patches(convolution, tensors)
        }
        for index in 0..<depth { layers.append(try block(spelling.block(stage, index), spelling, tensors)) }
      }
      layers += [
        .globalAveragePool, .flatten, .layerNorm(spelling.norm, eps: spelling.lastEps),
        .linear(spelling.head, bias: true),
      ]
      let version = tensors.names.contains { $0.contains(".\(spelling.response).") } ? "v2" : ""
      let size = "\(stem[0])x\(depths.map(String.init).joined(separator: "-"))"
      return [
        RecognisedNetwork(
          name: "convnext\(version)-\(sizes[size] ?? size)", layers: layers, inputShape: [stem[1], 224, 224])
      ]
    }
    throw .missing(tensor: "\(spelling.block(empty, 0)).\(spelling.depthwise).weight")
  }

  /// A convolution over patches that do not overlap.
  private static func patches(_ name: String, _ tensors: TensorShapes) throws(Misfit) -> [Layer] {
    [.conv(name, stride: try tensors.convolution(name)[2], bias: true)]
  }

  /// Layer normalisation over the channels of each position.
  private static func normalised(_ name: String) -> [Layer] { channelsLast([.layerNorm(name, eps: 1e-6)]) }

  /// Layers of `[N, H, W, C]` between maps.
  private static func channelsLast(_ layers: [Layer]) -> [Layer] {
    guard !layers.isEmpty else { return [] }
    return [Layer("Permute") { $0.permutation = [0, 2, 3, 1] }] + layers + [
      Layer("Permute") { $0.permutation = [0, 3, 1, 2] }
    ]
  }

  private static func block(
    _ name: String, _ spelling: Spelling, _ tensors: TensorShapes
  ) throws(Misfit) -> Layer {
    let kernel = try tensors.convolution("\(name).\(spelling.depthwise)")
    let depthwise = Layer.conv(
      "\(name).\(spelling.depthwise)", padding: kernel[2] / 2, groups: kernel[0], bias: true)
    let norm = Layer.layerNorm("\(name).\(spelling.blockNorm)", eps: 1e-6)
    let (linear1, linear2) = ("\(name).\(spelling.linear1)", "\(name).\(spelling.linear2)")
    let response = "\(name).\(spelling.response)"
    let hasResponse = tensors.names.contains { $0.contains(".\(spelling.response).") }
    let responses = hasResponse ? [Layer("GlobalResponseNorm", name: response)] : []
    // A response normalisation has such a tensor too.
    let hasScale = tensors.names.contains {
      $0.hasSuffix(".\(spelling.scale)") && !$0.hasSuffix(".\(spelling.response).\(spelling.scale)")
    }
    let scale = hasScale ? [Layer("MultiplyParameter", name: "\(name).\(spelling.scale)")] : []
    // In timm's smallest the linear layers are convolutions.
    if [linear1, linear2].contains(where: { tensors["\($0).weight"]?.count == 4 }) {
      let main =
        [depthwise] + channelsLast([norm]) + [.conv(linear1, bias: true), Layer("GELU")] + channelsLast(responses)
        + [.conv(linear2, bias: true)]
      return .residual(main + channelsLast(scale), shortcut: [])
    }
    let positions =
      [norm, .linear(linear1, bias: true), Layer("GELU")] + responses + [.linear(linear2, bias: true)]
    // torchvision's scale is [C, 1, 1], for a map; the others' [C], for its positions.
    return .residual(
      [depthwise] + (spelling.scalesMaps ? channelsLast(positions) + scale : channelsLast(positions + scale)),
      shortcut: [])
  }

  /// What the tensors are called.
  private struct Spelling: Sendable {
    var stem: String
    var stemNorm: String
    /// In front of the number of a block.
    var stage: @Sendable (_ stage: Int) -> String
    /// The layers that halve the map in front of a stage.
    var reduction: @Sendable (_ stage: Int) -> (norm: String, convolution: String)
    var depthwise: String
    var blockNorm: String
    var linear1: String
    var linear2: String
    /// Of the second version.
    var response = "mlp.grn"
    var scale: String
    var scalesMaps = false
    var norm: String
    /// Of the normalisation before the head.
    var lastEps = 1e-6
    var head: String

    func block(_ stage: Int, _ index: Int) -> String { "\(self.stage(stage))\(index)" }

    static let all = [
      Spelling(
        stem: "features.0.0", stemNorm: "features.0.1", stage: { "features.\(2 * $0 + 1)." },
        reduction: { ("features.\(2 * $0).0", "features.\(2 * $0).1") }, depthwise: "block.0", blockNorm: "block.2",
        linear1: "block.3", linear2: "block.5", scale: "layer_scale", scalesMaps: true, norm: "classifier.0",
        head: "classifier.2"),
      Spelling(
        stem: "stem.0", stemNorm: "stem.1", stage: { "stages.\($0).blocks." },
        reduction: { ("stages.\($0).downsample.0", "stages.\($0).downsample.1") }, depthwise: "conv_dw",
        blockNorm: "norm", linear1: "mlp.fc1", linear2: "mlp.fc2", scale: "gamma", norm: "head.norm", head: "head.fc"),
      Spelling(
        stem: "downsample_layers.0.0", stemNorm: "downsample_layers.0.1", stage: { "stages.\($0)." },
        reduction: { ("downsample_layers.\($0).0", "downsample_layers.\($0).1") }, depthwise: "dwconv",
        blockNorm: "norm", linear1: "pwconv1", linear2: "pwconv2", response: "grn", scale: "gamma", norm: "norm",
        head: "head"),
      transformers("convnext"), transformers("convnextv2"),
    ]

    private static func transformers(_ root: String) -> Spelling {
      Spelling(
        stem: "\(root).embeddings.patch_embeddings", stemNorm: "\(root).embeddings.layernorm",
        stage: { "\(root).encoder.stages.\($0).layers." },
        reduction: {
          ("\(root).encoder.stages.\($0).downsampling_layer.0", "\(root).encoder.stages.\($0).downsampling_layer.1")
        }, depthwise: "dwconv", blockNorm: "layernorm", linear1: "pwconv1", linear2: "pwconv2", response: "grn",
        scale: "layer_scale_parameter", norm: "\(root).layernorm", lastEps: 1e-12, head: "classifier")
    }
  }
}
