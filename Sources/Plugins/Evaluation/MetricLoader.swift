import BenchCore
import Served

/// The metrics of an evaluation: the one that decides, and those that were chosen beside it.
public struct MetricLoader: Sendable {
  private let plugins: PluginSet
  private let lookup: DescriptionLookup

  /// - Parameters:
  ///   - plugins: among which choices are looked up.
  ///   - files: whose descriptions are looked through.
  public init(_ plugins: PluginSet = BuiltinPlugins.all, files: ProjectFiles? = .locate()) {
    self.plugins = plugins
    lookup = DescriptionLookup(modelsFolder: files?.models)
  }

  /// - Parameter threads: of the metrics.
  /// - Returns: the cosine, and each of the choices that is another; a file for the cosine is refused.
  /// - Throws: `ReferenceChoiceError`, `EvaluationError`, and what the plugins throw, naming the file.
  public func metrics(
    _ choices: [MetricChoice], for task: any BenchmarkTask, threads: Int = 1
  ) throws -> [any AlignmentMetric] {
    let options = ReferenceOptions(
      task: task.id, imageShape: task.imageShape, classCount: task.classCount, threads: threads)
    return [Cosine()]
      + (try choices.filter { $0 != MetricChoice(id: EvaluationConfiguration.decisiveMetric) }.map { choice in
        if let command = choice.command {
          return try ServedReferences.metric(command, options, server: .forReferences)
        }
        let (plugin, paths) = try choice.resolved(plugins)
        return try plugin.load(paths.map { try ReferenceFile(at: $0, lookup) }, options)
      })
  }
}
