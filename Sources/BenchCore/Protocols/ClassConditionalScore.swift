import Tensor

/// A score that can be asked for the images of single classes too: the gradient of log p_sigma(x | c).
public protocol ClassConditionalScore: Score {
  var classCount: Int { get }
  /// Whether `score(at:noise:)` is the score of all images. False for a model that was only ever trained with a class: then it is
  /// what the model gives without one, which means nothing.
  var knowsAllImages: Bool { get }
  /// - Parameters:
  ///   - classes: c for each image.
  ///   - images: `[N, C, H, W]`.
  ///   - noise: in pixel units.
  /// - Returns: `[N, C, H, W]`.
  func score(ofClasses classes: [Int], at images: Tensor, noise: Double) throws -> Tensor
}
