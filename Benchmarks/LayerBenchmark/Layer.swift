import Graph
import Tensor

/// One operator, or a few that belong together, with its input for each image.
struct Layer {
  let description: String
  /// Of one image.
  let input: Shape
  let weights: Shape?
  /// Multiplications and additions by the definition for each number of the output; nil where memory is what it takes.
  let products: Int?
  let build: @Sendable (inout Graph, _ x: Graph.Value, _ weights: Graph.Value) throws -> Graph.Value

  private init(
    _ description: String, _ input: Shape, weights: Shape? = nil, products: Int? = nil,
    _ build: @escaping @Sendable (inout Graph, _ x: Graph.Value, _ weights: Graph.Value) throws -> Graph.Value
  ) {
    (self.description, self.input, self.weights) = (description, input, weights)
    (self.products, self.build) = (products, build)
  }

  static func convolution(
    _ channels: Int, _ outputs: Int, window: Int, stride: Int = 1, groups: Int = 1, on map: (Int, Int)
  ) -> Layer {
    // Windows that divide the image are not padded.
    let padding = window == stride ? 0 : window / 2
    let geometry = ConvolutionGeometry(stride: stride, padding: padding, groups: groups)
    return Layer(
      "\(channels)->\(outputs) \(window)x\(window)/\(stride) on \(map.0)x\(map.1)"
        + (groups > 1 ? " in \(groups)" : ""),
      [channels, map.0, map.1], weights: [outputs, channels / groups, window, window],
      products: channels / groups * window * window
    ) { graph, x, weights in try graph.conv2d(x, weights, geometry) }
  }

  /// Each number of the image meets each of the window; divided among the outputs.
  static func transposedConvolution(
    _ channels: Int, _ outputs: Int, window: Int, stride: Int, on map: (Int, Int)
  ) -> Layer {
    let geometry = ConvolutionGeometry(stride: stride, padding: 1)
    return Layer(
      "transposed \(channels)->\(outputs) \(window)x\(window)/\(stride) on \(map.0)x\(map.1)",
      [channels, map.0, map.1], weights: [channels, outputs, window, window],
      products: channels * window * window / (stride * stride)
    ) { graph, x, weights in
      try graph.transposedConv2d(x, weights, geometry, outputPadding: (window % 2, window % 2))
    }
  }

  static func linear(_ inputs: Int, _ outputs: Int, rows: Int) -> Layer {
    Layer(
      "linear \(inputs)->\(outputs) of \(rows)", rows == 1 ? [inputs] : [rows, inputs], weights: [outputs, inputs],
      products: inputs
    ) { graph, x, weights in try graph.linear(x, weights) }
  }

  static func maximum(_ channels: Int, window: Int, stride: Int, on map: (Int, Int)) -> Layer {
    Layer("maximum \(window)x\(window)/\(stride) of \(channels)x\(map.0)x\(map.1)", [channels, map.0, map.1]) {
      graph, x, _ in
      let geometry = ConvolutionGeometry(stride: stride, padding: window == stride ? 0 : window / 2)
      return try graph.maxPool2d(x, PoolingWindow(height: window, width: window, geometry: geometry))
    }
  }

  static func average(_ channels: Int, window: Int, stride: Int, on map: (Int, Int)) -> Layer {
    Layer("average \(window)x\(window)/\(stride) of \(channels)x\(map.0)x\(map.1)", [channels, map.0, map.1]) {
      graph, x, _ in
      try graph.averagePool2d(
        x, PoolingWindow(height: window, width: window, geometry: ConvolutionGeometry(stride: stride)))
    }
  }

  /// Of an evaluated network, where no convolution takes it in.
  static func batchNorm(_ channels: Int, on map: (Int, Int)) -> Layer {
    Layer("batch norm of \(channels)x\(map.0)x\(map.1)", [channels, map.0, map.1]) { graph, x, _ in
      let mean = graph.constant(Tensor(shape: [channels], repeating: 0.25))
      let variance = graph.constant(Tensor(shape: [channels], repeating: 0.5))
      return try graph.batchNorm(x, scale: variance, shift: mean, mean: mean, variance: variance, epsilon: 1e-5)
    }
  }

  static func layerNorm(_ width: Int, rows: Int) -> Layer {
    Layer("layer norm of \(rows)x\(width)", [rows, width]) { graph, x, _ in
      let row = graph.constant(Tensor(shape: [width], repeating: 0.5))
      return try graph.layerNorm(x, scale: row, shift: row, epsilon: 1e-5)
    }
  }

  static func gelu(_ width: Int, rows: Int) -> Layer {
    Layer("GELU of \(rows)x\(width)", [rows, width]) { graph, x, _ in try graph.gelu(x) }
  }
}
