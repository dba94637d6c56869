import Graph
import Tensor

extension ONNXOperators {
  static let gridSampling: [ONNXOperator] = [
    .real("GridSample", opsets: 16...opsets.upperBound) { node, graph in
      try GridSampling(node).apply(node, &graph)
    },
    .real("Col2Im", opsets: 18...opsets.upperBound, columnsToImage),
  ]

  /// Adds windows that were written into columns back into an image: a transposed convolution, each row of the column with a
  /// kernel of zeros and a one.
  @Sendable private static func columnsToImage(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let x = try node.value(0, &graph)
    let shape = graph.shape(of: x)
    let (image, block) = (try node.integers(1, graph), try node.integers(2, graph))
    guard shape.rank == 3, image.count == 2, block.count == 2,
      (image + block).allSatisfy({ (1...1 << 14).contains($0) }), block[0] * block[1] <= 1 << 14
    else {
      throw node.failure("expected [N, C h w, L] and two extents of image and block, got \(shape), \(image), \(block)")
    }
    let window = try WindowAttributes(node, spatial: 2, kernel: block)
    let area = block[0] * block[1]
    let counts = (0..<2).map {
      (image[$0] + window.low[$0] + window.high[$0] - window.reach($0)) / window.strides[$0] + 1
    }
    guard shape[1] % area == 0, shape[1] > 0, counts.allSatisfy({ $0 >= 1 && $0 <= 1 << 15 }),
      counts[0] * counts[1] == shape[2]
    else { throw node.failure("columns of \(shape) do not make an image of \(image) with blocks of \(block)") }
    guard shape[1] <= GridSampling.largest / area else {
      throw node.failure("puts \(shape[1]) columns together by blocks of \(block), which is too much")
    }
    let channels = shape[1] / area
    let kernel = Tensor(shape: [shape[1], 1, block[0], block[1]]) { buffer in
      for index in 0..<buffer.count { buffer[index] = 0 }
      for row in 0..<shape[1] { buffer[row * area + row % area] = 1 }
    }
    var bare = window
    (bare.low, bare.high) = ([0, 0], [0, 0])
    let spread = try graph.transposedConv2d(
      graph.reshape(x, to: [shape[0], shape[1], counts[0], counts[1]]), graph.constant(kernel),
      bare.geometry((0, 1), groups: channels))
    // What no window reaches is zero.
    let reached = graph.shape(of: spread)
    return try TransposedConvolution.crop(
      spread, before: [0, 0, window.low[0], window.low[1]],
      behind: [
        0, 0, reached[2] - window.low[0] - image[0], reached[3] - window.low[1] - image[1],
      ], &graph)
  }
}

/// Values of images, or of volumes, at places that a grid names: between pixels by linear or cubic interpolation, or from the
/// nearest pixel; with derivatives for the images and for the places.
///
/// Every result is a weighted sum of all pixels, of which two weights on each axis (cubic: four) are not zero: a product of
/// matrices, so that places may depend on the image.
private struct GridSampling {
  private enum Interpolation { case nearest, linear, cubic }

  private let interpolation: Interpolation
  private let padding: String
  private let alignsCorners: Bool

  /// Weights of one image: places times pixels.
  fileprivate static let largest = 1 << 24

  init(_ node: NodeContext) throws {
    // PyTorch's exporter writes the names of opset 16 in every opset.
    switch try node.string("mode", node.opset < 20 ? "bilinear" : "linear") {
    case "bilinear", "linear": interpolation = .linear
    case "bicubic", "cubic": interpolation = .cubic
    case "nearest": interpolation = .nearest
    case let other: throw node.failure("the mode `\(other)` is unknown, expected linear, cubic or nearest")
    }
    padding = try node.string("padding_mode", "zeros")
    guard ["zeros", "border", "reflection"].contains(padding) else {
      throw node.failure("the padding_mode `\(padding)` is unknown")
    }
    guard interpolation != .cubic || padding != "border" else {
      throw node.failure(
        "cubic interpolation with the padding_mode `border` is not supported, because PyTorch and the specification "
          + "differ beyond the outer pixels; export the model with padding_mode zeros or reflection, or serve it by a "
          + "program (docs/plugin-protocol.md)")
    }
    alignsCorners = try node.flag("align_corners")
  }

  func apply(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let (x, grid) = (try node.value(0, &graph), try node.value(1, &graph))
    let (image, places) = (graph.shape(of: x), graph.shape(of: grid))
    let axes = image.rank - 2
    guard axes == 2 || axes == 3, places.rank == image.rank, places[axes + 1] == axes,
      places[0] == image[0] || places[0] == 1, image.dimensions[2...].allSatisfy({ $0 >= 1 })
    else {
      throw node.failure("expected [N, C, H, W] and [N, h, w, 2], or one axis more in each, got \(image) and \(places)")
    }
    let (extents, wanted) = (Array(image.dimensions[2...]), Array(places.dimensions[1...axes]))
    let (pixels, count) = (Shape(extents).count, Shape(wanted).count)
    guard pixels <= Self.largest, count <= Self.largest / pixels else {
      throw node.failure("takes places of \(wanted) in \(extents) pixels, whose product may be at most \(Self.largest)")
    }
    // [n, places, pixels]: the product of the weights on each axis, which the grid names from the last to the first.
    let terms = try extents.enumerated().map { axis, extent in
      let given = try graph.reshape(
        graph.slice(grid, axis: axes + 1, start: axes - 1 - axis, count: 1), to: [places[0], count, 1])
      var shape = [places[0], count] + [Int](repeating: 1, count: axes)
      shape[2 + axis] = extent
      return try graph.reshape(weights(of: position(given, extent, &graph), extent, &graph), to: Shape(shape))
    }
    let product = try terms.dropFirst().reduce(terms[0]) { try graph.multiply($0, $1) }
    let matrix = try graph.broadcast(
      graph.reshape(product, to: [places[0], count, pixels]), to: [image[0], count, pixels])
    let flat = try graph.reshape(x, to: [image[0], image[1], pixels])
    return try graph.reshape(
      graph.matmul(flat, graph.swapLastAxes(matrix)), to: Shape([image[0], image[1]] + wanted))
  }

  /// From -1...1 to pixels, and for two pixels or the nearest one into the image as the padding says.
  private func position(_ given: Graph.Value, _ extent: Int, _ graph: inout Graph) throws -> Graph.Value {
    let size = Float(extent)
    // Aligned: (g + 1) / 2 (size - 1), else ((g + 1) size - 1) / 2.
    let factor = alignsCorners ? (size - 1) / 2 : size / 2
    var position = try graph.multiply(graph.add(given, graph.constant(1)), graph.constant(factor))
    if !alignsCorners { position = try graph.subtract(position, graph.constant(0.5)) }
    // The four pixels of the cubic are brought into the image one by one.
    guard padding != "zeros", interpolation != .cubic else { return position }
    if padding == "reflection" { position = try reflected(position, size, &graph) }
    // On the border PyTorch's derivative is 0.
    return try graph.clip(position, lower: 0, upper: size - 1, includesBounds: false)
  }

  /// Back and forth between the borders, which lie on the outer pixels or half a pixel outside: a triangle wave.
  private func reflected(_ position: Graph.Value, _ size: Float, _ graph: inout Graph) throws -> Graph.Value {
    let (low, span) = alignsCorners ? (Float(0), size - 1) : (Float(-0.5), size)
    guard span > 0 else { return try graph.multiply(position, graph.constant(0)) }
    let distance = try graph.absoluteValue(graph.subtract(position, graph.constant(low)))
    let phase = try graph.remainder(distance, graph.constant(2 * span), signOfDividend: true)
    let back = try graph.absoluteValue(graph.subtract(phase, graph.constant(span)))
    return try graph.subtract(graph.constant(span + low), back)
  }

  private func weights(of position: Graph.Value, _ extent: Int, _ graph: inout Graph) throws -> Graph.Value {
    let numbers = graph.constant(Tensor(shape: [extent], scalars: (0..<extent).map { Float($0) }))
    guard interpolation != .nearest else { return try graph.equal(graph.round(position), numbers) }
    // The pixel before, and the next: at a pixel itself the derivative is towards the next.
    let before = try graph.floor(position)
    let share = try graph.subtract(position, before)
    if interpolation == .cubic {
      let terms = try cubicWeights(share, &graph).enumerated().map { tap, weight in
        var pixel = try graph.add(before, graph.constant(Float(tap - 1)))
        if padding == "reflection" { pixel = try reflected(pixel, Float(extent), &graph) }
        return try graph.multiply(graph.equal(pixel, numbers), weight)
      }
      return try terms.dropFirst().reduce(terms[0]) { try graph.add($0, $1) }
    }
    let near = try graph.multiply(
      graph.equal(before, numbers), graph.subtract(graph.constant(1), share))
    let far = try graph.multiply(graph.equal(graph.add(before, graph.constant(1)), numbers), share)
    return try graph.add(near, far)
  }

  /// Keys's kernel with a = -0.75 at the distances 1 + t, t, 1 - t and 2 - t of the four pixels around: up to 1 it is
  /// ((a + 2) d - (a + 3)) d^2 + 1, up to 2 ((a d - 5 a) d + 8 a) d - 4 a. Its derivative has no jumps.
  private func cubicWeights(_ share: Graph.Value, _ graph: inout Graph) throws -> [Graph.Value] {
    let a: Float = -0.75
    func polynomial(_ factors: [Float], _ d: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
      var value = graph.constant(factors[0])
      for factor in factors.dropFirst() {
        value = try graph.add(graph.multiply(value, d), graph.constant(factor))
      }
      return value
    }
    let (inner, outer): ([Float], [Float]) = ([a + 2, -(a + 3), 0, 1], [a, -5 * a, 8 * a, -4 * a])
    let rest = try graph.subtract(graph.constant(1), share)
    return [
      try polynomial(outer, graph.add(share, graph.constant(1)), &graph), try polynomial(inner, share, &graph),
      try polynomial(inner, rest, &graph), try polynomial(outer, graph.add(rest, graph.constant(1)), &graph),
    ]
  }
}
