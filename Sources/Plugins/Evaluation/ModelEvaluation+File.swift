import BenchCore

/// Models by the paths of their files, read by the plugins of the evaluation's own options.
extension ModelEvaluation {
  /// A checkpoint, or the description (JSON) that names one.
  /// - Parameters:
  ///   - path: is offered to the plugins of `options.plugins.models`, in their order.
  ///   - description: of a checkpoint; nil to look for it, as docs/evaluate.md says.
  /// - Throws: `ModelLoaderError`, `CheckpointError`, `DescriptionError`, `JSONError`.
  public func source(_ path: String, description: String? = nil) throws -> ModelSource {
    try .file(path, description: description, files: files, plugins: options.plugins.models)
  }

  /// - Throws: as `source` and `run(_:progress:)` of one.
  public func run(_ path: String, progress: any ProgressReporter = SilentProgress()) throws -> EvaluationOutcome {
    try run(source(path), progress: progress)
  }

  /// - Throws: as `source` and `load(_:checksIndependence:)` of one.
  public func load(_ path: String) throws -> Loaded { try load(source(path)) }
}
