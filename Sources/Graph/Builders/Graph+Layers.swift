import Tensor

/// The layers networks are made of.
extension Graph {
  /// - Parameters: images `[N, C, H, W]`, weights `[K, C / groups, h, w]`.
  package mutating func conv2d(
    _ x: Value, _ weights: Value, _ geometry: ConvolutionGeometry
  ) throws(GraphError) -> Value {
    try apply(Conv2D(geometry: geometry), [x, weights])
  }

  /// Transposed convolution.
  /// - Parameters: images `[N, K, H, W]`, weights `[K, C / groups, h, w]` as PyTorch stores them; the output has extent
  ///   (H - 1) stride - padding + dilation (h - 1) + 1 + outputPadding.
  package mutating func transposedConv2d(
    _ x: Value, _ weights: Value, _ geometry: ConvolutionGeometry, outputPadding: (Int, Int) = (0, 0)
  ) throws(GraphError) -> Value {
    let (image, w) = (shape(of: x), shape(of: weights))
    func mismatch(_ reason: String) -> GraphError {
      .shape(operation: "transposed-conv2d", inputs: [image, w], reason: reason)
    }
    guard image.rank == 4, w.rank == 4, image.isExecutable, w.isExecutable, geometry.isValid else {
      throw mismatch("expected [N, K, H, W] and [K, C / groups, h, w]")
    }
    guard outputPadding.0 >= 0, outputPadding.1 >= 0, outputPadding.0 < geometry.strideHeight,
      outputPadding.1 < geometry.strideWidth
    else { throw mismatch("the output padding \(outputPadding) must be smaller than the strides") }
    let height =
      (image[2] - 1) * geometry.strideHeight - geometry.top - geometry.bottom + geometry.dilationHeight * (w[2] - 1) + 1
      + outputPadding.0
    let width =
      (image[3] - 1) * geometry.strideWidth - geometry.left - geometry.right + geometry.dilationWidth * (w[3] - 1) + 1
      + outputPadding.1
    return try apply(Conv2DInputGradient(geometry: geometry, height: height, width: width), [x, weights])
  }

  /// The product of the last two axes; see `MatrixProduct`.
  package mutating func matmul(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(MatrixProduct(), [left, right])
  }

  /// x W' + b.
  /// - Parameters: x `[..., D]`, weights `[K, D]` as PyTorch stores them, bias `[K]`.
  package mutating func linear(_ x: Value, _ weights: Value, bias: Value? = nil) throws(GraphError) -> Value {
    let (w, columns) = (shape(of: weights), bias.map { shape(of: $0) })
    guard w.rank == 2, columns == nil || columns == [w[0]] else {
      throw .shape(
        operation: "linear", inputs: [shape(of: x), w] + (columns.map { [$0] } ?? []),
        reason: "expected weights [K, D] and a bias [K]")
    }
    let product = try matmul(x, swapLastAxes(weights))
    guard let bias else { return product }
    return try add(product, bias)
  }

  /// Adds bias `[C]` to every position of `[N, C, ...]`.
  package mutating func addChannels(_ x: Value, _ bias: Value) throws(GraphError) -> Value {
    try add(x, channelColumn(bias, like: x))
  }

  /// `[C]` as `[1, C, 1, ...]`, to broadcast over `x` of `[N, C, ...]`.
  package mutating func channelColumn(_ values: Value, like x: Value) throws(GraphError) -> Value {
    let (row, images) = (shape(of: values), shape(of: x))
    guard images.rank >= 2, row == [images[1]] else {
      throw .shape(
        operation: "channel-column", inputs: [row, images], reason: "expected one number per channel of [N, C, ...]")
    }
    return try reshape(values, to: Shape([1, images[1]] + [Int](repeating: 1, count: images.rank - 2)))
  }

  package mutating func maxPool2d(_ x: Value, _ window: PoolingWindow) throws(GraphError) -> Value {
    try apply(MaxPool2D(window: window), [x])
  }

  /// The elements of `other` at the places where the windows' maxima of `x` are; both are of one shape.
  package mutating func maxPool2d(
    _ x: Value, selecting other: Value, _ window: PoolingWindow
  ) throws(GraphError) -> Value {
    try apply(MaxPool2DGather(window: window), [x, other])
  }

  package mutating func averagePool2d(
    _ x: Value, _ window: PoolingWindow, includesPadding: Bool = true
  ) throws(GraphError) -> Value {
    try apply(AveragePool2D(window: window, includesPadding: includesPadding), [x])
  }

  /// `[N, C, H, W]` to `[N, C, 1, 1]`.
  package mutating func globalAveragePool(_ x: Value) throws(GraphError) -> Value {
    let shape = shape(of: x)
    guard shape.rank == 4 else {
      throw .shape(operation: "global-average-pool", inputs: [shape], reason: "expected [N, C, H, W]")
    }
    return try mean(x, axes: [2, 3])
  }

  /// Repeats every pixel `factor` times in both directions: `[N, C, H, W]` to `[N, C, H factor, W factor]`.
  package mutating func upsampleNearest(_ x: Value, factor: Int) throws(GraphError) -> Value {
    let s = shape(of: x)
    guard s.rank == 4, s.isExecutable, factor >= 1, factor < 1 << 15 else {
      throw .shape(
        operation: "upsample-nearest", inputs: [s], reason: "expected [N, C, H, W] and a factor in 1..<32768")
    }
    let split = try reshape(x, to: [s[0], s[1], s[2], 1, s[3], 1])
    let repeated = try broadcast(split, to: [s[0], s[1], s[2], factor, s[3], factor])
    return try reshape(repeated, to: [s[0], s[1], s[2] * factor, s[3] * factor])
  }
}
