import Graph
import Tensor

extension LayerType {
  static let attentionTypes = [
    LayerType(
      name: "MultiheadAttention",
      summary:
        "self-attention of [N, L, D] with `numHeads` heads; tensors called as PyTorch's (`in_proj_weight` [3 D, D], "
        + "`out_proj.weight`) or timm's (`qkv.weight`, `proj.weight`), biases where present",
      options: ["name", "numHeads", "bias", "qkvBias"]
    ) { builder, context in
      guard builder.shape.rank == 3 else {
        throw ModelError.layer(layer: context.title, input: builder.shape.description, reason: "expected [N, L, D]")
      }
      let heads = try context.required(\.numHeads, "numHeads")
      try context.check(heads, "numHeads", atLeast: 1)
      builder.value = try builder.selfAttention(builder.value, heads: heads, context)
    },
    LayerType(
      name: "WindowAttention",
      summary:
        "self-attention of [N, H, W, C] within windows, which begin at `shiftSize` (0) of both axes (Swin); "
        + "`relative_position_bias_table` [(2 w - 1)^2, heads] tells windows and heads, other tensors are MultiheadAttention's",
      options: ["name", "shiftSize", "bias", "qkvBias"]
    ) { builder, context in try builder.windowAttention(context) },
    LayerType(
      name: "CosineWindowAttention",
      summary:
        "self-attention of [N, H, W, C] by cosine within windows of `windowSize`, which begin at `shiftSize` (0) of both axes (Swin V2); "
        + "`logit_scale` [heads, 1, 1] tells heads, `cpb_mlp.0` and `cpb_mlp.2` make what is added by distance; keys have no bias, other "
        + "tensors are MultiheadAttention's",
      options: ["name", "windowSize", "shiftSize", "bias", "qkvBias"]
    ) { builder, context in try builder.cosineWindowAttention(context) },
  ]
}

/// What a query and a key have in common.
enum AttentionSimilarity {
  /// Their product over the square root of their extent.
  case product
  /// Their cosine times a factor `[heads, 1, 1]`; keys have no bias (Swin V2).
  case cosine(scale: Graph.Value)
}

/// What the tensors of a self-attention are called.
private struct SelfAttentionNames {
  let inputWeight: String
  let inputBias: String
  let outputWeight: String
  let outputBias: String

  /// timm's names where one of them is there, otherwise PyTorch's.
  init(_ weights: WeightSource, _ context: LayerContext) throws {
    let timm = ["qkv.weight", "qkv.bias", "proj.weight", "proj.bias"]
    let isTimm = try timm.contains { weights.contains(try context.tensorName($0)) }
    let names = try (isTimm ? timm : ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"])
      .map { try context.tensorName($0) }
    (inputWeight, inputBias, outputWeight, outputBias) = (names[0], names[1], names[2], names[3])
  }
}

extension LayerBuilder {
  /// Attention of each sequence to itself.
  /// - Parameters:
  ///   - sequences: `[N, ..., L, D]`.
  ///   - similarity: of queries and keys.
  ///   - addend: added to it, `[..., heads, L, L]`.
  mutating func selfAttention(
    _ sequences: Graph.Value, heads: Int, similarity: AttentionSimilarity = .product, adding addend: Graph.Value? = nil,
    _ context: LayerContext
  ) throws -> Graph.Value {
    let shape = graph.shape(of: sequences)
    let names = try SelfAttentionNames(weights, context)
    let (rank, width) = (shape.rank, shape[shape.rank - 1])
    guard width % heads == 0 else {
      throw context.invalid("numHeads", "is \(heads), which does not divide the width \(width)")
    }
    try requireAttentionShapes(names, width: width, context)
    var inputBias = try attentionBias(names.inputBias, context.layer.qkvBias ?? context.layer.bias, context)
    if case .cosine = similarity, let given = inputBias {
      let isUsed = Tensor(shape: [3 * width]) { for index in 0..<3 * width { $0[index] = index / width == 1 ? 0 : 1 } }
      inputBias = try graph.multiply(given, graph.constant(isUsed))
    }
    let all = try graph.linear(sequences, tensor(.weight, named: names.inputWeight, context), bias: inputBias)
    let leading = Array(shape.dimensions.dropLast(2))
    let parts = Shape(leading + [shape[rank - 2], heads, width / heads])
    let swap = Array(0..<rank - 2) + [rank - 1, rank - 2, rank]
    /// `[N, ..., heads, L, D / heads]`.
    func part(_ number: Int) throws -> Graph.Value {
      let part = try graph.slice(all, axis: rank - 1, start: number * width, count: width)
      return try graph.transpose(graph.reshape(part, to: parts), swap)
    }
    let (queries, keys, values) = (try part(0), try part(1), try part(2))
    var scores: Graph.Value
    switch similarity {
    case .product:
      let scale = graph.constant(1 / Float(width / heads).squareRoot())
      scores = try graph.matmul(graph.multiply(queries, scale), graph.swapLastAxes(keys))
    case .cosine(let scale):
      scores = try graph.multiply(
        graph.matmul(ofUnitLength(queries), graph.swapLastAxes(ofUnitLength(keys))), scale)
    }
    if let addend { scores = try graph.add(scores, addend) }
    let attended = try graph.matmul(graph.softmax(scores), values)
    let joined = try graph.reshape(graph.transpose(attended, swap), to: shape)
    return try graph.linear(
      joined, tensor(.weight, named: names.outputWeight, context),
      bias: attentionBias(names.outputBias, context.layer.bias, context))
  }

  /// Along the last axis, as PyTorch's `normalize` does; zeros stay zeros.
  private mutating func ofUnitLength(_ vectors: Graph.Value) throws -> Graph.Value {
    let norm = try graph.norm(vectors, axes: [graph.shape(of: vectors).rank - 1])
    return try graph.divide(vectors, graph.larger(norm, graph.constant(1e-12)))
  }

  private func requireAttentionShapes(_ names: SelfAttentionNames, width: Int, _ context: LayerContext) throws {
    let (all, one) = (3 * width, width)
    try requireShape(named: names.inputWeight, context, expected: "[\(all), \(one)]") { $0 == [all, one] }
    try requireShape(named: names.inputBias, context, expected: "[\(all)]") { $0 == [all] }
    try requireShape(named: names.outputWeight, context, expected: "[\(one), \(one)]") { $0 == [one, one] }
    try requireShape(named: names.outputBias, context, expected: "[\(one)]") { $0 == [one] }
  }

  /// A training begins with biases of 0, as PyTorch's.
  private mutating func attentionBias(
    _ name: String, _ isUsed: Bool?, _ context: LayerContext
  ) throws -> Graph.Value? {
    isUsed ?? weights.contains(name) ? try tensor(.shift, named: name, context) : nil
  }
}
