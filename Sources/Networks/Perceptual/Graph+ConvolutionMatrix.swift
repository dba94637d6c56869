import Graph
import Tensor

/// Convolutions of maps of few pixels as products with one matrix: on 3 x 3 pixels two thirds of what a window of 5 x 5 multiplies is
/// padding. The sums are the same but for the order of their terms.
extension Graph {
  /// Pixels of the largest such map, and entries of the largest such matrix.
  private static let largestMap = 9
  private static let largestMatrix = 1 << 22

  /// The rectified sums of a convolution with constant weights `[K, C, h, w]` and bias `[K]`.
  mutating func rectifiedConvolution(
    _ x: Value, _ weights: Tensor, _ bias: Tensor, _ geometry: ConvolutionGeometry
  ) throws(GraphError) -> Value {
    let (image, window) = (shape(of: x), weights.shape)
    guard let height = geometry.output(height: image[2], window: window[2]),
      let width = geometry.output(width: image[3], window: window[3]), window[2] > 1,
      max(image[2] * image[3], height * width) <= Self.largestMap,
      image.droppingFirst.count * window[0] * height * width <= Self.largestMatrix
    else { return try relu(addChannels(conv2d(x, constant(weights), geometry), constant(bias))) }
    if [image[2], image[3], height, width] == [3, 3, 3, 3], window.dimensions.suffix(2) == [5, 5],
      [geometry.strideHeight, geometry.strideWidth, geometry.top, geometry.left] == [1, 1, 2, 2]
    {
      return try rectifiedSmallMap(x, weights, bias)
    }
    let matrix = Self.matrix(weights, geometry, image: (image[2], image[3]), output: (height, width))
    let biases = [[Float]](repeating: bias.scalars, count: height * width).flatMap { $0 }
    let sums = try relu(
      add(matmul(pixelRows(x), constant(matrix)), constant(Tensor(shape: [biases.count], scalars: biases))))
    if height * width == 1 { return try reshape(sums, to: [image[0], window[0], 1, 1]) }
    return try transpose(reshape(sums, to: [image[0], height, width, window[0]]), [0, 3, 1, 2])
  }

  /// A map `[N, C, H, W]` as rows `[N, H W C]`: the channels of a pixel side by side, as the layers leave them.
  mutating func pixelRows(_ map: Value) throws(GraphError) -> Value {
    let shape = shape(of: map)
    return try flatten(shape[2] * shape[3] == 1 ? map : transpose(map, [0, 2, 3, 1]))
  }

  /// What multiplies a flat image `[H W C]` to give the flat output `[H' W' K]`: an entry for each pair of pixels that a tap joins.
  private static func matrix(
    _ weights: Tensor, _ geometry: ConvolutionGeometry, image: (height: Int, width: Int),
    output: (height: Int, width: Int)
  ) -> Tensor {
    let shape = weights.shape
    let (taps, places) = (shape[2] * shape[3], output.height * output.width)
    return Tensor(shape: [image.height * image.width * shape[1], places * shape[0]]) { matrix in
      matrix.update(repeating: 0)
      weights.scalars.withUnsafeBufferPointer { weights in
        for tap in 0..<taps {
          for place in 0..<places {
            let row = place / output.width * geometry.strideHeight + tap / shape[3] - geometry.top
            let column = place % output.width * geometry.strideWidth + tap % shape[3] - geometry.left
            guard (0..<image.height).contains(row), (0..<image.width).contains(column) else { continue }
            let pixel = row * image.width + column
            for target in 0..<shape[0] {
              for source in 0..<shape[1] {
                matrix[((pixel * shape[1] + source) * places + place) * shape[0] + target] =
                  weights[(target * shape[1] + source) * taps + tap]
              }
            }
          }
        }
      }
    }
  }
}
