/// How a denoiser D is made of a network F, for images x and noise sigma in [-1, 1] units.
protocol Preconditioning: Sendable {
  /// - Parameter sigma: positive, in [-1, 1] units.
  /// - Throws: `DiffusionError` for noise that the network does not know.
  func factors(sigma: Double) throws -> PreconditioningFactors
}

/// Of D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), in the words of Karras et al. 2022.
///
/// The score (D - x) / sigma^2 is a sum of x and F too, whose factors are written out here: the difference of D and x loses digits
/// where sigma is small.
struct PreconditioningFactors: Sendable {
  let skip: Double
  let out: Double
  let input: Double
  /// What the network is told of sigma.
  let noise: Double
  /// (D - x) / sigma^2 = scoreOfImage x + scoreOfNetwork F.
  let scoreOfImage: Double
  let scoreOfNetwork: Double

  var areFinite: Bool {
    [skip, out, input, noise, scoreOfImage, scoreOfNetwork].allSatisfy { Float($0).isFinite } && Float(input) != 0
  }

  /// Of a network that tells the noise in images whose variance is kept.
  static func variancePreserving(_ sigma: Double, noise: Double) -> PreconditioningFactors {
    PreconditioningFactors(
      skip: 1, out: -sigma, input: 1 / (sigma * sigma + 1).squareRoot(), noise: noise, scoreOfImage: 0,
      scoreOfNetwork: -1 / sigma)
  }
}
