import BenchCore
import Foundation
import Plugins
import Tensor

/// A model and the images that it is attacked on. Nothing is fitted to a task's images, for attacks need no reference.
struct AttackTarget {
  let subject: EvaluationSubject
  let set: ImageSet
  let taskID: String
  /// Of the task itself, where `taskID` may be the path of its description.
  let pluginID: String
  let pixelRange: ClosedRange<Float>?
  let record: AttackReport.TaskRecord
  let warnings: [String]

  init(
    _ source: ModelSource, task: String?, data: String?, cache: URL?, images: Int, seed: UInt64, options: ModelOptions,
    progress: TerminalProgress
  ) throws {
    let id = task ?? source.taskID ?? "glyphs"
    let plugin = try TaskLookup.plugin(id)
    let taskOptions = try TaskLookup.options(
      id, data: data, cache: cache, threads: options.threads, progress: progress)
    set = try plugin.evaluationImages(taskOptions, count: images, seed: seed)
    taskID = id
    pluginID = plugin.id
    pixelRange = plugin.facts.pixelRange
    let shape = set.images.shape.droppingFirst
    let classes = plugin.facts.classNames.count
    switch source {
    case .file(let candidate, let loader):
      let model = try loader.load(
        candidate, options.loadOptions(imageShape: shape, classCount: classes == 0 ? nil : classes))
      subject = EvaluationSubject(candidate, model)
      warnings = LoadReport(candidate, model).warnings
    case .bayes, .margin:
      let task = try plugin.make(taskOptions)
      subject = try ModelEvaluation(of: task, EvaluationOptions(toolVersion: PagsBench.version)).load(source).subject
      warnings = []
    }
    guard subject.classifier.inputShape == shape else {
      throw EvaluationError.wrongInputShape(
        model: subject.record.id, task: id, expected: shape, got: subject.classifier.inputShape)
    }
    let needed = max(2, classes, (set.labels.max() ?? 0) + 1)
    guard subject.classifier.classCount == (classes == 0 ? subject.classifier.classCount : classes),
      subject.classifier.classCount >= needed
    else {
      throw EvaluationError.wrongClassCount(
        model: subject.record.id, task: id, expected: needed, got: subject.classifier.classCount)
    }
    record = AttackReport.TaskRecord(
      id: id, version: plugin.facts.version, dataset: set.name, split: set.split, images: images, digest: set.digest)
  }
}
