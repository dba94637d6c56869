import Tensor

/// How alike two images of numbers are, such as an input gradient and a score.
///
/// An instance, as manifolds and scores are: one with weights is made from a file (`MetricPlugin`). A pair's value must not
/// depend on the other pairs of the call.
public protocol AlignmentMetric: Sendable {
  /// Name in results, such as `"cosine"`.
  var id: String { get }
  /// - Parameters: both `[N, C, H, W]`, each image scaled to a largest absolute value of 1.
  /// - Returns: one value per image, higher for more alike; NaN where it is undefined.
  func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double]
  /// What may be relied on; the default is what holds for the cosine.
  var properties: MetricProperties { get }
  /// The checkpoint it was read from; nil (the default) where it has no weights.
  var learned: LearnedReference? { get }
  /// The same metric, which takes from `numbers` what is known there and leaves there what others may use, such as features
  /// of the references, which all models are compared with. The default shares nothing.
  func sharing(_ numbers: SharedArrays) -> any AlignmentMetric
}

extension AlignmentMetric {
  public var properties: MetricProperties { MetricProperties() }
  public var learned: LearnedReference? { nil }
  public func sharing(_ numbers: SharedArrays) -> any AlignmentMetric { self }
}

/// What a metric says of itself: what conformance checks then hold it to, and which images it takes.
public struct MetricProperties: Sendable, Equatable {
  /// Whether a positive factor on either side changes nothing.
  public var isScaleInvariant: Bool
  /// Whether an image that is zero everywhere has a value; otherwise it is NaN there. An evaluation leaves such a pair out in
  /// either case: nothing scales it to a largest absolute value of 1.
  public var isDefinedAtZero: Bool
  /// Of the images' smallest height and width.
  public var smallestSide: Int
  /// The numbers of channels that it takes; nil for any.
  public var channels: [Int]?

  public init(
    isScaleInvariant: Bool = true, isDefinedAtZero: Bool = false, smallestSide: Int = 1, channels: [Int]? = nil
  ) {
    self.isScaleInvariant = isScaleInvariant
    self.isDefinedAtZero = isDefinedAtZero
    self.smallestSide = smallestSide
    self.channels = channels
  }

  /// What images it takes, in words, where these are none; nil where they are.
  /// - Parameter shape: `[C, H, W]`.
  public func requirement(missedBy shape: Shape) -> String? {
    guard shape.rank == 3 else { return "images [C, H, W]" }
    if min(shape[1], shape[2]) < smallestSide {
      return "images of \(smallestSide) x \(smallestSide) pixels at least"
    }
    if let channels, !channels.contains(shape[0]) {
      return "images of \(channels.map(String.init).joined(separator: " or ")) channels"
    }
    return nil
  }
}
