import Tensor

extension Tensor {
  /// Means over squares of `factor` pixels a side: `[N, C, H, W]` to `[N, C, H / factor, W / factor]`.
  /// - Precondition: the factor divides both.
  package func blockMeans(_ factor: Int) -> Tensor {
    guard factor > 1 else { return self }
    let (height, width) = (shape[2] / factor, shape[3] / factor)
    precondition(height * factor == shape[2] && width * factor == shape[3], "\(factor) does not divide \(shape)")
    return Tensor(shape: [shape[0], shape[1], height, width]) { output in
      var index = 0
      for plane in 0..<shape[0] * shape[1] {
        for y in 0..<height {
          for x in 0..<width {
            var sum = 0.0
            for row in 0..<factor {
              let start = plane * shape[2] * shape[3] + (y * factor + row) * shape[3] + x * factor
              for column in 0..<factor { sum += Double(scalars[start + column]) }
            }
            output[index] = Float(sum / Double(factor * factor))
            index += 1
          }
        }
      }
    }
  }

  /// Every pixel as a square of `factor` pixels a side.
  package func repeated(_ factor: Int) -> Tensor {
    guard factor > 1 else { return self }
    let (height, width) = (shape[2] * factor, shape[3] * factor)
    return Tensor(shape: [shape[0], shape[1], height, width]) { output in
      var index = 0
      for plane in 0..<shape[0] * shape[1] {
        for y in 0..<height {
          let start = plane * shape[2] * shape[3] + y / factor * shape[3]
          for x in 0..<width {
            output[index] = scalars[start + x / factor]
            index += 1
          }
        }
      }
    }
  }
}
