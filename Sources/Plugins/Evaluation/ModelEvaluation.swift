import Attacks
import BenchCore
import Checkpoints
import Foundation
import Networks
import Served

/// From a model, a task, references and options to a result: the one way, of `evaluate`, `submit`, `sweep` and whoever uses the
/// library.
///
///     guard let plugin = BuiltinPlugins.all.tasks.first(where: { $0.id == "glyphs" }) else { return }
///     let task = try plugin.make(TaskOptions())
///     var options = EvaluationOptions(toolVersion: "1.0")
///     options.images = 500
///     let outcome = try ModelEvaluation(of: task, options).run("model.pt")
///     print(outcome.result.regime.label)
///
/// Where the classifier is a value of your own, without a file, `Evaluation` is what it comes to.
public struct ModelEvaluation: Sendable {
  /// With the references that were chosen.
  public let task: any BenchmarkTask
  public private(set) var options: EvaluationOptions
  let files: ProjectFiles?
  let attacks: EvaluationAttacks
  private let direction: DirectionEstimators?

  /// - Parameters:
  ///   - task: as its plugin makes it.
  ///   - files: where descriptions are looked for, and the results of models that others name as their standards.
  /// - Throws: what `ReferenceFiles.task` throws; `EvaluationError.invalidConfiguration` for attacks and ways to other classes that there are
  ///   not, and what reading a generator throws.
  public init(
    of task: any BenchmarkTask, _ options: EvaluationOptions, files: ProjectFiles? = .locate()
  ) throws {
    self.task = try options.references.task(
      task, threads: options.loading.threads, plugins: options.plugins, files: files)
    self.options = options
    self.files = files
    attacks = try EvaluationAttacks(options, on: self.task)
    direction = try options.direction?.estimators(of: self.task, threads: options.loading.threads, files: files)
  }

  /// The same with another number of threads, on which no number depends.
  public func with(threads: Int) -> ModelEvaluation {
    var evaluation = self
    evaluation.options.loading.threads = threads
    return evaluation
  }

  /// A model that was read.
  public struct Loaded: Sendable {
    public var subject: EvaluationSubject
    /// Nil for a task's own classifier.
    public let model: LoadedModel?
  }

  /// - Throws: what loading throws, `StandardModelError`, `EvaluationError`.
  public func run(
    _ source: ModelSource, progress: any ProgressReporter = SilentProgress()
  ) throws -> EvaluationOutcome {
    try measure(try load(source).subject, progress: progress)
  }

  /// The first half of `run`: the model, and the standard that it is compared with.
  /// - Parameter checksIndependence: whether a program that serves its model is asked if an image's logits depend on the others of a
  ///   call; `ModelConformance` asks that and more.
  public func load(_ source: ModelSource, checksIndependence: Bool = true) throws -> Loaded {
    var loaded = try read(source, checksIndependence: checksIndependence)
    loaded.subject.standard = try StandardModelLoader(
      files: files, plugins: options.plugins.models, loading: options.loading, acceptsOwn: options.acceptsOwnStandards
    ).standard(
      given: options.standard, of: loaded.subject, on: task)
    return loaded
  }

  /// The model alone, where nothing is judged.
  package func read(_ source: ModelSource, checksIndependence: Bool = true) throws -> Loaded {
    switch source {
    case .bayes(let noise):
      return Loaded(
        subject: try .bayesClassifier(of: task, noise: noise, threads: options.loading.threads), model: nil)
    case .margin: return Loaded(subject: try .marginClassifier(of: task), model: nil)
    case .file(let candidate, let loader):
      let model = try loader.load(candidate, loading)
      if let served = model.classifier as? ServedClassifier {
        try served.requireGradients()
        if checksIndependence { try checkIndependence(of: served) }
      }
      return Loaded(subject: EvaluationSubject(candidate, model), model: model)
    }
  }

  /// The second half: the measurements, the regime, then the attacks that were asked for.
  /// - Throws: `EvaluationError`, `CancellationError`, and the errors of the classifier, the task and the attacks.
  public func measure(
    _ subject: EvaluationSubject, progress: any ProgressReporter = SilentProgress()
  ) throws -> EvaluationOutcome {
    let start = Date()
    let attacked = try attacks.prepared(for: subject.classifier, options)
    var outcome = try Evaluation(task: task, configuration: configuration).run(subject, progress: progress)
    outcome.result.provenance.device = Engine.device(of: subject.classifier)
    outcome.result.direction = try measureDirection(of: subject, progress: progress)
    outcome.result.robustness = try attacked.map { try attacks.run($0, progress: progress) }
    guard attacked != nil || direction != nil else { return outcome }
    outcome.result.provenance = .since(
      start, toolVersion: options.toolVersion, threads: options.loading.threads,
      device: outcome.result.provenance.device)
    return outcome
  }

  /// Nil where it was not asked for.
  func measureDirection(
    of subject: EvaluationSubject, progress: any ProgressReporter
  ) throws -> DirectionResult? {
    guard let direction else { return nil }
    let set = try task.evaluationImages(count: options.images ?? task.defaultImageCount, seed: options.seed)
    progress.begin("direction of \(subject.record.id)", total: set.labels.count)
    return try DirectionMeasurement(
      of: subject.classifier, id: subject.record.id, on: set, estimators: direction, unit: task.imageUnit,
      seed: options.seed, threads: options.loading.threads, progress: progress
    ).result
  }

  var configuration: EvaluationConfiguration {
    EvaluationConfiguration(
      images: options.images, seed: options.seed, threads: options.loading.threads, clip: options.clip,
      metrics: options.metrics, robustnessDraws: options.robustnessDraws, toolVersion: options.toolVersion,
      shared: options.shared)
  }

  /// How the model is read, for images of the task.
  public var loading: LoadOptions {
    var loading = options.loading
    loading.imageShape = task.imageShape
    loading.classCount = task.classCount
    return loading
  }

  /// A program may hold its model in training mode, which no measurement would show.
  private func checkIndependence(of served: ServedClassifier) throws {
    // What does not fit the task is refused by the evaluation, which knows better words.
    guard served.inputShape == task.imageShape, served.classCount == task.classCount else { return }
    let count = min(ServedClassifier.imagesToCheck, task.defaultImageCount)
    try served.checkIndependence(at: try task.evaluationImages(count: count, seed: 0).images)
  }
}
