import BenchCore

extension EvaluationSubject {
  /// A loaded model as what is evaluated.
  package init(_ candidate: ModelLoader.Candidate, _ model: LoadedModel) {
    // Without a checkpoint and a description it is the program that has a name.
    let ownName = candidate.server.flatMap { $0.checkpoint == nil ? model.plugin?.id : nil }
    let record = ModelRecord(
      id: candidate.description?.id ?? ownName
        ?? ModelRecord.id(fromFile: candidate.checkpoint.name, sha256: candidate.checkpoint.sha256),
      name: candidate.description?.name ?? ownName ?? candidate.checkpoint.name,
      checkpoint: .init(
        file: candidate.checkpoint.name, sha256: candidate.checkpoint.sha256,
        bytes: candidate.checkpoint.byteCount, format: candidate.format),
      plugin: model.plugin ?? .init(id: candidate.plugin.id, version: candidate.plugin.version),
      architecture: model.architecture, parameters: model.parameters, preprocessing: model.preprocessing,
      source: candidate.description?.source, weights: model.weights)
    self.init(
      classifier: model.classifier, record: record, task: candidate.description?.task,
      claims: candidate.description?.claims,
      reservations: (model.preprocessingIsAssumed ? [.assumedNormalisation] : [])
        + (model.unusedTensors > 0 ? [.unusedTensors] : []))
  }

  /// A task's own Bayes classifier, smoothed with Gaussian noise of the given standard deviation in pixel units.
  /// - Throws: `NoBayesClassifier` where the task has no density.
  static func bayesClassifier(
    of task: any BenchmarkTask, noise: Double, threads: Int
  ) throws(NoBayesClassifier) -> EvaluationSubject {
    guard let density = task.density else { throw NoBayesClassifier(task: task.id) }
    let kind = task.densityIsExact ? "Bayes classifier" : "Bayes classifier of the fitted density"
    let record = ModelRecord(
      id: noise == 0 ? "bayes" : "bayes-\(noise)",
      name: noise == 0 ? kind : "\(kind), smoothed with noise \(noise)", checkpoint: nil,
      plugin: .init(id: "bayes", version: "1"), architecture: density.id, parameters: 0,
      preprocessing: .identity(channels: task.imageShape[0]))
    return EvaluationSubject(
      classifier: DensityClassifier(density, noise: noise, threads: threads), record: record,
      reservations: task.densityIsExact ? [] : [.referenceMaterial])
  }
}

extension EvaluationSubject {
  /// The classifier of a task whose boundary lies in the middle between its classes.
  /// - Throws: `NoMarginClassifier` where the task does not know it.
  static func marginClassifier(of task: any BenchmarkTask) throws(NoMarginClassifier) -> EvaluationSubject {
    guard let classifier = task.marginClassifier else { throw NoMarginClassifier(task: task.id) }
    return EvaluationSubject(
      classifier: classifier,
      record: ModelRecord(
        id: "margin", name: "classifier of the largest margin", checkpoint: nil,
        plugin: .init(id: "margin", version: "1"),
        architecture: "\(task.id)-margin", parameters: 0, preprocessing: .identity(channels: task.imageShape[0])))
  }
}

extension ModelRecord {
  /// A file's name and the beginning of its digest, since many a `best.pth` is not the same model: lower case, what an id may
  /// not hold replaced by `-`.
  package static func id(fromFile name: String, sha256: String) -> String {
    let stem = name.split(separator: ".").count > 1 ? name[..<(name.lastIndex(of: ".") ?? name.endIndex)] : name[...]
    return "\(ResultValidation.identifier(from: String(stem)) ?? "model")-\(sha256.prefix(8))"
  }
}
