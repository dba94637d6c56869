import Tensor

/// How alike two images of numbers are, such as an input gradient and a score.
public protocol AlignmentMetric: Sendable {
  /// Name in results, such as `"cosine"`.
  static var id: String { get }
  /// - Parameters: both `[N, C, H, W]`.
  /// - Returns: one value per image, higher for more alike; NaN where it is undefined.
  func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double]
}
