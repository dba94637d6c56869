import BenchCore
import Networks
import Tensor

/// The score of a diffusion model, at any noise level that it knows: what the benchmark's paper compares gradients with.
package struct DiffusionScore: Score {
  /// That of the plugin that read it.
  package let id: String
  package var learned: LearnedReference? { model.learned }
  package var fingerprint: String? { model.fingerprint }
  let model: DiffusionModel

  package func score(at images: Tensor, noise: Double) throws -> Tensor { try model.score(at: images, noise: noise) }
}

/// The same of one that is conditional on a class. Without a class what it is told of one is zeros, as in NVIDIA's code.
package struct ConditionalDiffusionScore: ClassConditionalScore {
  package let id: String
  package let classCount: Int
  package var knowsAllImages: Bool { model.knowsAllImages }
  package var learned: LearnedReference? { model.learned }
  package var fingerprint: String? { model.fingerprint }
  let model: DiffusionModel

  package func score(at images: Tensor, noise: Double) throws -> Tensor { try model.score(at: images, noise: noise) }

  package func score(ofClasses classes: [Int], at images: Tensor, noise: Double) throws -> Tensor {
    try model.score(at: images, classes: classes, noise: noise)
  }
}

extension DiffusionModel {
  /// At the task's noise levels.
  /// - Parameter id: of the plugin.
  func score(id: String, _ options: ReferenceOptions) -> (score: any Score, noises: [Double]) {
    let score: any Score =
      if let classes {
        ConditionalDiffusionScore(id: id, classCount: classes, model: self)
      } else {
        DiffusionScore(id: id, model: self)
      }
    return (score, options.scoreNoises)
  }

  /// - Throws: `DiffusionError.imageShape` for a model of other images than the task's: it would run on others too, and be wrong.
  func fitting(_ options: ReferenceOptions) throws -> DiffusionModel {
    guard imageShape == options.imageShape else {
      throw DiffusionError.imageShape(file: file, got: imageShape, task: options.subject, expected: options.imageShape)
    }
    return self
  }
}
