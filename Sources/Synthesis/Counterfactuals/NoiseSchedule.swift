import BenchCore
import Foundation

/// The noise levels that a counterfactual comes down through, as those of DVCE's diffusion: 1,000 steps of linear betas from 1e-4 to
/// 0.02 (Ho et al. 2020), respaced to 200, of which the last 100 are taken.
///
/// A variance-preserving step has x_t = sqrt(abar) x + sqrt(1 - abar) n; divided by sqrt(abar) it is x + sigma n with
/// sigma = sqrt((1 - abar) / abar), which is how a score of noise sigma is asked. Images of that diffusion are in [-1, 1]: in pixel
/// units of [0, 1] its levels are half as large, from 0.005 to 1.69.
package enum NoiseSchedule {
  /// Of the published 200 steps.
  static let publishedSteps = 200

  /// The level at which DVCE starts, in pixel units.
  package static let publishedStart = published(steps: 100)[0]

  /// The lowest of the published levels.
  static let publishedEnd = published(steps: 100)[99]

  /// Falling; `count` levels of the published shape, the first of which is `start`.
  /// - Parameters:
  ///   - count: 100 for the published ones.
  ///   - score: of a network no lower level is asked for than the lowest published one, for diffusion models were trained with no less
  ///     noise: those below it, if any, become that one.
  package static func levels(from start: Double, count: Int, of score: any Score) -> [Double] {
    let levels = published(steps: count)
    let scaled = levels.map { $0 * (start / levels[0]) }
    guard score.learned != nil, start > publishedEnd, scaled[count - 1] < publishedEnd else { return scaled }
    return scaled.filter { $0 > publishedEnd } + [publishedEnd]
  }

  /// The published levels, at `steps` equally spaced times up to the middle of the diffusion.
  private static func published(steps: Int) -> [Double] {
    var logarithm = 0.0
    let cumulative = (0..<1000).map { step -> Double in
      logarithm += log(1 - (1e-4 + (0.02 - 1e-4) * Double(step) / 999))
      return logarithm
    }
    // 999 / 199 apart, as the code of the 200 spaces them; other counts end at the same time.
    let last = 99 * 999.0 / Double(publishedSteps - 1)
    return (0..<steps).reversed().map { index in
      let time = steps > 1 ? last * Double(index) / Double(steps - 1) : last
      let kept = exp(cumulative[Int(time.rounded())])
      return 0.5 * ((1 - kept) / kept).squareRoot()
    }
  }
}
