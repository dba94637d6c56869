import BenchCore
import Foundation
import Plugins

/// What the sheets of models have in common before anything is drawn: the file is looked at, the models are found, the task is made.
struct SheetPreparation {
  let files: ProjectFiles
  let file: SheetFile
  let shown: ShownModels
  let evaluation: ModelEvaluation

  /// With the references that were chosen.
  var task: any BenchmarkTask { evaluation.task }

  /// - Parameter inputs: further files that are read.
  init(
    _ models: [String], labels: [String], order: ModelOrder = .given, sheet: SheetOptions, maps: MapSelection,
    options: ModelOptions, inputs: [OutputPlace.Input?] = [], progress: any ProgressReporter
  ) throws {
    files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    shown = try ShownModels(models, labels: labels, order: order, options: options, files: files)
    file = try SheetFile(sheet.output)
    let named =
      models.map { OutputPlace.Input("a model", $0) } + [
        OutputPlace.Input("the description", options.network.model)
      ]
    try file.check(apartFrom: named + shown.inputs + maps.inputs + inputs)
    let ownTask = try TaskLookup.make(
      sheet.task ?? shown.taskID ?? "glyphs", data: sheet.dataOptions.data, cache: sheet.cache.folder,
      threads: options.threads, progress: progress)
    var settings = EvaluationOptions(toolVersion: PagsBench.version)
    settings.references = maps.files
    settings.loading = try options.loadOptions(imageShape: nil, classCount: nil)
    settings.shared = sheet.cache.shared
    evaluation = try ModelEvaluation(arguments: settings, of: ownTask, files: files)
    if let remark = task.dataRemark { CommandLineOutput.note("WARNING: \(remark)") }
  }
}
