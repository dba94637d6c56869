import ArgumentParser
import BenchCore
import Figures
import Foundation
import Plugins
import Sheets
import Synthesis

/// `show gradients`, `show tangents` and `show scores`, which differ in the columns they have unless told otherwise.
struct MapSheetWork {
  enum Kind {
    case gradients, tangents, scores

    func columns(hasModels: Bool, hasDensity: Bool, hasScore: Bool) -> [SheetColumn] {
      switch self {
      case .gradients:
        [.image, .gradient] + (hasScore ? [.score] : []) + (hasDensity ? [.reference] : [])
      case .tangents:
        [.image, .tangent, .normal] + (hasModels ? [.gradient, .gradientTangent, .gradientNormal] : [])
      case .scores: [.image, .score, .denoised] + (hasModels ? [.gradient] : [])
      }
    }
  }

  let kind: Kind
  let models: [String]
  let sheet: SheetOptions
  let columns: MapSheetOptions
  let maps: MapSelection
  let options: ModelOptions
  let reporting: ReportingOptions
  let smoothGrad: SmoothGrad
  /// Nil where nothing is measured.
  let measurement: MeasurementOptions?

  init(
    kind: Kind, models: [String], _ inputs: MapSheetInputs, _ reporting: ReportingOptions,
    smoothGrad: SmoothGrad = SmoothGrad(),
    measurement: MeasurementOptions? = nil
  ) {
    self.kind = kind
    self.models = models
    self.reporting = reporting
    self.smoothGrad = smoothGrad
    self.measurement = measurement
    (sheet, columns, maps, options) = (inputs.sheet, inputs.columns, inputs.maps, inputs.options)
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let prepared = try SheetPreparation(
      models, labels: columns.label, order: columns.order, sheet: sheet, maps: maps, options: options,
      inputs: columns.metric.flatMap { $0.inputs(.metric) }, progress: progress)
    let (task, shown) = (prepared.task, prepared.shown)
    let positions = try sheet.positions(default: 8)
    // The cosine comes first, and is there anyway.
    let metrics = try ReferenceLoader(PagsBench.plugins, files: prepared.files).metrics(
      columns.metric, for: task, threads: options.threads
    ).dropFirst()
    let pictures = try pictureSheet(of: task, hasModels: !shown.sources.isEmpty, metrics: Array(metrics))
    try pictures.check(task, images: positions.count, models: shown.sources.count)
    let images = try sheet.chosen(positions, task: task.id, classCount: task.classCount) {
      try task.evaluationImages(count: $0, seed: sheet.seed)
    }
    let loaded = try shown.load(prepared.evaluation, order: columns.order)
    let result = try pictures.sheet(of: loaded, at: images, on: task, remark: task.dataRemark, progress: progress)
    let report = try measurement?.count(reporting).map {
      try MeasuredGradients(
        smoothing: smoothGrad, target: columns.gradient, count: $0, seed: sheet.seed, threads: options.threads
      ).run(loaded, on: task, progress: progress)
    }
    progress.end()
    try Interruption.check()
    try prepared.file.write(columns.transpose ? result.transposed : result, scale: sheet.scale)
    try SynthesisReport.show(report, beside: sheet.output, reporting)
  }

  private func pictureSheet(
    of task: any BenchmarkTask, hasModels: Bool, metrics: [any AlignmentMetric]
  ) throws -> PictureSheet {
    let own = kind == .scores ? task.protocolConstants.scoreNoises : []
    let noises = try columns.noises() ?? (own.isEmpty ? [PictureSheet.defaultNoise(of: task)] : own)
    return PictureSheet(
      columns: try columns.chosenColumns()
        ?? kind.columns(hasModels: hasModels, hasDensity: task.density != nil, hasScore: task.score != nil),
      target: columns.gradient, scaling: columns.scaling, noises: noises, smoothGrad: smoothGrad, metrics: metrics,
      seed: sheet.seed, magnification: sheet.magnification, threads: options.threads)
  }
}
