import Checkpoints
import Tensor

/// How a checkpoint becomes a task's manifold: `evaluate --manifold ID=FILE`.
public protocol ManifoldPlugin: Sendable {
  /// Name on the command line and in results, such as `"autoencoder"`.
  static var id: String { get }
  /// One sentence for lists.
  static var summary: String { get }
  /// - Throws: where the checkpoint is damaged, its description says something else, or it is not made for such images.
  static func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions
  ) throws -> any Manifold
}

/// How a checkpoint becomes a task's score: `evaluate --score ID=FILE`.
public protocol ScorePlugin: Sendable {
  /// Name on the command line and in results, such as `"denoiser"`.
  static var id: String { get }
  /// One sentence for lists.
  static var summary: String { get }
  /// - Returns: the score, and the noise levels it is defined at, in pixel units.
  /// - Throws: where the checkpoint is damaged, its description says something else, or it is not made for such images.
  static func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double])
}

/// What a learned manifold, score or second reference is wanted for.
public struct ReferenceOptions: Sendable {
  /// The task's id.
  public var task: String
  /// `[C, H, W]` of its images.
  public var imageShape: Shape
  public var classCount: Int
  /// Results do not depend on it.
  public var threads: Int

  public init(task: String, imageShape: Shape, classCount: Int, threads: Int = 1) {
    self.task = task
    self.imageShape = imageShape
    self.classCount = classCount
    self.threads = threads
  }
}
