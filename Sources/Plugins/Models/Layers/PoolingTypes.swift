import Graph

extension LayerType {
  static let poolingTypes = [
    LayerType(
      name: "MaxPool2d", summary: "largest value of each window; `stride` defaults to `kernelSize`",
      options: ["kernelSize", "stride", "padding", "dilation", "ceilMode"]
    ) { builder, context in
      builder.value = try builder.graph.maxPool2d(builder.value, context.window())
    },
    LayerType(
      name: "AvgPool2d", summary: "mean of each window; `stride` defaults to `kernelSize`",
      options: ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad"]
    ) { builder, context in
      builder.value = try builder.graph.averagePool2d(
        builder.value, context.window(), includesPadding: context.layer.countIncludePad ?? true)
    },
    LayerType(
      name: "GlobalAvgPool2d", summary: "mean of each channel: [N, C, H, W] to [N, C, 1, 1]", options: []
    ) { builder, context in
      _ = try builder.imageChannels(context)
      builder.value = try builder.graph.globalAveragePool(builder.value)
    },
    LayerType(
      name: "Upsample", summary: "repeats every pixel `factor` times in both directions (nearest neighbour)",
      options: ["factor"]
    ) { builder, context in
      builder.value = try builder.graph.upsampleNearest(
        builder.value, factor: context.required(\.factor, "factor"))
    },
  ]
}

extension LayerContext {
  fileprivate func window() throws -> PoolingWindow {
    let size: Extent = try required(\.kernelSize, "kernelSize")
    guard let (height, width) = size.pair else {
      throw invalid("kernelSize", "must be one number or [vertical, horizontal]")
    }
    return PoolingWindow(
      height: height, width: width, geometry: try geometry(defaultStride: (height, width)),
      ceil: layer.ceilMode ?? false)
  }
}
