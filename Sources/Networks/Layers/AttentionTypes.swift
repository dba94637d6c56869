import Graph
import Tensor

extension LayerType {
  static let attentionTypes = [
    LayerType(
      name: "MultiheadAttention",
      summary:
        "self-attention of [N, L, D] with `numHeads` heads; tensors called as PyTorch's (`in_proj_weight` [3 D, D], "
        + "`out_proj.weight`) or timm's (`qkv.weight`, `proj.weight`), biases where present",
      options: ["name", "numHeads", "bias"]
    ) { builder, context in
      let names = try SelfAttentionNames(builder.weights, context)
      let (width, heads) = try builder.attentionExtents(names, context)
      let shape = builder.shape
      let size = width / heads
      let all = try builder.graph.linear(
        builder.value, builder.tensor(.weight, named: names.inputWeight, context),
        bias: builder.attentionBias(names.inputBias, context))
      /// `[N, heads, L, size]`.
      func part(_ number: Int) throws -> Graph.Value {
        let part = try builder.graph.slice(all, axis: 2, start: number * width, count: width)
        return try builder.graph.transpose(
          builder.graph.reshape(part, to: [shape[0], shape[1], heads, size]), [0, 2, 1, 3])
      }
      let (queries, keys, values) = (try part(0), try part(1), try part(2))
      let scale = builder.graph.constant(1 / Float(size).squareRoot())
      let scaled = try builder.graph.multiply(queries, scale)
      let scores = try builder.graph.matmul(scaled, builder.graph.swapLastAxes(keys))
      let attended = try builder.graph.matmul(builder.graph.softmax(scores), values)
      let joined = try builder.graph.reshape(builder.graph.transpose(attended, [0, 2, 1, 3]), to: shape)
      builder.value = try builder.graph.linear(
        joined, builder.tensor(.weight, named: names.outputWeight, context),
        bias: builder.attentionBias(names.outputBias, context))
    }
  ]
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
  /// D and the number of heads, of tensors that fit them.
  fileprivate func attentionExtents(
    _ names: SelfAttentionNames, _ context: LayerContext
  ) throws -> (width: Int, heads: Int) {
    guard shape.rank == 3 else {
      throw ModelError.layer(layer: context.title, input: shape.description, reason: "expected [N, L, D]")
    }
    let width = shape[2]
    let heads = try context.required(\.numHeads, "numHeads")
    try context.check(heads, "numHeads", atLeast: 1)
    guard width % heads == 0 else {
      throw context.invalid("numHeads", "is \(heads), which does not divide the width \(width)")
    }
    let (all, one) = (3 * width, width)
    try requireShape(named: names.inputWeight, context, expected: "[\(all), \(one)]") { $0 == [all, one] }
    try requireShape(named: names.inputBias, context, expected: "[\(all)]") { $0 == [all] }
    try requireShape(named: names.outputWeight, context, expected: "[\(one), \(one)]") { $0 == [one, one] }
    try requireShape(named: names.outputBias, context, expected: "[\(one)]") { $0 == [one] }
    return (width, heads)
  }

  /// A training begins with biases of 0, as PyTorch's.
  fileprivate mutating func attentionBias(_ name: String, _ context: LayerContext) throws -> Graph.Value? {
    context.layer.bias ?? weights.contains(name) ? try tensor(.shift, named: name, context) : nil
  }
}
