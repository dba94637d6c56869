import BenchCore
import Conformance
import Foundation
import Plugins

// A model, a task and a metric, held to what every plugin must fulfil and then measured, as docs/library.md shows.

let taskOptions = TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 1, progress: SilentProgress())
let problems =
  TaskPluginConformance.problems(StripesPlugin(), options: taskOptions) + TaskConformance.problems(StripesTask())
  + MetricConformance.problems(SignAgreement())
guard problems.isEmpty else {
  print(problems)
  exit(1)
}

let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).txt")
defer { try? FileManager.default.removeItem(at: file) }
try Data("prototypes 2 1 2 2\n0.3 0.3 0.5 0.5\n0.7 0.7 0.5 0.5\n".utf8).write(to: file)

var options = EvaluationOptions(toolVersion: "my-study 1")
options.images = 40
options.plugins.models.append(PrototypePlugin.self)
options.metrics.append(SignAgreement())
let task = try StripesPlugin().make(taskOptions)
let result = try ModelEvaluation(of: task, options).run(file.path).result
let metrics = Set(result.measurements.scoreAlignment.map(\.metric))
let accuracy = result.measurements.accuracy.value ?? 0
print("\(result.model.plugin.id) on \(result.task.id): accuracy \(accuracy), \(metrics.sorted())")
// The means are those of the classes, so that it is their Bayes classifier.
guard result.model.plugin.id == PrototypePlugin.id, accuracy > 0.8, metrics == ["cosine", "sign-agreement"] else {
  exit(1)
}
