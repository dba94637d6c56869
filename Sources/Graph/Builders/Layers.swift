import Tensor

/// The layers networks are made of.
extension Graph {
  /// - Parameters: images `[N, C, H, W]`, weights `[K, C / groups, h, w]`.
  public mutating func conv2d(
    _ x: Value, _ weights: Value, _ geometry: ConvolutionGeometry
  ) throws(GraphError) -> Value {
    try apply(Conv2D(geometry: geometry), [x, weights])
  }

  /// Transposed convolution.
  /// - Parameters: images `[N, K, H, W]`, weights `[K, C / groups, h, w]` as PyTorch stores them; the output has extent
  ///   (H - 1) stride - padding + dilation (h - 1) + 1 + outputPadding.
  public mutating func transposedConv2d(
    _ x: Value, _ weights: Value, _ geometry: ConvolutionGeometry, outputPadding: (Int, Int) = (0, 0)
  ) throws(GraphError) -> Value {
    let (image, w) = (shape(of: x), shape(of: weights))
    guard image.rank == 4, w.rank == 4, geometry.isValid else {
      throw .shape(
        operation: "transposed-conv2d", inputs: [image, w], reason: "expected [N, K, H, W] and [K, C / groups, h, w]")
    }
    let height =
      (image[2] - 1) * geometry.strideHeight - geometry.top - geometry.bottom + geometry.dilationHeight * (w[2] - 1) + 1
      + outputPadding.0
    let width =
      (image[3] - 1) * geometry.strideWidth - geometry.left - geometry.right + geometry.dilationWidth * (w[3] - 1) + 1
      + outputPadding.1
    return try apply(Conv2DInputGradient(geometry: geometry, height: height, width: width), [x, weights])
  }

  /// The product of the last two axes; see `MatrixProduct`.
  public mutating func matmul(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(MatrixProduct(), [left, right])
  }

  /// x W' + b.
  /// - Parameters: x `[..., D]`, weights `[K, D]` as PyTorch stores them, bias `[K]`.
  public mutating func linear(_ x: Value, _ weights: Value, bias: Value? = nil) throws(GraphError) -> Value {
    let product = try matmul(x, swapLastAxes(weights))
    guard let bias else { return product }
    return try add(product, bias)
  }

  /// Adds `[C]` to every position of `[N, C, ...]`.
  public mutating func addChannels(_ x: Value, _ bias: Value) throws(GraphError) -> Value {
    try add(x, channelColumn(bias, like: x))
  }

  /// `[C]` as `[1, C, 1, ...]`, to broadcast over `x` of `[N, C, ...]`.
  public mutating func channelColumn(_ values: Value, like x: Value) throws(GraphError) -> Value {
    let rank = shape(of: x).rank
    return try reshape(values, to: Shape([1, shape(of: values).count] + [Int](repeating: 1, count: max(0, rank - 2))))
  }

  public mutating func maxPool2d(_ x: Value, _ window: PoolingWindow) throws(GraphError) -> Value {
    try apply(MaxPool2D(window: window), [x])
  }

  public mutating func averagePool2d(
    _ x: Value, _ window: PoolingWindow, includesPadding: Bool = true
  ) throws(GraphError) -> Value {
    try apply(AveragePool2D(window: window, includesPadding: includesPadding), [x])
  }

  /// `[N, C, H, W]` to `[N, C, 1, 1]`.
  public mutating func globalAveragePool(_ x: Value) throws(GraphError) -> Value {
    try mean(x, axes: Array(2..<max(2, shape(of: x).rank)))
  }

  /// Repeats every pixel `factor` times in both directions: `[N, C, H, W]` to `[N, C, H factor, W factor]`.
  public mutating func upsampleNearest(_ x: Value, factor: Int) throws(GraphError) -> Value {
    let s = shape(of: x)
    guard s.rank == 4, factor >= 1, factor < 1 << 16 else {
      throw .shape(
        operation: "upsample-nearest", inputs: [s], reason: "expected [N, C, H, W] and a factor of at least 1")
    }
    let split = try reshape(x, to: [s[0], s[1], s[2], 1, s[3], 1])
    let repeated = try broadcast(split, to: [s[0], s[1], s[2], factor, s[3], factor])
    return try reshape(repeated, to: [s[0], s[1], s[2] * factor, s[3] * factor])
  }
}
