import Foundation

/// A kind of task that can be asked for by name.
public protocol TaskPlugin: Sendable {
  static var id: String { get }
  /// One sentence for lists.
  static var summary: String { get }
  /// What `--data` must hold; nil where the task needs no files.
  static var dataRequirement: String? { get }
  static func make(_ options: TaskOptions) throws -> any BenchmarkTask
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
