import Graph
import Tensor

/// A convolution that halves the image by its stride, with padding at the lower and right edge alone or all around.
struct StridedConvolution: Sendable {
  let name: String
  /// Of inputs and outputs.
  let channels: Int
  private let weights: Tensor
  private let bias: Tensor
  private let padsAround: Bool

  /// - Parameter weights: `[C, C, 3, 3]`.
  init(name: String, weights: Tensor, bias: Tensor, padsAround: Bool) {
    (self.name, self.weights, self.bias, self.padsAround) = (name, weights, bias, padsAround)
    channels = weights.shape[0]
  }

  func append(to image: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let first = padsAround ? 1 : 0
    let geometry = ConvolutionGeometry(stride: (2, 2), padding: (top: first, left: first, bottom: 1, right: 1))
    let value = try graph.conv2d(image, graph.constant(weights), geometry)
    return try graph.addChannels(value, graph.constant(bias))
  }
}
