import Tensor

/// The score of the noise-convolved data distribution: the gradient of its log-density.
public protocol Score: Sendable {
  /// Name in results, such as `"glyphs-exact"`.
  var id: String { get }
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - noise: standard deviation sigma of the Gaussian that the data distribution is convolved with, in pixel units.
  /// - Returns: `[N, C, H, W]`, equal to (D(x; sigma) - x) / sigma^2 for the denoiser D (Tweedie's formula).
  func score(at images: Tensor, noise: Double) throws -> Tensor
  /// The checkpoint it was read from; nil (the default) where it belongs to the task.
  var learned: LearnedReference? { get }
  /// Changes with everything that decides the score beside images and noise level, such as a digest of a checkpoint; nil
  /// (the default) where nothing may be kept from one run to the next.
  var fingerprint: String? { get }
  /// The same score, which takes from `numbers` what is known there and leaves there what others may use. The default keeps
  /// the score, where there is a fingerprint.
  func sharing(_ numbers: SharedArrays) -> any Score
}

extension Score {
  public var learned: LearnedReference? { nil }
  public var fingerprint: String? { nil }
  public func sharing(_ numbers: SharedArrays) -> any Score {
    fingerprint.map { KeptScore(base: self, owner: $0, shared: numbers) } ?? self
  }
}
