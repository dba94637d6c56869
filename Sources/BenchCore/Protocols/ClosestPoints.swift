import Tensor

/// The way from an image to where a class begins: delta-x of Bigolin Lanfredi et al. (2023), exact or estimated.
public protocol ClosestPoints: Sendable {
  /// Name in tables and results, such as `"exact"`.
  var id: String { get }
  /// Directions whose length means nothing. An image's must not depend on the other images of the call.
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - classes: where each is to go, in `0..<K`.
  /// - Returns: `[N, C, H, W]`; without meaning towards the class that an image is of.
  func directions(from images: Tensor, towards classes: [Int]) throws -> Tensor
}
