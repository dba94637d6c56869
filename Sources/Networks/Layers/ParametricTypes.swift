import Graph
import Tensor

extension LayerType {
  /// Layers with tensors.
  static let parametricTypes = [
    LayerType(
      name: "Conv2d", summary: "convolution; `weight` [K, C / groups, h, w], `bias` [K] where present",
      options: ["name", "stride", "padding", "dilation", "groups", "bias"]
    ) { builder, context in
      let geometry = try context.geometry()
      let channels = try builder.imageChannels(context)
      try builder.requireShape("weight", context, expected: "[K, \(channels) / \(geometry.groups), h, w]") {
        $0.rank == 4 && $0[1] * geometry.groups == channels
      }
      builder.value = try builder.graph.conv2d(builder.value, builder.tensor(.weight, context), geometry)
      try builder.addBias(context)
    },
    LayerType(
      name: "ConvTranspose2d",
      summary: "transposed convolution; `weight` [C, K / groups, h, w], `bias` [K] where present",
      options: ["name", "stride", "padding", "outputPadding", "dilation", "groups", "bias"]
    ) { builder, context in
      let channels = try builder.imageChannels(context)
      try builder.requireShape("weight", context, expected: "[\(channels), K / groups, h, w]") {
        $0.rank == 4 && $0[0] == channels
      }
      let geometry = try context.geometry()
      let extra = try context.pair(\.outputPadding, "outputPadding", default: 0)
      try context.check(
        extra.0, "outputPadding", atLeast: 0, atMost: max(geometry.strideHeight, geometry.dilationHeight) - 1)
      try context.check(
        extra.1, "outputPadding", atLeast: 0, atMost: max(geometry.strideWidth, geometry.dilationWidth) - 1)
      builder.value = try builder.graph.transposedConv2d(
        builder.value, builder.tensor(.weight, context), geometry, outputPadding: extra)
      try builder.addBias(context)
    },
    LayerType(
      name: "Linear", summary: "x W' + b over the last axis; `weight` [K, D], `bias` [K] where present",
      options: ["name", "bias"]
    ) { builder, context in
      try builder.requireRank(2, context)
      let shape = builder.shape
      let features = shape.dimensions.last ?? 0
      try builder.requireShape(
        "weight", context,
        expected: "[K, \(features)] for an input of shape \(shape)\(builder.mapRead(by: context))"
      ) { $0.rank == 2 && $0[1] == features }
      let weight = try builder.tensor(.weight, context)
      let outputs = builder.graph.shape(of: weight)[0]
      try builder.requireShape("bias", context, expected: "[\(outputs)]") { $0 == [outputs] }
      let bias = try builder.tensor(.bias, context, where: context.layer.bias)
      builder.value = try builder.graph.linear(builder.value, weight, bias: bias)
    },
    LayerType(
      name: "BatchNorm2d",
      summary:
        "batch normalisation in inference mode; `running_mean`, `running_var`, `weight` and `bias` where present",
      options: ["name", "eps", "affine"]
    ) { builder, context in
      try builder.requireChannels(["running_mean", "running_var", "weight", "bias"], context)
      let eps = try context.epsilon()
      if builder.isTraining {
        try builder.normaliseBatch(context, epsilon: eps)
        return
      }
      let variance = try builder.tensor(.runningVariance, context)
      let tensor = try context.tensorName("running_var")
      guard builder.graph.constantTensor(variance)?.scalars.allSatisfy({ $0 + eps > 0 }) ?? false else {
        throw ModelError.tensorValues(
          file: builder.weights.file, layer: context.title, tensor: tensor,
          reason: "holds a variance that is not positive")
      }
      let mean = try builder.tensor(.runningMean, context)
      let affine = try builder.affine(context)
      builder.value = try builder.graph.batchNorm(
        builder.value, scale: affine.scale, shift: affine.shift, mean: mean, variance: variance, epsilon: eps)
    },
    LayerType(
      name: "GroupNorm", summary: "group normalisation; `weight`, `bias` [C] where present",
      options: ["name", "numGroups", "eps", "affine"]
    ) { builder, context in
      if context.layer.name != nil { try builder.requireChannels(["weight", "bias"], context) }
      try builder.requireRank(2, context)
      let groups = try context.required(\.numGroups, "numGroups")
      try context.check(groups, "numGroups", atLeast: 1)
      try builder.standardise(context) { graph, value, affine, eps in
        try graph.groupNorm(value, groups: groups, scale: affine.scale, shift: affine.shift, epsilon: eps)
      }
    },
    LayerType(
      name: "InstanceNorm2d", summary: "instance normalisation; `weight`, `bias` [C] where present",
      options: ["name", "eps", "affine"]
    ) { builder, context in
      if context.layer.name != nil { try builder.requireChannels(["weight", "bias"], context) }
      let groups = try builder.imageChannels(context)
      try builder.standardise(context) { graph, value, affine, eps in
        try graph.groupNorm(value, groups: groups, scale: affine.scale, shift: affine.shift, epsilon: eps)
      }
    },
    LayerType(
      name: "LayerNorm", summary: "layer normalisation over the last `normalizedDimensions` axes (1)",
      options: ["name", "normalizedDimensions", "eps", "affine"]
    ) { builder, context in
      let axes = context.layer.normalizedDimensions ?? 1
      let shape = builder.shape
      try builder.requireRank(2, context)
      try context.check(axes, "normalizedDimensions", atLeast: 1, atMost: shape.rank - 1)
      let normalised = Array(shape.dimensions.suffix(axes))
      for suffix in ["weight", "bias"] where context.layer.name != nil {
        try builder.requireShape(suffix, context, expected: "\(normalised)") { $0.dimensions == normalised }
      }
      try builder.standardise(context) { graph, value, affine, eps in
        try graph.layerNorm(value, axes: axes, scale: affine.scale, shift: affine.shift, epsilon: eps)
      }
    },
    LayerType(
      name: "GlobalResponseNorm",
      summary:
        "each channel of [N, H, W, C] times its norm over the map, over the mean norm: ConvNeXt V2's, with the input added; tensors called "
        + "as timm's (`weight`, `bias` [C]), Hugging Face's (the same [1, 1, 1, C]) or its authors' (`gamma`, `beta` [1, 1, 1, C])",
      options: ["name", "eps"]
    ) { builder, context in try builder.globalResponseNorm(context) },
  ]
}

extension LayerBuilder {
  /// What a linear layer on a flattened map says of that map, where it is another one: a stride, padding or pool before it
  /// differs from the network's. Empty where the numbers tell nothing.
  fileprivate func mapRead(by context: LayerContext) -> String {
    guard let map = lastMap, let name = try? context.tensorName("weight"), let weight = weights.shape(name),
      weight.count == 2, map[1] > 0, map.droppingFirst.count == shape.droppingFirst.count,
      weight[1] % map[1] == 0
    else { return "" }
    let positions = weight[1] / map[1]
    let side = Int(Double(positions).squareRoot().rounded())
    guard positions > 0, side.multipliedReportingOverflow(by: side).partialValue == positions else { return "" }
    return
      " (it reads a map of \(map[1]) x \(side) x \(side), the layers before it leave \(map[1]) x \(map[2]) x \(map[3]): a "
      + "stride, padding or pool before it is not the network's)"
  }

  fileprivate typealias Affine = (scale: Graph.Value?, shift: Graph.Value?)

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
    if let bias = try tensor(.bias, context, where: context.layer.bias) {
      value = try graph.addChannels(value, bias)
    }
  }

  /// The scale and shift of a normalisation. The checkpoint has both or neither; one alone is a missing tensor, but for
  /// PyTorch's `LayerNorm(bias=False)`.
  fileprivate mutating func affine(_ context: LayerContext) throws -> Affine {
    let mayLackShift = context.layer.type == "LayerNorm" && context.layer.affine == nil
    let exists = try ["weight", "bias"].contains { weights.contains(try context.tensorName($0)) }
    guard context.layer.affine ?? exists else { return (nil, nil) }
    let scale = try tensor(.scale, context)
    return (scale, try tensor(.shift, context, where: mayLackShift ? nil : true))
  }

  /// Batch normalisation with the statistics of the batch, which are collected for the running ones.
  fileprivate mutating func normaliseBatch(_ context: LayerContext, epsilon: Float) throws {
    let shape = shape
    let affine = try self.affine(context)
    let result = try graph.batchNormTraining(value, scale: affine.scale, shift: affine.shift, epsilon: epsilon)
    value = result.output
    statistics.append(
      BatchStatistics(
        layer: try context.required(\.name, "name"), mean: result.mean, variance: result.variance,
        count: shape.count / max(1, shape[1])))
  }

  /// A normalisation by the image's own statistics, whose only tensors are scale and shift: without a name it has neither.
  fileprivate mutating func standardise(
    _ context: LayerContext, _ operation: (inout Graph, Graph.Value, Affine, Float) throws -> Graph.Value
  ) throws {
    let eps = try context.epsilon()
    var affine: Affine = (nil, nil)
    if context.layer.name != nil {
      affine = try self.affine(context)
      // A name is given for its tensors.
      if affine.scale == nil, context.layer.affine != false { affine.scale = try tensor(.scale, context) }
    }
    value = try operation(&graph, value, affine, eps)
  }

  /// Woo et al., "ConvNeXt V2", 2023, equations 1 to 3, with the residual of their code.
  fileprivate mutating func globalResponseNorm(_ context: LayerContext) throws {
    let shape = shape
    guard shape.rank == 4 else {
      throw ModelError.layer(layer: context.title, input: shape.description, reason: "expected [N, H, W, C]")
    }
    let eps = try context.number(\.eps, "eps", default: 1e-6)
    guard eps > 0 else { throw context.invalid("eps", "is \(eps), expected a positive number") }
    let channels = shape[3]
    let names = try ["gamma", "beta"].map { try context.tensorName($0) }
    let isAuthors = names.contains { weights.contains($0) }
    func parameter(_ kind: TensorKind, _ index: Int) throws -> Graph.Value {
      let name = isAuthors ? names[index] : try context.tensorName(kind.suffix)
      // The authors' and Hugging Face's have four axes.
      try requireShape(named: name, context, expected: "[\(channels)] or [1, 1, 1, \(channels)]") {
        $0.dimensions == [channels] || $0.dimensions == [1, 1, 1, channels]
      }
      return try graph.reshape(tensor(kind, named: name, context), to: [channels])
    }
    let (scale, shift) = (try parameter(.scale, 0), try parameter(.shift, 1))
    let norms = try graph.norm(value, axes: [1, 2])
    let mean = try graph.add(graph.mean(norms, axes: [3]), graph.constant(eps))
    let answer = try graph.multiply(value, graph.divide(norms, mean))
    value = try graph.add(value, graph.add(graph.multiply(answer, scale), shift))
  }
}
