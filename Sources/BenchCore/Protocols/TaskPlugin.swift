import Foundation

/// A kind of task that can be asked for by name.
public protocol TaskPlugin: Sendable {
  static var id: String { get }
  /// One sentence for lists.
  static var summary: String { get }
  /// What `--data` must hold; nil where the task needs no files.
  static var dataRequirement: String? { get }
  static func make(_ options: TaskOptions) throws -> any BenchmarkTask
  /// The task's images as they are, without fitting anything to them: for training, and for the accuracy afterwards.
  /// - Parameters:
  ///   - count: the first so many; nil for all there are, or for the task's own number where it draws them.
  ///   - seed: of drawn images; others ignore it.
  /// - Returns: nil where the task has none for training.
  static func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)?
}

extension TaskPlugin {
  public static func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? { nil }
}

public struct TaskOptions: Sendable {
  /// `--data`.
  public var dataDirectory: URL?
  /// Where fitted references are kept; nil to keep none.
  public var cacheDirectory: URL?
  public var threads: Int
  public var progress: any ProgressReporter

  public init(dataDirectory: URL?, cacheDirectory: URL?, threads: Int, progress: any ProgressReporter) {
    self.dataDirectory = dataDirectory
    self.cacheDirectory = cacheDirectory
    self.threads = threads
    self.progress = progress
  }
}
