import ArgumentParser
import BenchCore
import Plugins
import Text

/// `--metric ID` or `--metric ID=FILE`.
struct MetricChoice: ExpressibleByArgument {
  let id: String
  /// What stands after the first `=`; nil where there is none.
  let files: String?

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let id = parts.first, !id.isEmpty else { return nil }
    self.id = String(id)
    files = parts.count > 1 ? String(parts[1]) : nil
  }

  /// The plugin and the paths of its files.
  /// - Throws: `ValidationError` for an id that there is not, and for other files than the metric is made from.
  func resolved(_ known: [any MetricPlugin.Type]) throws -> (plugin: any MetricPlugin.Type, paths: [String]) {
    guard let plugin = known.first(where: { $0.id == id }) else {
      let nearest = Nearest.match(id, in: known.map { $0.id }).map { "; did you mean `\($0)`?" } ?? ";"
      throw ValidationError(
        "--metric: there is no `\(id)`\(nearest) expected " + known.map { $0.usage }.joined(separator: ", "))
    }
    do { return (plugin, try plugin.paths(files, option: "--metric")) } catch { throw ValidationError("\(error)") }
  }
}

/// The metrics of an evaluation: the one that decides, and those that the user chose.
struct MetricLoader {
  let plugins: [any MetricPlugin.Type]
  let lookup: DescriptionLookup

  init(_ plugins: PluginSet, files: ProjectFiles?) {
    self.plugins = plugins.metrics
    lookup = DescriptionLookup(modelsFolder: files?.models)
  }

  /// - Throws: what the plugins throw, naming the file.
  func metrics(_ choices: [MetricChoice], for task: any BenchmarkTask, threads: Int) throws -> [any AlignmentMetric] {
    let options = ReferenceOptions(
      task: task.id, imageShape: task.imageShape, classCount: task.classCount, threads: threads)
    return try PagsBench.metrics
      + choices.filter { $0.id != EvaluationConfiguration.decisiveMetric }.map { choice in
        let (plugin, paths) = try choice.resolved(plugins)
        return try plugin.load(paths.map { try ReferenceFile(at: $0, lookup) }, options)
      }
  }
}
