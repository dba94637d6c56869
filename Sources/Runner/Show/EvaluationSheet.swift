import BenchCore
import Figures
import Plugins
import Sheets

/// The sheet that `evaluate --sheet` writes: the model's gradients at the first images of the evaluation.
struct EvaluationSheet {
  private static let images = 8

  private let task: any BenchmarkTask
  private let pictures: PictureSheet
  private let seed: UInt64

  /// - Parameter metrics: of the evaluation, the cosine first.
  /// - Throws: `SheetError` where there can be no pictures, before anything is measured.
  init(
    _ path: String, of task: any BenchmarkTask, metrics: [any AlignmentMetric], seed: UInt64, threads: Int
  ) throws {
    self.task = task
    self.seed = seed
    pictures = PictureSheet(
      columns: MapSheetWork.Kind.gradients.columns(
        hasModels: true, hasDensity: task.density != nil, hasScore: task.score != nil),
      noises: [PictureSheet.defaultNoise(of: task)], metrics: Array(metrics.dropFirst()), seed: seed, threads: threads)
    try pictures.check(task, images: Self.images, models: 1)
  }

  /// - Parameter images: how many were measured.
  func draw(
    _ subject: EvaluationSubject, images: Int, progress: any ProgressReporter
  ) throws -> ImageSheet {
    // Of as many images as were measured: where they are drawn, these are the same.
    let shown = min(Self.images, images)
    let set = try task.evaluationStream(count: images, seed: seed).prefix(shown)
    let chosen = try ChosenImages(
      Array(0..<shown), of: set, task: task.id, classCount: task.classCount)
    return try pictures.sheet(
      of: [.init(name: shownName(subject.record.name), classifier: subject.classifier)], at: chosen, on: task,
      remark: task.dataRemark, progress: progress)
  }
}
