import Graph
import Tensor

extension LayerType {
  /// Layers of one parameter, which stands in a network's code as `nn.Parameter`: `name` is the tensor's whole name.
  static let parameterTypes = [
    LayerType(
      name: "AddParameter", summary: "adds the tensor `name`, repeated where it has extent 1 (position embeddings)",
      options: ["name"]
    ) { builder, context in
      let parameter = try builder.repeatedParameter(.shift, context)
      builder.value = try builder.graph.add(builder.value, parameter)
    },
    LayerType(
      name: "MultiplyParameter",
      summary: "multiplies with the tensor `name`, repeated where it has extent 1 (layer scale)",
      options: ["name"]
    ) { builder, context in
      let parameter = try builder.repeatedParameter(.scale, context)
      builder.value = try builder.graph.multiply(builder.value, parameter)
    },
    LayerType(
      name: "PrependParameter",
      summary: "puts the tensor `name` [1, l, D] or [D] in front of a sequence [N, L, D] (class tokens)",
      options: ["name"]
    ) { builder, context in
      let shape = builder.shape
      guard shape.rank == 3 else {
        throw ModelError.layer(layer: context.title, input: shape.description, reason: "expected [N, L, D]")
      }
      let width = shape[2]
      let name = try context.required(\.name, "name")
      try builder.requireShape(named: name, context, expected: "[1, l, \(width)] or [\(width)]") {
        $0 == [width] || ($0.rank == 3 && $0[0] == 1 && $0[2] == width)
      }
      let parameter = try builder.tensor(.shift, named: name, context)
      let count = builder.graph.shape(of: parameter).count / max(1, width)
      try context.checkTokens(count, name)
      let tokens = try builder.graph.broadcast(
        builder.graph.reshape(parameter, to: [1, count, width]), to: [shape[0], count, width])
      builder.value = try builder.graph.concatenate([tokens, builder.value], axis: 1)
    },
    LayerType(
      name: "PReLU", summary: "x, times `weight` [C] or [1] below zero", options: ["name"]
    ) { builder, context in
      try builder.requireRank(2, context)
      let channels = builder.shape[1]
      try builder.requireShape("weight", context, expected: "[\(channels)] or [1]") { $0 == [channels] || $0 == [1] }
      // A training begins with the rectifier; PyTorch's begins with slopes of 1/4.
      let name = try context.tensorName("weight")
      let weight = try builder.tensor(.shift, named: name, context)
      let slope =
        builder.graph.shape(of: weight) == [1] ? weight : try builder.graph.channelColumn(weight, like: builder.value)
      builder.value = try builder.graph.prelu(builder.value, slope: slope)
    },
  ]
}

extension LayerBuilder {
  /// A parameter that broadcasts to the current value and does not make it larger; nor does it tell images of a batch apart.
  fileprivate mutating func repeatedParameter(_ kind: TensorKind, _ context: LayerContext) throws -> Graph.Value {
    let name = try context.required(\.name, "name")
    let input = shape
    try requireShape(
      named: name, context,
      expected: "one that is repeated to \(input.droppingFirst), the shape of what each image has here"
    ) { parameter in
      let axes = Array(parameter.dimensions.reversed())
      let image = Array(input.dimensions.dropFirst().reversed())
      return zip(axes, image).allSatisfy { $0 == $1 || $0 == 1 } && axes.dropFirst(image.count).allSatisfy { $0 == 1 }
    }
    let parameter = try tensor(kind, named: name, context)
    let shape = graph.shape(of: parameter)
    // Axes of extent 1 in front of the image's are no axes of the value.
    guard shape.rank > input.rank else { return parameter }
    return try graph.reshape(parameter, to: Shape(Array(shape.dimensions.suffix(input.rank))))
  }
}

extension LayerContext {
  fileprivate func checkTokens(_ count: Int, _ name: String) throws {
    guard count >= 1, count <= Self.largestExtent else {
      throw invalid("name", "`\(name)` holds \(count) tokens, expected 1...\(Self.largestExtent)")
    }
  }
}
