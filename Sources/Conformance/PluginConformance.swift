import BenchCore
import Foundation
import Tensor

/// Checks of what plugins say of themselves, and of the making of tasks.
public enum TaskPluginConformance {
  /// - Parameter options: with which a task can be made; nil where the data for it are not at hand.
  /// - Returns: what is wrong with the plugin, empty where nothing is. The task itself is `TaskConformance`'s.
  public static func problems(_ plugin: any TaskPlugin, options: TaskOptions? = nil) -> [ConformanceProblem] {
    var report = ConformanceReport("task plugin \(plugin.id)")
    report.requireIdentifier(plugin.id)
    report.requireSentence(plugin.summary)
    if let options, let task = report.attempt("make", { try plugin.make(options) }) {
      report.require(
        task.id == plugin.id, .consistency, "it makes a task with another id, `\(task.id)`")
    }
    let nothing = TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 1, progress: SilentProgress())
    guard let requirement = plugin.dataRequirement else {
      _ = report.attempt("make without data, which it does not require,") { try plugin.make(nothing) }
      return report.problems
    }
    report.require(!requirement.isEmpty, .declaration, "what data it needs is empty; nil says that it needs none")
    do {
      _ = try plugin.make(nothing)
      report.add(.refusal, "it requires data and makes a task without")
    } catch {
      report.require(
        "\(error)".contains("--data"), .errorMessage, "without data it says `\(error)`, which does not mention --data")
    }
    var absent = nothing
    absent.dataDirectory = URL(fileURLWithPath: "/nonexistent/\(plugin.id)")
    do {
      _ = try plugin.make(absent)
      report.add(.refusal, "it makes a task from a folder that does not exist")
    } catch {
      report.require(
        "\(error)".contains("/nonexistent"), .errorMessage,
        "for a folder that does not exist it says `\(error)`, which does not name the folder")
    }
    return report.problems
  }
}

extension ConformanceReport {
  /// Lists show summaries on one line.
  mutating func requireSentence(_ text: String) {
    let inner = text.hasSuffix(".") ? text.dropLast() : text[...]
    require(
      !text.isEmpty && !text.contains(where: \.isNewline) && !inner.contains(". "), .declaration,
      "the summary `\(text)` is not one sentence on one line")
  }
}
