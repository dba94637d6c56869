import ArgumentParser
import BenchCore
import Foundation
import Plugins

/// What models and results that are set side by side have in common.
struct ComparedModels {
  let comparison: ComparisonOptions
  let options: ModelOptions
  /// As they were named.
  let names: [String]
  let sources: [ModelOrResult]
  let progress: TerminalProgress
  private let files: ProjectFiles

  /// All of them are found before the first is measured.
  init(
    _ names: [String], _ comparison: ComparisonOptions, _ options: ModelOptions, progress: TerminalProgress
  ) throws {
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    sources = try names.map { try ModelOrResult($0, options: options, files: files) }
    (self.comparison, self.options) = (comparison, options)
    (self.names, self.progress, self.files) = (names, progress, files)
  }

  /// What is of one model alone does not go with several.
  static func check(_ options: ModelOptions) throws {
    guard options.network.model == nil, options.program.plugin == nil else {
      throw ValidationError("--model and --plugin are of one model; evaluate it first and name its result")
    }
  }

  /// Whether any has to be measured.
  var haveModels: Bool { sources.contains { if case .model = $0 { true } else { false } } }

  /// Reads the results.
  func forEachResult(_ body: (Int, URL) throws -> Void) rethrows {
    for (index, source) in sources.enumerated() {
      if case .result(let url) = source { try body(index, url) }
    }
  }

  /// Loads the models, with a word about how each was read.
  func forEachModel(
    _ load: (ModelSource) throws -> ModelEvaluation.Loaded, _ body: (Int, ModelEvaluation.Loaded) throws -> Void
  ) throws {
    for (index, source) in sources.enumerated() {
      guard case .model(let model) = source else { continue }
      let loaded = try load(model)
      for warning in LoadReport(model, loaded)?.warnings ?? [] { CommandLineOutput.note("\(names[index]): \(warning)") }
      try body(index, loaded)
    }
  }

  /// As the first result was measured, where there is one.
  func evaluation(
    like first: EvaluationResult?, defaultTask: String, references: ReferenceFiles = ReferenceFiles()
  ) throws -> ModelEvaluation {
    let own = sources.lazy.compactMap { source in
      if case .model(let model) = source { model.taskID } else { nil }
    }.first
    let task = try TaskLookup.make(
      comparison.task ?? first?.task.id ?? own ?? defaultTask, data: comparison.dataOptions.data,
      cache: comparison.cache.folder, threads: options.threads, progress: progress)
    var settings = EvaluationOptions(toolVersion: PagsBench.version)
    settings.images = comparison.images ?? first?.measurementProtocol.images
    settings.seed = comparison.seed ?? first?.measurementProtocol.seed ?? 0
    settings.clip = first?.measurementProtocol.clip ?? false
    settings.references = references
    settings.loading = try options.loadOptions(imageShape: nil, classCount: nil)
    settings.shared = comparison.cache.shared
    return try ModelEvaluation(arguments: settings, of: task, files: files)
  }
}
