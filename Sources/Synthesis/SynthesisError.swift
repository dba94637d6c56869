/// Why images could not be made.
package enum SynthesisError: Error, Sendable, Equatable, CustomStringConvertible {
  case notEnoughImages(option: String, task: String, requested: Int, available: Int)
  case noImages(task: String, label: String, of: Int)
  case unpublished(task: SynthesisTask, preset: SynthesisTask.Preset)
  case indivisible(option: String, factor: Int, height: Int, width: Int)
  case noSuchClass(label: Int, classes: Int)
  case noScore(task: String)
  case nonFiniteScore(score: String, place: Int, noise: Double)

  package var description: String {
    switch self {
    case .notEnoughImages(let option, let task, let requested, let available):
      "\(option): \(requested) images of task \(task) are asked for, there are \(available); ask for no more than those"
    case .noImages(let task, let label, let count):
      "task \(task): its first \(count) images hold none of class `\(label)`; read more with --reference-images"
    case .unpublished(let task, let preset):
      "--preset \(preset.rawValue): nothing was published for \(task.rawValue) on such images; pass --preset scaled or imagenet"
    case .indivisible(let option, let factor, let height, let width):
      "\(option): \(factor) does not divide images of \(height) x \(width) pixels; choose a number that divides both sides"
    case .noSuchClass(let label, let classes):
      "--target: there is no class \(label), expected 0 to \(classes - 1)"
    case .noScore(let task):
      "task \(task) has no score, from which counterfactuals are made; name one with --score"
    case .nonFiniteScore(let score, let place, let noise):
      "the score of \(score) is NaN or infinite for image \(place) at noise \(noise); pass a smaller --start-noise"
    }
  }
}
