import Graph
import Tensor

extension LayerType {
  static let poolingTypes = [
    LayerType(
      name: "MaxPool2d", summary: "largest value of each window; `stride` defaults to `kernelSize`",
      options: ["kernelSize", "stride", "padding", "dilation", "ceilMode"]
    ) { builder, context in
      _ = try builder.imageChannels(context)
      builder.value = try builder.graph.maxPool2d(builder.value, context.window())
    },
    LayerType(
      name: "AvgPool2d", summary: "mean of each window; `stride` defaults to `kernelSize`",
      options: ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad"]
    ) { builder, context in
      _ = try builder.imageChannels(context)
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
      name: "AdaptiveAvgPool2d",
      summary: "means of `outputSize` windows that together cover the map, overlapping where it does not divide",
      options: ["outputSize"]
    ) { builder, context in
      _ = try builder.imageChannels(context)
      let size: Extent = try context.required(\.outputSize, "outputSize")
      guard let (height, width) = size.pair else {
        throw context.invalid("outputSize", "must be one number or [vertical, horizontal]")
      }
      for extent in [height, width] { try context.check(extent, "outputSize", atLeast: 1, atMost: 1 << 10) }
      try builder.adaptiveAveragePool(height: height, width: width)
    },
    LayerType(
      name: "Upsample", summary: "enlarges by `factor` in both directions; `mode` \"nearest\" or \"bilinear\"",
      options: ["factor", "mode", "alignCorners"]
    ) { builder, context in
      _ = try builder.imageChannels(context)
      let factor = try context.required(\.factor, "factor")
      try context.check(factor, "factor", atLeast: 1, atMost: 1 << 12)
      let alignCorners = context.layer.alignCorners
      switch context.layer.mode ?? "nearest" {
      case "nearest":
        guard alignCorners == nil else { throw context.invalid("alignCorners", "goes with the mode bilinear only") }
        builder.value = try builder.graph.upsampleNearest(builder.value, factor: factor)
      case "bilinear":
        let (height, width) = (builder.shape[2], builder.shape[3])
        for extent in [height, width] { try context.check(extent * factor, "factor", atLeast: 1, atMost: 1 << 12) }
        builder.value = try builder.graph.resampled(
          builder.value,
          rows: Graph.interpolation(of: height, to: height * factor, alignCorners: alignCorners ?? false),
          columns: Graph.interpolation(of: width, to: width * factor, alignCorners: alignCorners ?? false))
      case let mode: throw context.invalid("mode", "is `\(mode)`, expected `nearest` or `bilinear`")
      }
    },
  ]
}

extension LayerContext {
  /// PyTorch's rule that padding is at most half a window, so that every window sees the image.
  fileprivate func window() throws -> PoolingWindow {
    let size: Extent = try required(\.kernelSize, "kernelSize")
    guard let (height, width) = size.pair else {
      throw invalid("kernelSize", "must be one number or [vertical, horizontal]")
    }
    for extent in [height, width] { try check(extent, "kernelSize", atLeast: 1) }
    let geometry = try geometry(defaultStride: (height, width))
    let reaches = [(height - 1) * geometry.dilationHeight + 1, (width - 1) * geometry.dilationWidth + 1]
    guard max(geometry.top, geometry.bottom) <= reaches[0] / 2, max(geometry.left, geometry.right) <= reaches[1] / 2
    else { throw invalid("padding", "is more than half a window of \(reaches[0]) x \(reaches[1])") }
    return PoolingWindow(height: height, width: width, geometry: geometry, ceil: layer.ceilMode ?? false)
  }
}

extension LayerBuilder {
  /// PyTorch's definition: window i of n over an extent H is from floor(i H / n) to ceil((i + 1) H / n).
  fileprivate mutating func adaptiveAveragePool(height: Int, width: Int) throws {
    let (rows, columns) = (shape[2], shape[3])
    if rows % height == 0, columns % width == 0 {
      guard rows != height || columns != width else { return }
      let (stepHeight, stepWidth) = (rows / height, columns / width)
      let geometry = ConvolutionGeometry(stride: (stepHeight, stepWidth), padding: (0, 0, 0, 0))
      value = try graph.averagePool2d(value, PoolingWindow(height: stepHeight, width: stepWidth, geometry: geometry))
      return
    }
    // Windows of unequal size are a matrix product along each axis.
    value = try graph.resampled(
      value, rows: Self.averages(of: rows, into: height), columns: Self.averages(of: columns, into: width))
  }

  /// `[extent, count]`: column i has the weights of window i.
  private static func averages(of extent: Int, into count: Int) -> Tensor {
    Tensor(shape: [extent, count]) { weights in
      weights.update(repeating: 0)
      for window in 0..<count {
        let start = window * extent / count
        let end = ((window + 1) * extent + count - 1) / count
        for position in start..<end { weights[position * count + window] = 1 / Float(end - start) }
      }
    }
  }
}
