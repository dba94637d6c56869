import Graph
import Tensor

extension LayerType {
  /// Layers with tensors.
  static let parametricTypes = [
    LayerType(
      name: "Conv2d", summary: "convolution; `weight` [K, C / groups, h, w], `bias` [K] where present",
      options: ["name", "stride", "padding", "dilation", "groups"]
    ) { builder, context in
      let geometry = try context.geometry()
      let channels = try builder.imageChannels(context)
      try builder.requireShape("weight", context, expected: "[K, \(channels) / \(geometry.groups), h, w]") {
        $0.rank == 4 && $0[1] * geometry.groups == channels
      }
      builder.value = try builder.graph.conv2d(builder.value, builder.constant("weight", context), geometry)
      try builder.addBias(context)
    },
    LayerType(
      name: "ConvTranspose2d",
      summary: "transposed convolution; `weight` [C, K / groups, h, w], `bias` [K] where present",
      options: ["name", "stride", "padding", "outputPadding", "dilation", "groups"]
    ) { builder, context in
      let channels = try builder.imageChannels(context)
      try builder.requireShape("weight", context, expected: "[\(channels), K / groups, h, w]") {
        $0.rank == 4 && $0[0] == channels
      }
      builder.value = try builder.graph.transposedConv2d(
        builder.value, builder.constant("weight", context), context.geometry(),
        outputPadding: context.pair(\.outputPadding, "outputPadding", default: 0))
      try builder.addBias(context)
    },
    LayerType(
      name: "Linear", summary: "x W' + b over the last axis; `weight` [K, D], `bias` [K] where present",
      options: ["name"]
    ) { builder, context in
      let shape = builder.shape
      let features = shape.dimensions.last ?? 0
      try builder.requireShape(
        "weight", context, expected: "[K, \(features)] for an input of shape \(shape)"
      ) { $0.rank == 2 && $0[1] == features }
      let weight = try builder.constant("weight", context)
      let outputs = builder.graph.shape(of: weight)[0]
      try builder.requireShape("bias", context, expected: "[\(outputs)]") { $0 == [outputs] }
      builder.value = try builder.graph.linear(
        builder.value, weight, bias: builder.optionalConstant("bias", context))
    },
    LayerType(
      name: "BatchNorm2d",
      summary:
        "batch normalisation in inference mode; `running_mean`, `running_var`, `weight` and `bias` where present",
      options: ["name", "eps"]
    ) { builder, context in
      try builder.requireChannels(["running_mean", "running_var", "weight", "bias"], context)
      builder.value = try builder.graph.batchNorm(
        builder.value, scale: builder.optionalConstant("weight", context),
        shift: builder.optionalConstant("bias", context), mean: builder.constant("running_mean", context),
        variance: builder.constant("running_var", context), epsilon: Float(context.layer.eps ?? 1e-5))
    },
    LayerType(
      name: "GroupNorm", summary: "group normalisation; `weight`, `bias` [C] where present",
      options: ["name", "numGroups", "eps"]
    ) { builder, context in
      if context.layer.name != nil { try builder.requireChannels(["weight", "bias"], context) }
      builder.value = try builder.graph.groupNorm(
        builder.value, groups: context.required(\.numGroups, "numGroups"), scale: builder.affine("weight", context),
        shift: builder.affine("bias", context), epsilon: Float(context.layer.eps ?? 1e-5))
    },
    LayerType(
      name: "InstanceNorm2d", summary: "instance normalisation; `weight`, `bias` [C] where present",
      options: ["name", "eps"]
    ) { builder, context in
      if context.layer.name != nil { try builder.requireChannels(["weight", "bias"], context) }
      builder.value = try builder.graph.groupNorm(
        builder.value, groups: builder.imageChannels(context), scale: builder.affine("weight", context),
        shift: builder.affine("bias", context), epsilon: Float(context.layer.eps ?? 1e-5))
    },
    LayerType(
      name: "LayerNorm", summary: "layer normalisation over the last `normalizedDimensions` axes (1)",
      options: ["name", "normalizedDimensions", "eps"]
    ) { builder, context in
      let axes = context.layer.normalizedDimensions ?? 1
      let shape = builder.shape
      for suffix in ["weight", "bias"] where context.layer.name != nil {
        try builder.requireShape(
          suffix, context, expected: "\(Array(shape.dimensions.suffix(max(0, axes))))"
        ) { Array($0.dimensions) == Array(shape.dimensions.suffix(max(0, axes))) }
      }
      builder.value = try builder.graph.layerNorm(
        builder.value, axes: axes, scale: builder.affine("weight", context), shift: builder.affine("bias", context),
        epsilon: Float(context.layer.eps ?? 1e-5))
    },
  ]
}

extension LayerBuilder {
  /// C of `[N, C, H, W]`.
  func imageChannels(_ context: LayerContext) throws -> Int {
    guard shape.rank == 4 else {
      throw ModelError.layer(layer: context.title, input: shape.description, reason: "expected [N, C, H, W]")
    }
    return shape[1]
  }

  fileprivate func requireChannels(_ suffixes: [String], _ context: LayerContext) throws {
    guard shape.rank >= 2 else {
      throw ModelError.layer(layer: context.title, input: shape.description, reason: "expected [N, C, ...]")
    }
    let channels = shape[1]
    for suffix in suffixes {
      try requireShape(suffix, context, expected: "[\(channels)]") { $0 == [channels] }
    }
  }

  fileprivate mutating func addBias(_ context: LayerContext) throws {
    let channels = shape[1]
    try requireShape("bias", context, expected: "[\(channels)]") { $0 == [channels] }
    if let bias = try optionalConstant("bias", context) { value = try graph.addChannels(value, bias) }
  }

  /// The scale or shift of a normalisation that may have none.
  fileprivate mutating func affine(_ suffix: String, _ context: LayerContext) throws -> Graph.Value? {
    context.layer.name == nil ? nil : try optionalConstant(suffix, context)
  }
}
