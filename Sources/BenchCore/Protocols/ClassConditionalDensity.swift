import Tensor

/// A generative model of labelled images: p(x | c) at any noise, with its gradients. From it follow a score, the
/// Bayes classifier of that model and its input gradients (`DensityScore`, `DensityClassifier`).
public protocol ClassConditionalDensity: Sendable {
  /// Name in results, such as `"glyphs-exact"`.
  var id: String { get }
  /// `[C, H, W]`.
  var imageShape: Shape { get }
  /// log of the class probabilities; its count is the number of classes.
  var logPriors: [Double] { get }

  /// log p_sigma(x | c) of every class, up to one constant that does not depend on class (it may depend on the image).
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - noise: sigma of the Gaussian the density is convolved with; 0 for the density itself.
  /// - Returns: N x K.
  func logDensities(at images: Tensor, noise: Double) throws -> Matrix

  /// The same, and the class-conditional scores: gradients of log p_sigma(x | c), *without* any omitted constant.
  /// - Returns: N x K, and `[N, K, C, H, W]`.
  func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor)
}
