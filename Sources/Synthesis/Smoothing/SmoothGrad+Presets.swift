import BenchCore

/// The settings of public implementations, by name.
package enum SmoothGradPreset: String, Sendable, CaseIterable {
  /// Smilkov et al. 2017: the mean of 50 gradients; noise of 10 to 20 % of the image's range, of which the middle is taken.
  case smilkov
  /// `SmoothGrad` of the `saliency` library (PAIR-code/saliency) as its functions are called without options: 25 samples, 15 % of the
  /// image's range, squares.
  case saliency
  /// The code of "On the relationship between explanation and data manifold" (tml-tuebingen/explanations-manifold, with captum's
  /// `NoiseTunnel`): 25 samples, a standard deviation of 0.02, with their signs, for the class predicted at the clean image.
  case explanationsManifold = "explanations-manifold"

  package var settings: SmoothGrad {
    switch self {
    case .smilkov: SmoothGrad(.signed, noise: .share(0.15), samples: 50)
    case .saliency: SmoothGrad(.squared, noise: .share(0.15), samples: 25)
    case .explanationsManifold: SmoothGrad(.signed, noise: .absolute(0.02), samples: 25)
    }
  }
}

extension SmoothGrad {
  /// Such as `smoothgrad of 50 samples, noise 15 % of the image's range`.
  package var words: String {
    let noise =
      switch noise {
      case .absolute(let sigma): "\(brief(sigma))"
      case .share(let share): "\(brief((1e6 * share).rounded() / 1e4)) % of the image's range"
      }
    return "\(variant.rawValue) of \(samples) \(samples == 1 ? "sample" : "samples"), noise \(noise)"
  }
}
