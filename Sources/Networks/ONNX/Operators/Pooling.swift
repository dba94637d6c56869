import Graph
import Tensor

extension ONNXOperators {
  static let pooling: [ONNXOperator] = [
    ONNXOperator("MaxPool") { node, graph in
      // A maximum over a box is one over planes, then over depth.
      let maxima = try pool(node, &graph) { try $0.maxPool2d($1, $2) }
      guard node.outputCount > 1 else { return [.real(maxima)] }
      return [.real(maxima), .graph(try places(node, &graph), .integer)]
    },
    .real("AveragePool") { node, graph in
      let includesPadding = try node.flag("count_include_pad")
      // So is a mean: a window's share of padding is that of its plane times that of its depth.
      return try pool(node, &graph) { try $0.averagePool2d($1, $2, includesPadding: includesPadding) }
    },
    .real("LpPool") { node, graph in
      let order = try order(node)
      let kernel = try node.ints("kernel_shape") ?? []
      guard kernel.allSatisfy({ (1...1 << 20).contains($0) }), !(try node.flag("ceil_mode")) else {
        throw node.failure("kernel \(kernel) must be positive, and ceil_mode is not supported")
      }
      // The sum is the mean with padding as zeros, times the number of elements.
      let count = kernel.reduce(Float(1)) { $0 * Float($1) }
      let mean = try pool(node, &graph, prepare: { try powers($1, order, &$0) }) {
        try $0.averagePool2d($1, $2)
      }
      return try graph.root(ofPowers: graph.multiply(mean, graph.constant(count)), order: order)
    },
    .real("GlobalAveragePool") { node, graph in
      let x = try node.value(0, &graph)
      return try graph.mean(x, axes: spatialAxes(x, node, graph))
    },
    .real("GlobalMaxPool") { node, graph in
      let x = try node.value(0, &graph)
      return try graph.maximum(x, axes: spatialAxes(x, node, graph))
    },
    .real("GlobalLpPool") { node, graph in
      let x = try node.value(0, &graph)
      let order = try order(node)
      return try graph.root(
        ofPowers: graph.sum(powers(x, order, &graph), axes: spatialAxes(x, node, graph)), order: order)
    },
  ]

  /// Where each maximum is, counted over the whole input, in row-major order or with the first spatial axis fastest.
  private static func places(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let shape = try node.shape(0, graph)
    guard shape.count < 1 << 24 else {
      throw node.failure("counts the places of \(shape.count) elements, at most \(1 << 24) are accepted")
    }
    var numbers = (0..<shape.count).map { Float($0) }
    if try node.flag("storage_order") {
      let spatial = Shape(Array(shape.dimensions.dropFirst(2)))
      let (strides, size) = (spatial.strides, spatial.count)
      numbers = (0..<shape.count).map { index in
        let place = index % size
        var (step, reversed) = (1, 0)
        for axis in 0..<spatial.rank {
          reversed += place / strides[axis] % spatial[axis] * step
          step *= spatial[axis]
        }
        return Float(index - place + reversed)
      }
    }
    // Moved along with the maxima.
    var places = graph.constant(Tensor(shape: shape, scalars: numbers))
    let maxima = try pool(node, &graph) { graph, x, window in
      let here = try graph.reshape(places, to: graph.shape(of: x))
      places = try graph.maxPool2d(x, selecting: here, window)
      return try graph.maxPool2d(x, window)
    }
    return try graph.reshape(places, to: graph.shape(of: maxima))
  }

  private static func spatialAxes(_ x: Graph.Value, _ node: NodeContext, _ graph: Graph) throws -> [Int] {
    let rank = graph.shape(of: x).rank
    guard rank >= 3 else { throw node.failure("expected [N, C, ...], got \(graph.shape(of: x))") }
    return Array(2..<rank)
  }

  static func order(_ node: NodeContext) throws -> Int {
    let order = try node.int("p", 2)
    guard (1...64).contains(order) else { throw node.failure("has p = \(order), expected 1 to 64") }
    return order
  }

  /// |x|^p
  static func powers(_ x: Graph.Value, _ order: Int, _ graph: inout Graph) throws -> Graph.Value {
    switch order {
    case 1: try graph.absoluteValue(x)
    case 2: try graph.multiply(x, x)
    default: try graph.power(graph.absoluteValue(x), graph.constant(Float(order)))
    }
  }

  /// One, two or three spatial axes, two at a time.
  private static func pool(
    _ node: NodeContext, _ graph: inout Graph,
    prepare: (inout Graph, Graph.Value) throws -> Graph.Value = { $1 },
    _ planes: (inout Graph, Graph.Value, PoolingWindow) throws -> Graph.Value
  ) throws -> Graph.Value {
    let x = try prepare(&graph, node.value(0, &graph))
    let shape = graph.shape(of: x)
    let spatial = Array(shape.dimensions.dropFirst(2))
    let attributes = try WindowAttributes(node, spatial: spatial.count, kernel: nil).padded(for: spatial)
    // `auto_pad` fixes the number of windows.
    let ceil = try node.flag("ceil_mode") && attributes.autoPad == "NOTSET"
    func window(_ axes: (Int?, Int?)) -> PoolingWindow {
      PoolingWindow(
        height: axes.0.map { attributes.kernel[$0] } ?? 1, width: axes.1.map { attributes.kernel[$0] } ?? 1,
        geometry: attributes.geometry(axes), ceil: ceil)
    }
    switch spatial.count {
    case 1:
      let result = try planes(&graph, graph.reshape(x, to: [shape[0], shape[1], 1, shape[2]]), window((nil, 0)))
      return try graph.reshape(result, to: [shape[0], shape[1], graph.shape(of: result)[3]])
    case 2: return try planes(&graph, x, window((0, 1)))
    default:
      let flat = try planes(
        &graph, graph.reshape(x, to: [shape[0], shape[1] * shape[2], shape[3], shape[4]]), window((1, 2)))
      let (h, w) = (graph.shape(of: flat)[2], graph.shape(of: flat)[3])
      let deep = try planes(
        &graph, graph.reshape(flat, to: [shape[0], shape[1], shape[2], h * w]), window((0, nil)))
      return try graph.reshape(deep, to: [shape[0], shape[1], graph.shape(of: deep)[2], h, w])
    }
  }
}
