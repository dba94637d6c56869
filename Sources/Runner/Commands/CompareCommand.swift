import ArgumentParser
import BenchCore
import Foundation
import JSON
import Plugins

/// `pags-bench compare`: models side by side, image by image.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compares models on the same images, with intervals of their paired differences.",
    discussion: """
      Takes result files of `evaluate` with their samples (<name>.samples.safetensors) beside them, and models, which are evaluated \
      first: on the task, the images and the seed of the first result, where there is one. Differences are from the first. Models \
      that were not measured on the same images, along the same directions and against the same references are refused.
      """)

  @Argument(
    help: "Result files or their samples, checkpoints, model.json files, `bayes` or `bayes:SIGMA`; two at least.")
  var models: [String]

  @Option(help: "Task to measure models on. (default: that of the first result or model, otherwise glyphs)")
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @OptionGroup var maps: MapSelection

  @Option(help: "Number of images that models are measured on. (default: that of the first result, or the task's own)")
  var images: Int?

  @Option(help: "Seed of the measurements. (default: that of the first result, or 0)")
  var seed: UInt64?

  @Option(help: "How the table is written: \(Table.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: Table.Format = .text

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @OptionGroup var options: ModelOptions

  private static let limit = 2...100

  func validate() throws {
    try OptionBounds.check("the number of models", models.count, in: Self.limit)
    try OptionBounds.check("--images", images, in: OptionBounds.images)
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    if let task { _ = try TaskLookup.plugin(task) }
    guard options.network.model == nil, options.program.plugin == nil else {
      throw ValidationError("--model and --plugin are of one model; evaluate it first and name its result")
    }
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: quiet)
    defer { progress.end() }
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    // All of them are found before the first is measured.
    let sources = try models.map { try ModelOrResult($0, options: options, files: files) }
    var measured: [Int: PairedComparison.Measured] = [:]
    for (index, source) in sources.enumerated() {
      if case .result(let url) = source { measured[index] = try read(url) }
    }
    let first = measured.min { $0.key < $1.key }?.value.result
    if measured.count < sources.count {
      let evaluation = try evaluation(like: first, sources, files, progress)
      for (index, source) in sources.enumerated() {
        guard case .model(let model) = source else { continue }
        let loaded = try evaluation.load(model)
        for warning in LoadReport(model, loaded)?.warnings ?? [] {
          CommandLineOutput.note("\(models[index]): \(warning)")
        }
        let outcome = try evaluation.measure(loaded.subject, progress: progress)
        measured[index] = .init(source: models[index], result: outcome.result, samples: outcome.samples)
      }
    }
    progress.end()
    let comparison = try PairedComparison(sources.indices.compactMap { measured[$0] })
    CommandLineOutput.result(
      json
        ? String(decoding: try JSONEncoding.encode(comparison.document), as: UTF8.self)
        : Table.text([comparison.table], as: format))
  }

  private func read(_ url: URL) throws -> PairedComparison.Measured {
    let samples = SampleFile.url(beside: url)
    let result = try ResultFile.read(url)
    guard FileManager.default.fileExists(atPath: samples.path) else { throw ReclassifyError.noSamples(url.path) }
    return .init(source: url.path, result: result, samples: try SampleFile.read(samples).samples)
  }

  /// As the first result was measured, where there is one.
  private func evaluation(
    like first: EvaluationResult?, _ sources: [ModelOrResult], _ files: ProjectFiles, _ progress: any ProgressReporter
  ) throws -> ModelEvaluation {
    let own = sources.lazy.compactMap { source in
      if case .model(let model) = source { model.taskID } else { nil }
    }.first
    let id = task ?? first?.task.id ?? own ?? "glyphs"
    let base = try TaskLookup.make(
      id, data: dataOptions.data, cache: cache.folder, threads: options.threads, progress: progress)
    var settings = EvaluationOptions(toolVersion: PagsBench.version)
    settings.images = images ?? first?.measurementProtocol.images
    settings.seed = seed ?? first?.measurementProtocol.seed ?? 0
    settings.clip = first?.measurementProtocol.clip ?? false
    settings.references = maps.files
    settings.loading = try options.loadOptions(imageShape: nil, classCount: nil)
    settings.shared = cache.shared
    return try ModelEvaluation(arguments: settings, of: base, files: files)
  }
}

extension Table.Format: ExpressibleByArgument {}
