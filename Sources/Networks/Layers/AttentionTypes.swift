import Graph
import Tensor

extension LayerType {
  static let attentionTypes = [
    LayerType(
      name: "MultiheadAttention",
      summary:
        "self-attention of [N, L, D] with `numHeads` heads; tensors called as PyTorch's (`in_proj_weight` [3 D, D], "
        + "`out_proj.weight`), timm's (`qkv.weight`, `proj.weight`) or Hugging Face's (`q_proj.weight`, `k_proj`, `v_proj` and `o_proj`, or "
        + "`attention.query`, `key`, `value` and `output.dense`), biases where present",
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
  /// Of queries, keys and values: one tensor of all, or three.
  let inputs: [(weight: String, bias: String)]
  let output: (weight: String, bias: String)

  /// timm's names or Hugging Face's (of transformers 5, and as all versions write files) where one of them is there, otherwise PyTorch's.
  init(_ weights: WeightSource, _ context: LayerContext) throws {
    func named(_ module: String) throws -> (weight: String, bias: String) {
      (try context.tensorName("\(module).weight"), try context.tensorName("\(module).bias"))
    }
    let spellings = [
      (["qkv"], "proj"), (["q_proj", "k_proj", "v_proj"], "o_proj"),
      (["attention.query", "attention.key", "attention.value"], "output.dense"),
    ]
    for (inputs, output) in spellings {
      let names = (inputs: try inputs.map(named), output: try named(output))
      guard
        (names.inputs + [names.output]).contains(where: { weights.contains($0.weight) || weights.contains($0.bias) })
      else { continue }
      (self.inputs, self.output) = names
      return
    }
    inputs = [(try context.tensorName("in_proj_weight"), try context.tensorName("in_proj_bias"))]
    output = try named("out_proj")
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
    // Each of queries, keys and values, or all of them side by side.
    let all = try names.inputs.enumerated().map { index, name in
      var bias = try attentionBias(name.bias, context.layer.qkvBias ?? context.layer.bias, context)
      if case .cosine = similarity, let given = bias {
        // That of the keys is not used.
        if names.inputs.count == 1 {
          let isUsed = Tensor(shape: [3 * width]) {
            for index in 0..<3 * width { $0[index] = index / width == 1 ? 0 : 1 }
          }
          bias = try graph.multiply(given, graph.constant(isUsed))
        } else if index == 1 {
          bias = nil
        }
      }
      return try graph.linear(sequences, tensor(.weight, named: name.weight, context), bias: bias)
    }
    let leading = Array(shape.dimensions.dropLast(2))
    let parts = Shape(leading + [shape[rank - 2], heads, width / heads])
    let swap = Array(0..<rank - 2) + [rank - 1, rank - 2, rank]
    /// `[N, ..., heads, L, D / heads]`.
    func part(_ number: Int) throws -> Graph.Value {
      let part =
        all.count == 1 ? try graph.slice(all[0], axis: rank - 1, start: number * width, count: width) : all[number]
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
      joined, tensor(.weight, named: names.output.weight, context),
      bias: attentionBias(names.output.bias, context.layer.bias, context))
  }

  /// Along the last axis, as PyTorch's `normalize` does; zeros stay zeros.
  private mutating func ofUnitLength(_ vectors: Graph.Value) throws -> Graph.Value {
    let norm = try graph.norm(vectors, axes: [graph.shape(of: vectors).rank - 1])
    return try graph.divide(vectors, graph.larger(norm, graph.constant(1e-12)))
  }

  private func requireAttentionShapes(_ names: SelfAttentionNames, width: Int, _ context: LayerContext) throws {
    let rows = 3 / names.inputs.count * width
    for input in names.inputs {
      try requireShape(named: input.weight, context, expected: "[\(rows), \(width)]") { $0 == [rows, width] }
      try requireShape(named: input.bias, context, expected: "[\(rows)]") { $0 == [rows] }
    }
    try requireShape(named: names.output.weight, context, expected: "[\(width), \(width)]") { $0 == [width, width] }
    try requireShape(named: names.output.bias, context, expected: "[\(width)]") { $0 == [width] }
  }

  /// A training begins with biases of 0, as PyTorch's.
  private mutating func attentionBias(
    _ name: String, _ isUsed: Bool?, _ context: LayerContext
  ) throws -> Graph.Value? {
    isUsed ?? weights.contains(name) ? try tensor(.shift, named: name, context) : nil
  }
}
