import Tensor

/// A second opinion on what the Bayes classifier's gradient is: the gradient of log p_sigma(c | x) with respect to x, from a
/// model of the images other than the task's density. The log-odds' gradient has the same direction.
///
/// An image's numbers must not depend on the other images of the call.
public protocol PosteriorScore: Sendable {
  /// Name in results, such as `"denoiser"`.
  var id: String { get }
  /// sigma, in pixel units.
  var noise: Double { get }
  var classCount: Int { get }
  /// The checkpoint it was read from.
  var learned: LearnedReference? { get }
  /// As a score's.
  var fingerprint: String? { get }

  /// - Parameters:
  ///   - classes: c for each image.
  ///   - images: `[N, C, H, W]`.
  /// - Returns: `[N, C, H, W]`.
  func posteriorScore(ofClasses classes: [Int], at images: Tensor) throws -> Tensor

  /// The classes that its model of the images holds for the most likely, by which it is judged as a reference.
  /// - Parameters:
  ///   - seed: of the noise that may be needed for it.
  ///   - range: positions of the images in their set; noise belongs to the position.
  /// - Returns: one class per image.
  func predictions(at images: Tensor, range: Range<Int>, seed: UInt64) throws -> [Int]
}
