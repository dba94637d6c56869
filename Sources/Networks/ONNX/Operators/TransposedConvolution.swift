import Graph
import Tensor

/// ONNX's ConvTranspose: each pixel spreads the kernel over the output, which is then cropped (or extended with zeros) to
/// the size that the attributes ask for.
struct TransposedConvolution {
  private let window: WindowAttributes
  private let groups: Int
  private let outputPadding: [Int]
  /// Elements taken away before and behind each axis of the whole spread; negative ones are added.
  private var before: [Int] = []
  private var behind: [Int] = []

  init(_ node: NodeContext, image: Shape, weights: Shape) throws {
    let spatial = image.rank - 2
    window = try WindowAttributes(node, spatial: spatial, kernel: Array(weights.dimensions.dropFirst(2)))
    groups = try ONNXOperators.groups(node)
    let extra = try node.ints("output_padding") ?? [Int](repeating: 0, count: spatial)
    let wanted = try node.ints("output_shape").map { Array($0.suffix(spatial)) }
    guard extra.count == spatial, extra.allSatisfy({ (0...1 << 20).contains($0) }),
      wanted.map({ $0.count == spatial && $0.allSatisfy { (1...1 << 20).contains($0) } }) ?? true
    else { throw node.failure("output_padding \(extra) or output_shape \(wanted ?? []) do not fit \(spatial) axes") }
    outputPadding = extra
    for axis in 0..<spatial {
      let spread = window.strides[axis] * (image[2 + axis] - 1) + window.reach(axis)
      let same = window.autoPad.hasPrefix("SAME")
      if let size = wanted?[axis] ?? (same ? image[2 + axis] * window.strides[axis] : nil) {
        // The format's rule: what is too much is taken from both sides, the odd one in front unless SAME_UPPER.
        let total = spread + extra[axis] - size
        let half = total > 0 ? total / 2 : 0
        let first = window.autoPad == "SAME_UPPER" ? half : max(0, total) - half
        before.append(first)
        behind.append(spread - first - size)
      } else {
        let pads = window.autoPad == "VALID" ? (0, 0) : (window.low[axis], window.high[axis])
        before.append(pads.0)
        behind.append(pads.1 - extra[axis])
      }
    }
  }

  func apply(_ x: Graph.Value, _ weights: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let (image, w) = (graph.shape(of: x), graph.shape(of: weights))
    switch image.rank {
    case 3:
      let row = try graph.reshape(x, to: [image[0], image[1], 1, image[2]])
      let result = try planes(row, graph.reshape(weights, to: [w[0], w[1], 1, w[2]]), (nil, 0), &graph)
      let shape = graph.shape(of: result)
      return try graph.reshape(result, to: [shape[0], shape[1], shape[3]])
    case 4: return try planes(x, weights, (0, 1), &graph)
    default: return try volume(x, weights, &graph)
    }
  }

  /// Two axes; nil stands for one of extent 1 that is not there.
  private func planes(
    _ x: Graph.Value, _ weights: Graph.Value, _ axes: (Int?, Int?), _ graph: inout Graph
  ) throws -> Graph.Value {
    var bare = window
    bare.low = bare.low.map { _ in 0 }
    bare.high = bare.low
    let spread = try graph.transposedConv2d(x, weights, bare.geometry(axes, groups: groups))
    func crop(_ list: [Int], _ axis: Int?) -> Int { axis.map { list[$0] } ?? 0 }
    return try Self.crop(
      spread, before: [0, 0, crop(before, axes.0), crop(before, axes.1)],
      behind: [0, 0, crop(behind, axes.0), crop(behind, axes.1)], &graph)
  }

  /// Three axes: every depth of the kernel spreads all slices in two axes, to be put between each other along the first.
  private func volume(_ x: Graph.Value, _ weights: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let (image, w) = (graph.shape(of: x), graph.shape(of: weights))
    let images = try ONNXOperators.asImages(x, &graph)
    var total: Graph.Value?
    for layer in 0..<w[2] {
      let kernel = try graph.reshape(
        graph.slice(weights, axis: 2, start: layer, count: 1), to: [w[0], w[1], w[3], w[4]])
      let slices = try ONNXOperators.asVolume(
        planes(images, kernel, (1, 2), &graph), depth: image[2], &graph)
      let offset = layer * window.dilations[0]
      let spread = try graph.spread(
        slices, axis: 2, step: window.strides[0], low: offset, high: window.reach(0) - 1 - offset)
      total = try total.map { try graph.add($0, spread) } ?? spread
    }
    guard let total else { return x }
    return try Self.crop(total, before: [0, 0, before[0], 0, 0], behind: [0, 0, behind[0], 0, 0], &graph)
  }

  /// Takes elements away in front and behind each axis, or adds zeros where the number is negative.
  static func crop(
    _ x: Graph.Value, before: [Int], behind: [Int], value: Float = 0, _ graph: inout Graph
  ) throws -> Graph.Value {
    var result = x
    let (low, high) = (before.map { max(0, -$0) }, behind.map { max(0, -$0) })
    if (low + high).contains(where: { $0 > 0 }) { result = try graph.pad(result, low: low, high: high, value: value) }
    for axis in before.indices where before[axis] > 0 || behind[axis] > 0 {
      let (first, last) = (max(0, before[axis]), max(0, behind[axis]))
      result = try graph.slice(
        result, axis: axis, start: first, count: graph.shape(of: result)[axis] - first - last)
    }
    return result
  }
}
