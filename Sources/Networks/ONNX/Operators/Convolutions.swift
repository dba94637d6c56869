import Graph
import Tensor

extension ONNXOperators {
  static let convolutions: [ONNXOperator] = [
    .real("Conv") { node, graph in
      let (x, weights) = (try node.value(0, &graph), try node.value(1, &graph))
      let (image, w) = (graph.shape(of: x), graph.shape(of: weights))
      guard image.rank >= 3, image.rank == w.rank else {
        throw node.failure("expected images [N, C, ...] and weights of the same rank, got \(image) and \(w)")
      }
      let spatial = Array(image.dimensions.dropFirst(2))
      let window = try WindowAttributes(node, spatial: spatial.count, kernel: Array(w.dimensions.dropFirst(2)))
        .padded(for: spatial)
      let groups = try groups(node)
      let result = try convolve(x, weights, window, groups, &graph)
      return try node.optionalValue(2, &graph).map { try graph.addChannels(result, $0) } ?? result
    },
    .real("ConvTranspose") { node, graph in
      let (x, weights) = (try node.value(0, &graph), try node.value(1, &graph))
      let (image, w) = (graph.shape(of: x), graph.shape(of: weights))
      guard image.rank >= 3, image.rank == w.rank else {
        throw node.failure("expected images [N, C, ...] and weights of the same rank, got \(image) and \(w)")
      }
      let result = try TransposedConvolution(node, image: image, weights: w).apply(x, weights, &graph)
      return try node.optionalValue(2, &graph).map { try graph.addChannels(result, $0) } ?? result
    },
  ]

  static func groups(_ node: NodeContext) throws -> Int {
    let groups = try node.int("group", 1)
    guard (1...1 << 20).contains(groups) else { throw node.failure("has \(groups) groups") }
    return groups
  }

  /// One, two or three spatial axes.
  private static func convolve(
    _ x: Graph.Value, _ weights: Graph.Value, _ window: WindowAttributes, _ groups: Int, _ graph: inout Graph
  ) throws -> Graph.Value {
    let (image, w) = (graph.shape(of: x), graph.shape(of: weights))
    switch image.rank {
    case 3:
      let row = try graph.reshape(x, to: [image[0], image[1], 1, image[2]])
      let kernel = try graph.reshape(weights, to: [w[0], w[1], 1, w[2]])
      let result = try graph.conv2d(row, kernel, window.geometry((nil, 0), groups: groups))
      let shape = graph.shape(of: result)
      return try graph.reshape(result, to: [shape[0], shape[1], shape[3]])
    case 4:
      return try graph.conv2d(x, weights, window.geometry((0, 1), groups: groups))
    default:
      return try convolveVolume(x, weights, window, groups, &graph)
    }
  }

  /// Three axes: for each depth of the kernel a two-dimensional convolution of the slices it meets, added up.
  private static func convolveVolume(
    _ x: Graph.Value, _ weights: Graph.Value, _ window: WindowAttributes, _ groups: Int, _ graph: inout Graph
  ) throws -> Graph.Value {
    let w = graph.shape(of: weights)
    let padded = try graph.pad(
      x, low: [0, 0, window.low[0], 0, 0], high: [0, 0, window.high[0], 0, 0])
    let depth = graph.shape(of: padded)[2]
    // A kernel that is deeper than the image leaves no slice, which `slice` reports.
    let count = depth < window.reach(0) ? 0 : (depth - window.reach(0)) / window.strides[0] + 1
    var total: Graph.Value?
    for layer in 0..<w[2] {
      let slices = try graph.slice(
        padded, axis: 2, start: layer * window.dilations[0], count: count, step: window.strides[0])
      let kernel = try graph.slice(weights, axis: 2, start: layer, count: 1)
      let result = try graph.conv2d(
        asImages(slices, &graph), graph.reshape(kernel, to: [w[0], w[1], w[3], w[4]]),
        window.geometry((1, 2), groups: groups))
      total = try total.map { try graph.add($0, result) } ?? result
    }
    guard let total else { return padded }
    return try asVolume(total, depth: count, &graph)
  }

  /// `[N, C, D, H, W]` to `[N D, C, H, W]`.
  static func asImages(_ x: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let shape = graph.shape(of: x)
    return try graph.reshape(
      graph.transpose(x, [0, 2, 1, 3, 4]), to: [shape[0] * shape[2], shape[1], shape[3], shape[4]])
  }

  /// `[N D, C, H, W]` to `[N, C, D, H, W]`.
  static func asVolume(_ x: Graph.Value, depth: Int, _ graph: inout Graph) throws -> Graph.Value {
    let shape = graph.shape(of: x)
    let volume = try graph.reshape(x, to: [shape[0] / max(1, depth), depth, shape[1], shape[2], shape[3]])
    return try graph.transpose(volume, [0, 2, 1, 3, 4])
  }
}
