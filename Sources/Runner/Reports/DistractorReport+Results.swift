import BenchCore

extension DistractorReport {
  typealias Measured = (source: String, label: String?, result: EvaluationResult, shares: SignalShares?)

  /// - Throws: `DistractorError` for results without responses, and those of other images.
  /// - Precondition: there is a model.
  init(_ measured: [Measured]) throws(DistractorError) {
    func settings(_ result: EvaluationResult) -> [(what: String, value: String)] {
      [
        ("the task is", "\(result.task.id) version \(result.task.version)"),
        ("the images are", "\(result.measurementProtocol.images) of digest \(result.task.dataset.digest.prefix(12))"),
        ("the seed is", "\(result.measurementProtocol.seed)"),
      ]
    }
    let first = measured[0]
    models = []
    for entry in measured {
      guard let responses = entry.result.measurements.distractor else {
        throw .noResponses(source: entry.source, task: entry.result.task.id)
      }
      for (own, other) in zip(settings(first.result), settings(entry.result)) where own.value != other.value {
        throw .notComparable(
          first: first.source, second: entry.source, what: own.what, values: [own.value, other.value])
      }
      models.append(
        Model(
          label: entry.label ?? entry.result.model.name, id: entry.result.model.id, source: entry.source,
          sha256: entry.result.model.checkpoint?.sha256, accuracy: entry.result.measurements.accuracy,
          responses: responses, gradientOnSignal: entry.shares.map(GradientShares.init)))
    }
    let (record, settings) = (first.result.task, first.result.measurementProtocol)
    task = Task(
      id: record.id, version: record.version, images: settings.images, digest: record.dataset.digest,
      seed: settings.seed)
  }
}

/// Why models cannot be shown beside each other, or not at all.
enum DistractorError: Error, CustomStringConvertible {
  case noSignal(task: String)
  case noResponses(source: String, task: String)
  case notComparable(first: String, second: String, what: String, values: [String])

  var description: String {
    switch self {
    case .noSignal(let task):
      "task \(task) does not know which pixels carry the label; take mnist-distractor, block-mnist or glyphs"
    case .noResponses(let source, let task):
      "\(source): a result on \(task) without responses to noise on the distractor, since the task does not know it; evaluate the "
        + "model on mnist-distractor, block-mnist or glyphs"
    case .notComparable(let first, let second, let what, let values):
      "\(first) and \(second) were not measured alike: \(what) \(values.joined(separator: " and ")); evaluate one of them again"
    }
  }
}
