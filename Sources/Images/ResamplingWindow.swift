/// The neighbouring samples that one sample of a resampled line is the weighted mean of: bilinear, with triangles that widen where the line
/// shrinks (antialiased), as Pillow's `BILINEAR` and PyTorch's `interpolate(mode="bilinear", antialias=True)` take them.
package struct ResamplingWindow: Sendable {
  package let start: Int
  /// Their sum is 1.
  package let weights: [Double]

  init(of index: Int, from count: Int, to target: Int) {
    let scale = Double(count) / Double(target)
    let reach = max(scale, 1)
    let centre = (Double(index) + 0.5) * scale
    start = max(0, Int(centre - reach + 0.5))
    let end = min(count, Int(centre + reach + 0.5))
    let triangle = (start..<end).map { max(0, 1 - abs((Double($0) - centre + 0.5) / reach)) }
    let sum = triangle.reduce(0, +)
    weights = triangle.map { $0 / sum }
  }

  /// Those of all samples.
  /// - Precondition: positive counts.
  package static func all(from count: Int, to target: Int) -> [ResamplingWindow] {
    (0..<target).map { ResamplingWindow(of: $0, from: count, to: target) }
  }
}
