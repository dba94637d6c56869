import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Text

/// From `--task` and `--data` to a task.
enum TaskLookup {
  /// - Parameter id: of a built-in task, or the path of a `task.json` or of its folder.
  static func plugin(_ id: String) throws -> any TaskPlugin {
    if let plugin = PagsBench.plugins.tasks.first(where: { $0.id == id }) { return plugin }
    if DescribedTask.isPath(id) { return try DescribedTask(id, beside: PagsBench.plugins.tasks) }
    let known = PagsBench.plugins.tasks.map { $0.id }
    throw ValidationError(
      Nearest.unknown("there is no task", id, among: known) + "; a task of your own data is named by its task.json "
        + "(docs/own-data.md)")
  }

  static func make(
    _ id: String, data: String?, cache: URL?, threads: Int, progress: any ProgressReporter
  ) throws -> any BenchmarkTask {
    try plugin(id).make(options(id, data: data, cache: cache, threads: threads, progress: progress))
  }

  static func options(
    _ id: String, data: String?, cache: URL?, threads: Int, progress: any ProgressReporter
  ) throws -> TaskOptions {
    let plugin = try plugin(id)
    // A description says itself where its data are.
    let folder = plugin is DescribedTask ? data.map { URL(fileURLWithPath: $0) } : dataFolder(plugin.id, given: data)
    if folder == nil, let needed = plugin.dataRequirement {
      throw ValidationError("task `\(id)` needs --data DIR (or PAGS_BENCH_DATA): \(needed)")
    }
    return TaskOptions(
      dataDirectory: folder, cacheDirectory: cache, threads: threads, progress: progress)
  }

  /// `--data`, or the task's folder in `PAGS_BENCH_DATA`; nil where neither is given.
  static func dataFolder(_ id: String, given data: String?) -> URL? {
    if let data { return URL(fileURLWithPath: data) }
    let shared = ProcessInfo.processInfo.environment["PAGS_BENCH_DATA"] ?? ""
    return shared.isEmpty ? nil : URL(fileURLWithPath: shared).appendingPathComponent(id)
  }
}
