import Graph

extension LayerType {
  /// Elementwise functions, and softmax.
  static let activationTypes = [
    LayerType(name: "ReLU", summary: "max(x, 0)", options: []) { builder, _ in
      builder.value = try builder.graph.relu(builder.value)
    },
    LayerType(
      name: "LeakyReLU", summary: "x, times `negativeSlope` (0.01) below zero", options: ["negativeSlope"]
    ) { builder, context in
      builder.value = try builder.graph.relu(
        builder.value, slope: context.number(\.negativeSlope, "negativeSlope", default: 0.01))
    },
    LayerType(name: "Softplus", summary: "log(1 + exp(`beta` x)) / `beta` (1)", options: ["beta"]) { builder, context in
      let beta = try context.number(\.beta, "beta", default: 1)
      guard beta > 0 else { throw context.invalid("beta", "must be positive") }
      builder.value = try builder.graph.softplus(builder.value, beta: beta)
    },
    LayerType(name: "Sigmoid", summary: "1 / (1 + exp(-x))", options: []) { builder, _ in
      builder.value = try builder.graph.sigmoid(builder.value)
    },
    LayerType(name: "Tanh", summary: "tanh(x)", options: []) { builder, _ in
      builder.value = try builder.graph.tanh(builder.value)
    },
    LayerType(
      name: "GELU", summary: "x Phi(x), or its `approximate` form \"tanh\"", options: ["approximate"]
    ) { builder, context in
      let approximate = context.layer.approximate ?? "none"
      guard ["none", "tanh"].contains(approximate) else {
        throw context.invalid("approximate", "is `\(approximate)`, expected `none` or `tanh`")
      }
      builder.value = try builder.graph.gelu(builder.value, tanhApproximation: approximate == "tanh")
    },
    LayerType(name: "SiLU", summary: "x sigmoid(x)", options: []) { builder, _ in
      builder.value = try builder.graph.silu(builder.value)
    },
    LayerType(
      name: "Clip", summary: "limits x to [`minimum`, `maximum`]", options: ["minimum", "maximum"]
    ) { builder, context in
      let lower = try context.layer.minimum == nil ? -.infinity : context.number(\.minimum, "minimum")
      let upper = try context.layer.maximum == nil ? .infinity : context.number(\.maximum, "maximum")
      guard lower <= upper else { throw context.invalid("minimum", "is above `maximum`") }
      // As PyTorch's relu6 and hardtanh, for which it stands, on the bounds.
      builder.value = try builder.graph.clip(builder.value, lower: lower, upper: upper, includesBounds: false)
    },
    LayerType(name: "Scale", summary: "x times `value`", options: ["value"]) { builder, context in
      let factor = builder.graph.constant(try context.number(\.value, "value"))
      builder.value = try builder.graph.multiply(builder.value, factor)
    },
    LayerType(name: "Shift", summary: "x plus `value`", options: ["value"]) { builder, context in
      let offset = builder.graph.constant(try context.number(\.value, "value"))
      builder.value = try builder.graph.add(builder.value, offset)
    },
    LayerType(name: "Softmax", summary: "softmax over the last axis", options: []) { builder, context in
      try builder.requireRank(2, context)
      builder.value = try builder.graph.softmax(builder.value)
    },
    LayerType(name: "LogSoftmax", summary: "log softmax over the last axis", options: []) { builder, context in
      try builder.requireRank(2, context)
      builder.value = try builder.graph.logSoftmax(builder.value)
    },
    LayerType(
      name: "Dropout", summary: "nothing, as in inference; listed so that module lists can be copied", options: []
    ) { _, _ in },
    LayerType(
      name: "Identity", summary: "nothing; listed so that module lists can be copied", options: []
    ) { _, _ in },
  ]
}
