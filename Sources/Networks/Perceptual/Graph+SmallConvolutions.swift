import Graph
import Tensor

/// Convolutions of images of few pixels, in forms that cost less: on a map of 3 x 3 pixels most of a window of 5 x 5 meets padding.
/// The sums are the same but for the order of their terms.
extension Graph {
  /// Entries of the largest matrix that is made of a convolution's weights.
  private static let largestMatrix = 1 << 22

  /// A convolution with constant weights and bias, then ReLU.
  mutating func convolvedSmall(
    _ x: Value, _ weight: Tensor, _ bias: Tensor, stride: Int, padding: Int
  ) throws(GraphError) -> Value {
    let geometry = ConvolutionGeometry(stride: stride, padding: padding)
    let (image, window) = (shape(of: x), weight.shape)
    guard let height = geometry.output(height: image[2], window: window[2]),
      let width = geometry.output(width: image[3], window: window[3])
    else { return try relu(addChannels(conv2d(x, constant(weight), geometry), constant(bias))) }
    if window[2] > 1, image[2] * image[3] <= 9, height * width <= 9,
      image.droppingFirst.count * window[0] * height * width <= Self.largestMatrix
    {
      let matrix = Self.matrix(weight, geometry, image: (image[2], image[3]), output: (height, width))
      let biases = Tensor(
        shape: [matrix.shape[1]], scalars: bias.scalars.flatMap { [Float](repeating: $0, count: height * width) })
      let sums = try add(matmul(flatten(x), constant(matrix)), constant(biases))
      return try reshape(relu(sums), to: [image[0], window[0], height, width])
    }
    if stride > 1, window[1] * stride * stride <= 64 {
      return try relu(
        addChannels(stridedBySpace(x, weight, geometry, output: (height, width)), constant(bias)))
    }
    return try relu(addChannels(conv2d(x, constant(weight), geometry), constant(bias)))
  }

  /// What multiplies a flat image `[C h w]` to give the flat output `[K h' w']`: each pair of pixels that a tap of the window joins.
  private static func matrix(
    _ weight: Tensor, _ geometry: ConvolutionGeometry, image: (height: Int, width: Int),
    output: (height: Int, width: Int)
  ) -> Tensor {
    let shape = weight.shape
    let columns = shape[0] * output.height * output.width
    return Tensor(shape: [shape[1] * image.height * image.width, columns]) { matrix in
      matrix.update(repeating: 0)
      for outputRow in 0..<output.height {
        for tapRow in 0..<shape[2] {
          let row = outputRow * geometry.strideHeight + tapRow - geometry.top
          guard (0..<image.height).contains(row) else { continue }
          for outputColumn in 0..<output.width {
            for tapColumn in 0..<shape[3] {
              let column = outputColumn * geometry.strideWidth + tapColumn - geometry.left
              guard (0..<image.width).contains(column) else { continue }
              for target in 0..<shape[0] {
                for source in 0..<shape[1] {
                  let from = (source * image.height + row) * image.width + column
                  let to = (target * output.height + outputRow) * output.width + outputColumn
                  matrix[from * columns + to] =
                    weight.scalars[((target * shape[1] + source) * shape[2] + tapRow) * shape[3] + tapColumn]
                }
              }
            }
          }
        }
      }
    }
  }

  /// A convolution of stride s on few channels as one of stride 1 on s^2 times as many: pixel (s y + i, s x + j) becomes channel
  /// (i, j) of pixel (y, x), and the window, filled up with zeros to a multiple of s, likewise.
  private mutating func stridedBySpace(
    _ x: Value, _ weight: Tensor, _ geometry: ConvolutionGeometry, output: (height: Int, width: Int)
  ) throws(GraphError) -> Value {
    let (image, window, step) = (shape(of: x), weight.shape, geometry.strideHeight)
    let taps = (rows: (window[2] + step - 1) / step, columns: (window[3] + step - 1) / step)
    // Pixels of which the windows see something, in blocks of s x s.
    let blocks = (rows: output.height + taps.rows - 1, columns: output.width + taps.columns - 1)
    let padded = try pad(
      x, low: [0, 0, geometry.top, geometry.left],
      high: [
        0, 0, max(0, step * blocks.rows - geometry.top - image[2]),
        max(0, step * blocks.columns - geometry.left - image[3]),
      ])
    let rows = try slice(padded, axis: 2, start: 0, count: step * blocks.rows)
    let seen = try slice(rows, axis: 3, start: 0, count: step * blocks.columns)
    let split = try reshape(seen, to: [image[0], image[1], blocks.rows, step, blocks.columns, step])
    let channels = try reshape(
      transpose(split, [0, 1, 3, 5, 2, 4]), to: [image[0], image[1] * step * step, blocks.rows, blocks.columns])
    let weights = Tensor(shape: [window[0], window[1] * step * step, taps.rows, taps.columns]) { result in
      result.update(repeating: 0)
      for filter in 0..<window[0] * window[1] {
        for row in 0..<window[2] {
          for column in 0..<window[3] {
            let channel = (filter * step + row % step) * step + column % step
            result[(channel * taps.rows + row / step) * taps.columns + column / step] =
              weight.scalars[(filter * window[2] + row) * window[3] + column]
          }
        }
      }
    }
    return try conv2d(channels, constant(weights), ConvolutionGeometry())
  }
}
