import BenchCore

extension Counterfactual {
  /// Path, weights and first noise level, by name.
  package enum Preset: String, Sendable, CaseIterable {
    /// The published ones, of 3 x 256 x 256 pixels (valentyn1boreiko/DVCEs): C_c = 0.1, C_d = 0.15, from 1.69 in pixel units; with a
    /// second classifier, gradients averaged over 16 augmented copies.
    case dvce
    /// For images of few pixels, whose class noise of 1.69 would hide: from the largest level that the task asks its score for, with
    /// C_c = 0.3. On the way down from sigma the terms can move an image by C (sqrt(1 + 4 sigma^2) - 1) times the root of its number of
    /// pixels, half as far from 1 as from 1.69; and at 0.1 against 0.15 the distance holds most images of glyphs at their class
    /// (docs/synthesis.md). Along the flow nothing is held that guidance has not moved. Without copies: turned letters and digits are others, and no network here was trained on them.
    case small
    /// For the score of a mixture that was fitted to images: along the flow, for such a density's own draws are noisy where images are
    /// not, and held to the original, for of a digit its flow alone makes another one in ten; from 1, with C_c = 28 / sqrt(pixels), 1 at most, and C_d = 0.3 C_c. The length by which an image changes its class hardly
    /// grows with its number of pixels, and the terms' reach does by the root, so the weight falls by it: 1 at 28 x 28, 0.51 at
    /// 3 x 32 x 32 (both tried, docs/synthesis.md), 0.063 at the published 3 x 256 x 256.
    case fitted

    /// What there is for the images and the score of a task.
    package static func suited(to task: any BenchmarkTask) -> Preset {
      if task.imageShape.dimensions.dropFirst().allSatisfy({ $0 >= 128 }) { return .dvce }
      return task.density != nil && !task.densityIsExact && task.score?.learned == nil ? .fitted : .small
    }

    /// - Parameter isGuided: whether a second classifier is given, with which the published gradients are means over copies.
    package func settings(on task: any BenchmarkTask, isGuided: Bool) -> Counterfactual {
      switch self {
      case .dvce: return Counterfactual(augmentations: isGuided ? Counterfactual.publishedAugmentations : 1)
      case .small:
        let constants = task.protocolConstants
        return Counterfactual(
          startNoise: constants.scoreNoises.reduce(constants.decisiveNoise) { max($0, $1) }, classifierWeight: 0.3,
          holdsToOriginal: false)
      case .fitted:
        let weight = min(1, 28 / Double(task.imageShape.count).squareRoot())
        return Counterfactual(path: .flow, startNoise: 1, classifierWeight: weight, distanceWeight: 0.3 * weight)
      }
    }
  }
}
