import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Plugins
import Served
import Tensor

/// `run --metric`: a metric's values on given pairs of images, with no model: the way to compare them with the original's.
struct MetricRun {
  let choice: ReferenceChoice
  let inputs: String
  let outputs: String
  let threads: Int

  /// - Throws: `ValidationError` for what only goes with a model.
  static func validate(besides others: [(name: String, isGiven: Bool)]) throws {
    if let other = others.first(where: \.isGiven) {
      throw ValidationError("--metric compares the images of --inputs and reads no model; leave \(other.name) out")
    }
  }

  func run(_ reporting: ReportingOptions) throws {
    let place = URL(fileURLWithPath: outputs)
    try OutputPlace.check(
      place, as: .metricValues,
      apartFrom: [OutputPlace.Input("the file of --inputs", inputs)] + choice.inputs(.metric))
    let pairs = try InputPairs.read(inputs)
    if let warning = pairs.warning(file: inputs) { CommandLineOutput.note(warning) }
    let imageShape = pairs.first.shape.droppingFirst
    let options = ReferenceOptions(task: nil, imageShape: imageShape, classCount: 0, threads: threads)
    let metric = try ReferenceLoader(PagsBench.plugins).metric(choice, options)
    if let needed = metric.properties.requirement(missedBy: imageShape) {
      throw EvaluationError.invalidConfiguration(
        option: "metric \(metric.id)", expected: needed, got: "those of \(inputs), \(imageShape)")
    }
    if let learned = metric.learned { CommandLineOutput.note("\(metric.id): \(learned.name)") }
    let values = try metric.compare(pairs.first, pairs.second)
    if let image = values.firstIndex(where: { !$0.isFinite }) {
      CommandLineOutput.note(
        "WARNING: \(outputs): \(values.count { !$0.isFinite }) of \(values.count) values are not finite, the first at image \(image), "
          + "where the metric is not defined")
    }
    try Folder.make(place.deletingLastPathComponent())
    let files = [metric.learned?.checkpoint].compactMap { $0 } + (metric.learned?.further ?? [])
    try SafetensorsWriter.write(
      [
        TensorToWrite(
          name: "metric", dtype: .float64, shape: [values.count], data: values.withUnsafeBytes { Data($0) })
      ], metadata: ["metric": metric.id, "files": files.map(\.sha256).joined(separator: " ")], to: outputs)
    try reporting.result(
      WrittenTensors(file: outputs, [("metric", [values.count])]),
      text: "\(outputs): metric [\(values.count)], \(metric.id) of \(values.count) pairs")
  }
}
