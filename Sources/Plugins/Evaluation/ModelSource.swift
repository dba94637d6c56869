import BenchCore
import Checkpoints

/// What is measured: a model in a file (`ModelEvaluation.source`), or a task's own classifier.
public enum ModelSource: Sendable {
  /// As the loader found it; its network is not read yet.
  case file(ModelLoader.Candidate, loader: ModelLoader)
  /// Smoothed with Gaussian noise of this standard deviation, in pixel units; 0 for none.
  case bayes(noise: Double)
  /// The task's classifier of the largest margin (`BenchmarkTask.marginClassifier`).
  case margin

  /// A checkpoint, or the description (JSON) that names one.
  /// - Parameters:
  ///   - description: of a checkpoint; nil to look for it, as docs/evaluate.md says.
  ///   - files: whose descriptions are looked through.
  ///   - plugins: are asked in this order whether they recognise the file.
  /// - Throws: what `ModelLoader.find` throws.
  package static func file(
    _ path: String, description: String? = nil, files: ProjectFiles?, plugins: [any ModelPlugin.Type]
  ) throws -> ModelSource {
    let loader = ModelLoader(files, plugins: plugins)
    return .file(try loader.find(path, description: description), loader: loader)
  }

  /// Nil where nothing was read from a file.
  public var candidate: ModelLoader.Candidate? {
    if case .file(let candidate, _) = self { candidate } else { nil }
  }

  /// The task that the model was made for, where that is known.
  public var taskID: String? { candidate?.description?.task }
}
