import Foundation

/// The noise of networks that were trained in discrete steps by openai/guided-diffusion or improved-diffusion, and that tell the noise:
/// betas in double precision, and for each noise the nearest step, as NVIDIA's code asks such networks.
struct StepSchedule: Preconditioning {
  let file: String
  /// Of the steps, from little noise to much.
  private let sigmas: [Double]
  /// The network's time of one step.
  private let timeOfStep: Double

  enum Kind: String, CaseIterable, Sendable {
    case linear
    case cosine
  }

  /// - Parameters:
  ///   - steps: at least 2.
  ///   - rescalesTime: whether the network counts to 1000 whatever the number of steps.
  init(file: String, _ kind: Kind, steps: Int, rescalesTime: Bool) {
    let betas = kind == .cosine ? Self.cosineBetas(steps: steps) : Self.linearBetas(steps: steps)
    var signal = 1.0
    self.file = file
    sigmas = betas.map { beta in
      signal *= 1 - beta
      return ((1 - signal) / signal).squareRoot()
    }
    timeOfStep = rescalesTime ? 1000 / Double(steps) : 1
  }

  func factors(sigma: Double) throws -> PreconditioningFactors {
    guard let lowest = sigmas.first, let highest = sigmas.last, sigma >= lowest, sigma <= highest else {
      // In pixel units a sigma is half of that in [-1, 1].
      throw DiffusionError.outsideTraining(
        file: file, noise: sigma / 2, lowest: (sigmas.first ?? 0) / 2, highest: (sigmas.last ?? 0) / 2)
    }
    let above = sigmas.firstIndex { $0 >= sigma } ?? sigmas.count - 1
    let step = above > 0 && sigma - sigmas[above - 1] < sigmas[above] - sigma ? above - 1 : above
    return .variancePreserving(sigma, noise: Double(step) * timeOfStep)
  }

  /// Nichol and Dhariwal 2021.
  static func cosineBetas(steps: Int) -> [Double] {
    func signal(_ time: Double) -> Double { pow(cos((time + 0.008) / 1.008 * .pi / 2), 2) }
    return (0..<steps).map { step in
      min(1 - signal(Double(step + 1) / Double(steps)) / signal(Double(step) / Double(steps)), 0.999)
    }
  }

  /// Ho et al. 2020, for other numbers of steps than 1000 scaled so that they end at about the same noise.
  private static func linearBetas(steps: Int) -> [Double] {
    let scale = 1000 / Double(steps)
    let (first, last) = (scale * 1e-4, scale * 0.02)
    let step = (last - first) / Double(steps - 1)
    return (0..<steps).map { first + step * Double($0) }
  }
}
