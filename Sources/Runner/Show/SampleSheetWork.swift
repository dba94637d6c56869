import ArgumentParser
import BenchCore
import Figures
import Foundation
import Plugins
import Sheets

/// `show samples`. The task's references are made only where a model may be the task's own.
struct SampleSheetWork {
  let models: [String]
  let sheet: SheetOptions
  let columns: Int
  let labels: [String]
  let options: ModelOptions

  func run(_ reporting: ReportingOptions) throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    let shown = try ShownModels(models, labels: labels, options: options, files: files)
    let file = try SheetFile(sheet.output)
    try file.check(
      apartFrom: models.map { OutputPlace.Input("a model", $0) } + [
        OutputPlace.Input("the description", options.network.model)
      ] + shown.inputs)
    let plugin = try TaskLookup.plugin(sheet.task ?? shown.taskID ?? "glyphs")
    let taskOptions = try TaskLookup.options(
      plugin.id, data: sheet.dataOptions.data, cache: sheet.cache.folder, threads: options.threads, progress: progress)
    let positions = try sheet.positions(default: 40)
    let result: ImageSheet
    if shown.sources.isEmpty {
      let images = try sheet.chosen(positions, task: plugin.id, classCount: .max) {
        try plugin.evaluationImages(taskOptions, count: $0, seed: sheet.seed)
      }
      result = try SampleGrid.sheet(
        images, task: plugin.id, classNames: plugin.facts.classNames, seed: sheet.seed, columns: columns,
        magnification: sheet.magnification,
        remark: try plugin.images(.evaluation, taskOptions, count: positions.count, seed: sheet.seed)?.remark)
    } else {
      let task = try plugin.make(taskOptions)
      var settings = EvaluationOptions(toolVersion: PagsBench.version)
      settings.loading = try options.loadOptions(imageShape: nil, classCount: nil)
      let evaluation = try ModelEvaluation(arguments: settings, of: task, files: files)
      let images = try sheet.chosen(positions, task: task.id, classCount: task.classCount) {
        try task.evaluationImages(count: $0, seed: sheet.seed)
      }
      let predictions = try shown.load(evaluation).map { model in
        let answer = try GradientView.predictions(model.classifier, id: model.name, at: images, on: task)
        return (model: model.name, classes: answer.predicted, probabilities: answer.probability)
      }
      result = try SampleGrid.sheet(
        images, task: task.id, classNames: task.classNames, seed: sheet.seed, predictions: predictions,
        columns: columns, magnification: sheet.magnification, remark: task.dataRemark)
    }
    progress.end()
    try Interruption.check()
    try file.write(result, scale: sheet.scale)
    try reporting.wrote(sheet.output)
  }
}
