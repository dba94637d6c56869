import Graph
import Tensor

/// Convolutions of maps of 3 x 3 pixels by windows of 5 x 5, in which every pixel meets every other: AlexNet's second one on images of 32 x 32.
///
/// Along an axis y_p = sum over q of w_(q - p + 2) x_q. With p' = 2 - p this is Winograd's F(3, 3) with the window in the data's place: of
/// the polynomials' values at 0, 1, -1, 1/2 and infinity,
///
///     y' = E' ((E x) * (D w)),   E_i = (1, a_i, a_i^2),   D = transposed inverse of (1, a_i, ..., a_i^4)
///
/// with 5 products for 9, and in two dimensions 25 for 81. D w is computed beforehand in float64; errors stay near 1e-6 of the largest value.
/// Source: Winograd 1980; Lavin and Gray 2016, section 4.
extension Graph {
  /// Of `[N, C, 3, 3]`, weights `[K, C, 5, 5]` and biases `[K]`, the rectified sums `[N, K, 3, 3]`.
  mutating func rectifiedSmallMap(_ x: Value, _ weights: Tensor, _ bias: Tensor) throws(GraphError) -> Value {
    let (images, channels, outputs) = (shape(of: x)[0], shape(of: x)[1], weights.shape[0])
    let pixels = try transpose(x, [0, 2, 3, 1])
    // By rows of the map: the values of each column.
    var columns: [[Value]] = []
    for row in 0..<3 {
      var line: [Value] = []
      for column in 0..<3 {
        let pixel = try slice(slice(pixels, axis: 1, start: row, count: 1), axis: 2, start: column, count: 1)
        // Rows of a matrix of its own, whose sums are those of convolutions.
        line.append(try reshape(pixel, to: [1, images, channels]))
      }
      columns.append(try evaluated(line))
    }
    let filters = Self.transformed(weights)
    var products: [[Value]] = []
    for column in 0..<5 {
      let values = try evaluated(columns.map { $0[column] })
      var line: [Value] = []
      for row in 0..<5 { line.append(try matmul(values[row], constant(filters[row * 5 + column]))) }
      products.append(try gathered(line))
    }
    var parts: [Value] = []
    for row in 0..<3 {
      for part in try gathered(products.map { $0[row] }) {
        parts.append(try reshape(part, to: [images, 1, outputs]))
      }
    }
    let map = try relu(add(concatenate(parts, axis: 1), constant(bias)))
    return try transpose(reshape(map, to: [images, 3, 3, outputs]), [0, 3, 1, 2])
  }

  /// E x.
  private mutating func evaluated(_ x: [Value]) throws(GraphError) -> [Value] {
    let ends = try add(x[0], x[2])
    let half = try add(
      x[0], add(multiply(x[1], constant(Float(0.5))), multiply(x[2], constant(Float(0.25)))))
    return [x[0], try add(ends, x[1]), try subtract(ends, x[1]), half, x[2]]
  }

  /// E' m, the last first.
  private mutating func gathered(_ m: [Value]) throws(GraphError) -> [Value] {
    let (sum, difference) = (try add(m[1], m[2]), try subtract(m[1], m[2]))
    return [
      try add(add(sum, multiply(m[3], constant(Float(0.25)))), m[4]),
      try add(difference, multiply(m[3], constant(Float(0.5)))),
      try add(add(m[0], sum), m[3]),
    ]
  }

  /// D.
  private static let filterRows: [[Double]] = [
    [1, -2, -1, 2, 0], [0, -1 / 2, 1 / 2, 1, 0], [0, -1 / 6, 1 / 2, -1 / 3, 0], [0, 8 / 3, 0, -8 / 3, 0],
    [0, 1 / 2, -1, -1 / 2, 1],
  ]

  /// D w D' of every pair of channels: 25 matrices `[C, K]`.
  private static func transformed(_ weights: Tensor) -> [Tensor] {
    let (outputs, channels) = (weights.shape[0], weights.shape[1])
    return (0..<25).map { element in
      let (rows, columns) = (filterRows[element / 5], filterRows[element % 5])
      let factors = (0..<25).map { rows[$0 / 5] * columns[$0 % 5] }
      return Tensor(shape: [channels, outputs]) { matrix in
        weights.scalars.withUnsafeBufferPointer { weights in
          for channel in 0..<channels {
            for output in 0..<outputs {
              let first = (output * channels + channel) * 25
              matrix[channel * outputs + output] = Float(
                (0..<25).reduce(0.0) { $0 + factors[$1] * Double(weights[first + $1]) })
            }
          }
        }
      }
    }
  }
}
