import BenchCore

extension Counterfactual {
  /// Weights and first noise level, by name.
  package enum Preset: String, Sendable, CaseIterable {
    /// The published ones, of 3 x 256 x 256 pixels (valentyn1boreiko/DVCEs): C_c = 0.1, C_d = 0.15, from 1.69 in pixel units.
    case dvce
    /// For images of few pixels, whose class noise of 1.69 would hide: from the largest level that the task asks its score for, with
    /// C_c = 0.3. On the way down from sigma the terms can move an image by C (sqrt(1 + 4 sigma^2) - 1) times the root of its number of
    /// pixels, half as far from 1 as from 1.69; and at 0.1 against 0.15 the distance holds most images of glyphs at their class
    /// (docs/synthesis.md).
    case small

    package func settings(on task: any BenchmarkTask) -> Counterfactual {
      switch self {
      case .dvce: return Counterfactual()
      case .small:
        let constants = task.protocolConstants
        return Counterfactual(
          startNoise: constants.scoreNoises.reduce(constants.decisiveNoise) { max($0, $1) }, classifierWeight: 0.3)
      }
    }
  }
}
