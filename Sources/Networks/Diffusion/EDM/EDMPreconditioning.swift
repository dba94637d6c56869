import Foundation

/// How a denoiser D is made of a network F, for images x and noise sigma in [-1, 1] units (Karras et al., "Elucidating the Design
/// Space of Diffusion-Based Generative Models", 2022, table 1):
///
///     D(x; sigma) = c_skip x + c_out F(c_in x; c_noise)
struct EDMPreconditioning: Preconditioning {
  enum Kind: Sendable {
    case edm(sigmaData: Double)
    /// Song et al. 2021, variance preserving: beta grows linearly with the time.
    case vp(betaRange: Double, betaMin: Double, steps: Double)
    /// Song et al. 2021, variance exploding.
    case ve
    /// Nichol and Dhariwal 2021: discrete levels; the network is asked for the nearest one.
    case iddpm(levels: [Float], steps: Int)
  }

  let kind: Kind

  /// - Parameter sigma: positive, in [-1, 1] units.
  func factors(sigma: Double) -> PreconditioningFactors {
    let variance = sigma * sigma
    switch kind {
    case .edm(let d):
      let total = variance + d * d
      return PreconditioningFactors(
        skip: d * d / total, out: sigma * d / total.squareRoot(), input: 1 / total.squareRoot(), noise: log(sigma) / 4,
        scoreOfImage: -1 / total, scoreOfNetwork: d / (sigma * total.squareRoot()))
    case .vp(let range, let low, let steps):
      let time = ((low * low + 2 * range * log1p(variance)).squareRoot() - low) / range
      return .variancePreserving(sigma, noise: (steps - 1) * time)
    case .ve:
      return PreconditioningFactors(
        skip: 1, out: sigma, input: 1, noise: log(sigma / 2), scoreOfImage: 0, scoreOfNetwork: 1 / sigma)
    case .iddpm(let levels, let steps):
      return .variancePreserving(sigma, noise: Double(steps - 1 - nearest(Float(sigma), in: levels)))
    }
  }

  /// The first of the nearest, by differences in single precision.
  private func nearest(_ sigma: Float, in levels: [Float]) -> Int {
    levels.indices.reduce(0) { abs(levels[$1] - sigma) < abs(levels[$0] - sigma) ? $1 : $0 }
  }
}

extension EDMPreconditioning {
  static let classes = ["EDMPrecond", "VPPrecond", "VEPrecond", "iDDPMPrecond"]
  /// EDM2's, which is EDMPrecond around another network.
  static let secondClass = "Precond"

  /// What the outermost module of a snapshot says.
  init(_ modules: DiffusionModules) throws {
    func positive(_ setting: String) throws -> Double {
      try modules.number(setting, of: DiffusionModules.preconditioner, in: 1e-6...1e6)
    }
    switch try modules.className(DiffusionModules.preconditioner, among: DiffusionModules.outermostClasses) {
    case "VPPrecond":
      kind = .vp(betaRange: try positive("beta_d"), betaMin: try positive("beta_min"), steps: try positive("M"))
    case "VEPrecond": kind = .ve
    case "iDDPMPrecond":
      let steps = try modules.integer("M", of: DiffusionModules.preconditioner, in: 1...100_000)
      kind = .iddpm(levels: try modules.floats("u", shape: [steps + 1]), steps: steps)
    default: kind = .edm(sigmaData: try positive("sigma_data"))
    }
  }
}
