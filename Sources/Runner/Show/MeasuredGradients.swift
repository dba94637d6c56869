import BenchCore
import Foundation
import Sheets
import Synthesis

/// What `show gradients` measures of SmoothGrad beside its pictures.
struct MeasuredGradients {
  let smoothing: SmoothGrad
  let target: GradientTarget
  /// How many images are measured.
  let count: Int
  let seed: UInt64
  let threads: Int

  func run(
    _ models: [PictureSheet.Model], on task: any BenchmarkTask, progress: any ProgressReporter
  ) throws -> SynthesisReport {
    let start = Date()
    let set = try task.evaluationImages(count: count, seed: seed)
    let measurement = SmoothGradMeasurement(
      task: task, set: set, smoothing: smoothing, target: target, seed: seed, threads: threads,
      checkCancellation: progress.checkCancellation)
    progress.begin("measuring", total: models.count)
    let measured = try models.map { model in
      let table = try measurement.samples(
        of: model.classifier, id: model.name, checkCancellation: progress.checkCancellation)
      try progress.advance(by: 1)
      return MeasuredModel(model.name, table, seed: seed)
    }
    return SynthesisReport(
      kind: "gradients", task: task, set: set, samples: count, seed: seed,
      settings: [("gradient", target.rawValue), ("smoothing", smoothing.words)], models: measured,
      provenance: .since(start, toolVersion: PagsBench.version, threads: threads))
  }
}
