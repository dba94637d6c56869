import Graph
import Tensor

extension Graph {
  /// A linear map along each axis of every channel: `[N, C, H, W]` to `[N, C, H', W']`.
  /// - Parameters:
  ///   - rows: `[H, H']`: column i has the weights of row i of the output.
  ///   - columns: `[W, W']`.
  mutating func resampled(_ value: Value, rows: Tensor, columns: Tensor) throws -> Value {
    let alongRows = try matmul(value, constant(columns))
    return try swapLastAxes(matmul(swapLastAxes(alongRows), constant(rows)))
  }

  /// Weights of bilinear interpolation along one axis, `[extent, count]`, as PyTorch has them without antialiasing: output i
  /// lies at (i + 1/2) extent / count - 1/2 of the input, not before its first pixel; with `alignCorners` at i (extent - 1) /
  /// (count - 1), so that the corners stay where they are.
  static func interpolation(of extent: Int, to count: Int, alignCorners: Bool = false) -> Tensor {
    let factor = Double(count) / Double(extent)
    return Tensor(shape: [extent, count]) { weights in
      weights.update(repeating: 0)
      for index in 0..<count {
        let position =
          alignCorners
          ? (count > 1 ? Double(index) * Double(extent - 1) / Double(count - 1) : 0)
          : max(0, (Double(index) + 0.5) / factor - 0.5)
        let below = min(Int(position), extent - 1)
        let share = position - Double(below)
        weights[below * count + index] += Float(1 - share)
        weights[min(below + 1, extent - 1) * count + index] += Float(share)
      }
    }
  }
}
