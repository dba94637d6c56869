import BenchCore
import Tensor

/// `--task glyphs`.
package struct GlyphsPlugin: TaskPlugin {
  package let id = "glyphs"
  package let summary =
    "drawn digits beside distracting letters, 1 x 20 x 40; density, score, manifold and Bayes classifier are exact"
  package let dataRequirement: String? = nil

  package init() {}

  package var facts: TaskFacts {
    TaskFacts(
      imageShape: [1, GlyphRendering.side, 2 * GlyphRendering.side], classNames: (0..<10).map(String.init),
      references: [
        "Srinivas, Bordt, Lakkaraju: Which Models have Perceptually-Aligned Gradients? NeurIPS 2023, section 4.2"
      ])
  }

  package func make(_ options: TaskOptions) throws -> any BenchmarkTask {
    try GlyphsTask(threads: options.threads, progress: options.progress)
  }
}

extension GlyphsPlugin {
  /// Training images are drawn from streams of their own: none is an evaluation image of any seed.
  package func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? {
    let task = try GlyphsTask(threads: options.threads, progress: options.progress)
    switch split {
    case .training: return try task.trainingImages(count: count, seed: seed)
    case .evaluation:
      return TensorImages(
        try task.evaluationImages(count: count ?? task.defaultImageCount, seed: seed), classCount: task.classCount)
    }
  }
}

/// The built-in task with known ground truth: a drawn digit, the label, beside a drawn letter that is independent of it.
///
/// Each half is a mixture of Gaussians on a common subspace with isotropic noise off it (`GaussianBlock`), so density,
/// score, tangent space and Bayes classifier are closed-form at every noise level. Pixels are real numbers with mean 0.15
/// and standard deviation 0.38, 99.8 % of them within [-1, 1.5]; of 80 million the extremes were -2.4 and 2.8. They are not
/// clipped to [0, 1], because that would end the closed forms: a model for this task must accept them. Construction and
/// validation: `docs/glyphs.md`.
package struct GlyphsTask: BenchmarkTask {
  package let id = "glyphs"
  package let version = 2
  package let classNames = (0..<10).map(String.init)
  package let defaultImageCount = 2000
  package let manifold: (any Manifold)?
  package let densityIsExact = true
  package let calibration = RegimeCalibration.bayes(gate: 0.45)
  package let criteria: RegimeCriteria? = RegimeCriteria(
    robustRatio: 1, specificShare: 0.25, cosine: 0.45, densityAccuracy: 0.85, densitySensitivity: 0.75,
    tells: "all three regimes: density, tangent spaces and Bayes classifier are exact")
  package var imageShape: Shape { exactDensity.imageShape }
  package var score: (any Score)? { DensityScore(exactDensity, threads: threads) }
  package var density: (any ClassConditionalDensity)? { exactDensity }
  /// With the full log-density besides the protocol's.
  package let exactDensity: GlyphsDensity
  let threads: Int
  let progress: any ProgressReporter

  /// - Parameters:
  ///   - threads: for drawing images and for the score; nothing depends on it.
  ///   - progress: asked whether to go on while images are drawn.
  package init(threads: Int = 1, progress: any ProgressReporter = SilentProgress()) throws {
    let density = try GlyphsDensity()
    exactDensity = density
    manifold = LinearManifold(id: density.id, basis: Self.tangentBasis(of: density))
    self.threads = max(1, threads)
    self.progress = progress
  }

  /// Steps and noises are in pixel units; images are 800 pixels with a root mean square distance of about 10 from their mean.
  ///
  /// `robustnessNoise` is s, the data's own noise off the manifold: its norm over 800 pixels is 0.42, a fifth of the
  /// smallest step, so classifiers are close to linear over it, and the differences it causes (a few 1e-2 in a logit) still
  /// stand clear of float32 rounding (1e-5).
  package let protocolConstants = ProtocolConstants(
    stepSizes: [2, 4, 8, 12], wideStep: 8, smallStep: 2, scoreNoises: [0.25, 0.5, 1], alignmentNoises: [0, 0.5, 1, 2],
    decisiveNoise: 0.5, robustnessNoise: GlyphsConstants().offManifoldNoise)

  /// The Bayes classifier on the first 2,000 evaluation images of seed 0; a test recomputes it.
  package let quality: ReferenceQuality? = ReferenceQuality(
    heldOutLogLikelihood: nil, accuracy: 0.983, images: 2000, manifoldDimension: 223)

  package func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    try sample(split: .evaluation, count: count, seed: seed)
  }

  /// As many as the study trained with.
  static let trainingImageCount = 8000

  package func trainingImages(count: Int?, seed: UInt64) throws -> (any LabelledImages)? {
    TensorImages(
      try sample(split: .training, count: count ?? Self.trainingImageCount, seed: seed), classCount: classCount)
  }

  /// span(U_signal + U_distractor), each on its half: `[223, 800]`.
  private static func tangentBasis(of density: GlyphsDensity) -> Tensor {
    let (signal, distractor) = (density.signal, density.distractor)
    let nothing = [Double](repeating: 0, count: signal.pixels)
    return Tensor(shape: [signal.dimension + distractor.dimension, density.imageShape.count]) { output in
      for row in 0..<signal.dimension {
        density.join(Array(signal.basis.row(row)), nothing, into: output, image: row)
      }
      for row in 0..<distractor.dimension {
        density.join(nothing, Array(distractor.basis.row(row)), into: output, image: signal.dimension + row)
      }
    }
  }
}
