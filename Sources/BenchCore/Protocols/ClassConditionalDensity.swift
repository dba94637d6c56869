import Tensor

/// A generative model of labelled images: p(x | c) at any noise, with its gradients. From it follow a score, the
/// Bayes classifier of that model and its input gradients (`DensityScore`, `DensityClassifier`).
///
/// An image's numbers must not depend on the other images of the call.
public protocol ClassConditionalDensity: Sendable {
  /// Name in results, such as `"glyphs-exact"`.
  var id: String { get }
  /// `[C, H, W]`.
  var imageShape: Shape { get }
  /// log of the class probabilities; its count is the number of classes.
  var logPriors: [Double] { get }

  /// log p_sigma(x | c) of every class, up to one constant that does not depend on class (it may depend on the image).
  ///
  /// A conformer whose constant does depend on the image must also implement `combinedGradients`.
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - noise: sigma of the Gaussian the density is convolved with; 0 for the density itself.
  /// - Returns: N x K.
  func logDensities(at images: Tensor, noise: Double) throws -> Matrix

  /// The same, and the class-conditional scores: gradients of log p_sigma(x | c), *without* any omitted constant.
  /// - Returns: N x K, and `[N, K, C, H, W]`.
  func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor)

  /// Weighted sums over the classes of one of the two gradients, which is all that scores and classifiers need of them.
  ///
  /// The default contracts `classScores`, and so takes memory for all N x K of them: callers pass blocks of images.
  /// - Parameters:
  ///   - gradient: which gradient; the default takes the two to be the same.
  ///   - images: `[N, C, H, W]`.
  ///   - weights: given the log-densities N x K, the weights N x K of each sum wanted.
  /// - Returns: the log-densities N x K and for each element w of `weights` the sum over c of w_c times the gradient of
  ///   class c, `[N, C, H, W]`.
  func combinedGradients(
    _ gradient: ClassGradient, at images: Tensor, noise: Double, weights: (_ logDensities: Matrix) throws -> [Matrix]
  ) throws -> (logDensities: Matrix, gradients: [Tensor])

  /// About how many numbers `logDensities` and `combinedGradients` hold for an image at a time, which decides how many images a call of
  /// them gets. By default those of `classScores`, one image for each class.
  var scalarsPerImage: Int { get }

  /// Changes with everything that decides the density's numbers beside the arguments, such as a digest of its parameters;
  /// nil (the default) where nothing may be kept from one run to the next.
  var fingerprint: String? { get }
  /// The same density for images that are measured: what the gradients at several noise levels and for several classes have
  /// in common it takes from `numbers`, or leaves it there. The default shares nothing.
  func sharing(_ numbers: SharedArrays) -> any ClassConditionalDensity
}

/// The two gradients of a class's log-density. They differ by a vector that is the same for every class, and only where
/// a density omits a constant from `logDensities` that depends on the image.
public enum ClassGradient: Sendable {
  /// Of log p_sigma(x | c), nothing omitted: the class-conditional score.
  case score
  /// Of the number that `logDensities` returns: what the logits of the density's Bayes classifier follow.
  case logDensity
}

extension ClassConditionalDensity {
  public var classCount: Int { logPriors.count }
  public var scalarsPerImage: Int { classCount * imageShape.count }
  public var fingerprint: String? { nil }
  public func sharing(_ numbers: SharedArrays) -> any ClassConditionalDensity { self }

  public func combinedGradients(
    _ gradient: ClassGradient, at images: Tensor, noise: Double, weights: (_ logDensities: Matrix) throws -> [Matrix]
  ) throws -> (logDensities: Matrix, gradients: [Tensor]) {
    let (logDensities, scores) = try classScores(at: images, noise: noise)
    let pixels = imageShape.count
    let classes = classCount
    let gradients = try weights(logDensities).map { weights in
      Tensor(shape: images.shape) { output in
        var sum = [Double](repeating: 0, count: pixels)
        for image in 0..<images.batch {
          for pixel in 0..<pixels { sum[pixel] = 0 }
          for index in 0..<classes {
            let weight = weights[image, index]
            let start = (image * classes + index) * pixels
            for pixel in 0..<pixels { sum[pixel] += weight * Double(scores.scalars[start + pixel]) }
          }
          for pixel in 0..<pixels { output[image * pixels + pixel] = Float(sum[pixel]) }
        }
      }
    }
    return (logDensities, gradients)
  }
}
