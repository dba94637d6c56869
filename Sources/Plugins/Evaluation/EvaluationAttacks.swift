import Attacks
import BenchCore

/// The attacks of an evaluation: what becomes `EvaluationResult.robustness`.
struct EvaluationAttacks: Sendable {
  /// How many images are attacked where nobody says.
  static let defaultImages = 200

  private let plans: [AttackPlan]
  private let images: Int
  private let task: any BenchmarkTask

  /// Everything that can be said of the options before a model is loaded.
  /// - Throws: `EvaluationError.invalidConfiguration`.
  init(_ options: EvaluationOptions, on task: any BenchmarkTask) throws(EvaluationError) {
    self.task = task
    let measured = options.images ?? task.defaultImageCount
    images = options.attackedImages ?? min(Self.defaultImages, measured)
    guard Set(options.attacks).count == options.attacks.count else {
      throw .invalidConfiguration(
        option: "--attacks", expected: "each once", got: options.attacks.joined(separator: ","))
    }
    var plans: [AttackPlan] = []
    for id in options.attacks {
      do {
        plans.append(try .usual(AttackCatalogue.make(id), task: task.id, pixels: task.imageShape.count))
      } catch {
        throw .invalidConfiguration(
          option: "--attacks", expected: "attacks for task \(task.id)", got: "\(id): \(error)")
      }
    }
    self.plans = plans
    guard !plans.isEmpty, let count = options.attackedImages else { return }
    guard count >= 2, count <= measured else {
      throw .invalidConfiguration(
        option: "--attacked-images", expected: "2 to \(measured), the number of images that are measured",
        got: "\(count)")
    }
  }

  /// The images, looked at before the long part of an evaluation; nil where nothing is attacked.
  /// - Throws: `AttackError.outsideRange`, and the task's errors.
  func prepared(
    for classifier: any Classifier, _ options: EvaluationOptions
  ) throws -> RobustnessMeasurement? {
    guard !plans.isEmpty else { return nil }
    return try RobustnessMeasurement(
      classifier: classifier, set: task.evaluationImages(count: images, seed: options.seed), range: task.pixelRange,
      seed: options.seed, threads: options.loading.threads)
  }

  /// - Throws: `AttackError`, `CancellationError`, and the classifier's errors.
  func run(_ measurement: RobustnessMeasurement, progress: any ProgressReporter) throws -> [RobustnessEntry] {
    try plans.map { try measurement.run($0, checksMasking: true, progress: progress).entry }
  }

  /// One process's share of all attacks.
  /// - Returns: how many parts were there already, of how many.
  func measure(
    _ share: WorkShare, _ measurement: RobustnessMeasurement, of owner: RobustnessMeasurement.Owner,
    in place: PartPlace, progress: any ProgressReporter
  ) throws -> (present: Int, total: Int) {
    try plans.reduce((0, 0)) { sum, plan in
      let found = try measurement.measure(
        share, of: plan, checksMasking: true, for: owner, in: place, progress: progress)
      return (sum.0 + found.present, sum.1 + found.total)
    }
  }

  /// - Throws: `MissingParts` of all attacks.
  func merge(
    _ measurement: RobustnessMeasurement, of owner: RobustnessMeasurement.Owner, from place: PartPlace,
    progress: any ProgressReporter
  ) throws -> [RobustnessEntry] {
    var missing: [MissingParts.Kind] = []
    let entries = try plans.compactMap { plan -> RobustnessEntry? in
      do {
        return try measurement.merge(plan, checksMasking: true, for: owner, from: place, progress: progress).entry
      } catch let error as MissingParts {
        missing += error.kinds
        return nil
      }
    }
    guard missing.isEmpty else { throw MissingParts(model: owner.model.id, kinds: missing) }
    return entries
  }
}
