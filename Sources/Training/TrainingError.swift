import Text

/// What keeps a network from being trained.
package enum TrainingError: Error, Sendable, CustomStringConvertible {
  case unknownObjective(name: String, known: [String])
  /// An option that is out of range or does not go with the others; `option` as the recipe calls it.
  case invalidOption(option: String, value: String, expected: String)
  case noTrainingImages(task: String)
  case noDirections(task: String, objective: String)
  /// A twin's recipe where only the original says what its network is.
  case twin(of: String)
  case tooFewImages(count: Int, batch: Int)
  case diverged(quantity: String, value: Float, epoch: Int, step: Int, kept: String?)
  case otherRun(directory: String, difference: String)
  case damagedState(file: String, reason: String)
  case cannotRead(path: String, reason: String)

  package var description: String {
    switch self {
    case .unknownObjective(let name, let known): Nearest.unknown("there is no objective", name, among: known)
    case .invalidOption(let option, let value, let expected):
      "\(option) is \(value), expected \(expected)"
    case .noTrainingImages(let task):
      "task \(task) has no training images; choose another with --task"
    case .noDirections(let task, let objective):
      "the objective `\(objective)` needs a direction for every image, which task \(task) does not know; use glyphs"
    case .twin(let id):
      "this is the recipe of a twin of `\(id)`, whose network it does not hold; "
        + "pass it with the original's checkpoint to `pags-bench twin`"
    case .tooFewImages(let count, let batch):
      "\(count) training images do not fill one batch of \(batch); use more images or a smaller batch"
    case .diverged(let quantity, let value, let epoch, let step, let kept):
      "training diverged: \(quantity) is \(value) in epoch \(epoch), step \(step); "
        + "lower the learning rate or the strength, or limit the gradient"
        + (kept.map { "; \($0) holds the network after the epoch before" } ?? "; no epoch was completed")
    case .otherRun(let directory, let difference):
      "\(directory): holds another training run (\(difference)); choose another --output, or remove it"
    case .damagedState(let file, let reason):
      "\(file): \(reason); remove it to begin the training again"
    case .cannotRead(let path, let reason):
      "\(path): cannot be read: \(reason)"
    }
  }
}
