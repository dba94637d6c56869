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

/// Values of images at places that a grid names, between pixels by linear interpolation or from the nearest pixel; with
/// derivatives for the images and for the places.
///
/// Every result is a weighted sum of all pixels, of which at most four weights are not zero: a product of matrices, so that
/// places may depend on the image.
private struct GridSampling {
  private let isLinear: Bool
  private let padding: String
  private let alignsCorners: Bool

  /// Weights of one image: places times pixels.
  private static let largest = 1 << 24

  init(_ node: NodeContext) throws {
    let mode = try node.string("mode", node.opset < 20 ? "bilinear" : "linear")
    guard ["bilinear", "linear", "nearest"].contains(mode) else {
      throw node.failure("the mode `\(mode)` is not supported, only linear (bilinear) and nearest are")
    }
    isLinear = mode != "nearest"
    padding = try node.string("padding_mode", "zeros")
    guard ["zeros", "border", "reflection"].contains(padding) else {
      throw node.failure("the padding_mode `\(padding)` is unknown")
    }
    alignsCorners = try node.flag("align_corners")
  }

  func apply(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let (x, grid) = (try node.value(0, &graph), try node.value(1, &graph))
    let (image, places) = (graph.shape(of: x), graph.shape(of: grid))
    guard image.rank == 4, places.rank == 4, places[3] == 2, places[0] == image[0] || places[0] == 1,
      image[2] >= 1, image[3] >= 1
    else { throw node.failure("expected [N, C, H, W] and [N, h, w, 2], got \(image) and \(places)") }
    let (pixels, count) = (image[2] * image[3], places[1] * places[2])
    guard pixels <= Self.largest, count <= Self.largest / pixels else {
      throw node.failure("takes \(count) places of \(pixels) pixels, whose product may be at most \(Self.largest)")
    }
    /// `[n, places, extent]`: the weight of each row or column of pixels.
    func weights(_ coordinate: Int, _ extent: Int, _ graph: inout Graph) throws -> Graph.Value {
      let given = try graph.reshape(
        graph.slice(grid, axis: 3, start: coordinate, count: 1), to: [places[0], count, 1])
      return try self.weights(of: position(given, extent, &graph), extent, &graph)
    }
    let rows = try graph.reshape(weights(1, image[2], &graph), to: [places[0], count, image[2], 1])
    let columns = try graph.reshape(weights(0, image[3], &graph), to: [places[0], count, 1, image[3]])
    let all = try graph.broadcast(
      graph.reshape(graph.multiply(rows, columns), to: [places[0], count, pixels]), to: [image[0], count, pixels])
    let flat = try graph.reshape(x, to: [image[0], image[1], pixels])
    return try graph.reshape(
      graph.matmul(flat, graph.swapLastAxes(all)), to: [image[0], image[1], places[1], places[2]])
  }

  /// From -1...1 to pixels, and into the image as the padding says.
  private func position(_ given: Graph.Value, _ extent: Int, _ graph: inout Graph) throws -> Graph.Value {
    let size = Float(extent)
    // Aligned: (g + 1) / 2 (size - 1), else ((g + 1) size - 1) / 2.
    let factor = alignsCorners ? (size - 1) / 2 : size / 2
    var position = try graph.multiply(graph.add(given, graph.constant(1)), graph.constant(factor))
    if !alignsCorners { position = try graph.subtract(position, graph.constant(0.5)) }
    guard padding != "zeros" else { return position }
    if padding == "reflection" {
      // Back and forth between the borders, which lie on the outer pixels or half a pixel outside: a triangle wave.
      let (low, span) = alignsCorners ? (Float(0), size - 1) : (Float(-0.5), size)
      guard span > 0 else { return try graph.multiply(position, graph.constant(0)) }
      let distance = try graph.absoluteValue(graph.subtract(position, graph.constant(low)))
      let phase = try graph.remainder(distance, graph.constant(2 * span), signOfDividend: true)
      let back = try graph.absoluteValue(graph.subtract(phase, graph.constant(span)))
      position = try graph.subtract(graph.constant(span + low), back)
    }
    // On the border PyTorch's derivative is 0.
    return try graph.clip(position, lower: 0, upper: size - 1, includesBounds: false)
  }

  private func weights(of position: Graph.Value, _ extent: Int, _ graph: inout Graph) throws -> Graph.Value {
    let numbers = graph.constant(Tensor(shape: [extent], scalars: (0..<extent).map { Float($0) }))
    guard isLinear else { return try graph.equal(graph.round(position), numbers) }
    // The pixel before, and the next: at a pixel itself the derivative is towards the next.
    let before = try graph.floor(position)
    let share = try graph.subtract(position, before)
    let near = try graph.multiply(
      graph.equal(before, numbers), graph.subtract(graph.constant(1), share))
    let far = try graph.multiply(graph.equal(graph.add(before, graph.constant(1)), numbers), share)
    return try graph.add(near, far)
  }
}
