import Foundation
import Tensor

/// A task that can be asked for by name. An instance: one type may stand for many data sets.
public protocol TaskPlugin: Sendable {
  var id: String { get }
  /// One sentence for lists.
  var summary: String { get }
  /// What `--data` must hold; nil where the task needs no files.
  var dataRequirement: String? { get }
  /// What is known of the task without its data.
  var facts: TaskFacts { get }
  func make(_ options: TaskOptions) throws -> any BenchmarkTask
  /// The first `count` evaluation images of the task that `make` makes, without what `make` may have to fit.
  func evaluationImages(_ options: TaskOptions, count: Int, seed: UInt64) throws -> ImageSet
  /// The task's images as they are, without fitting anything to them: for training, and for the accuracy afterwards.
  /// - Parameters:
  ///   - count: the first so many; nil for all there are, or for the task's own number where it draws them.
  ///   - seed: of drawn images; others ignore it.
  /// - Returns: nil where the task has none for training.
  func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)?
}

extension TaskPlugin {
  public func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? { nil }

  public var facts: TaskFacts { TaskFacts() }

  public func evaluationImages(_ options: TaskOptions, count: Int, seed: UInt64) throws -> ImageSet {
    try make(options).evaluationImages(count: count, seed: seed)
  }
}

/// What a person needs to choose a task, as far as it is known before its data are read.
public struct TaskFacts: Sendable {
  public var version: Int?
  public var constants: ProtocolConstants?
  /// `[C, H, W]`.
  public var imageShape: Shape?
  public var classNames: [String]
  /// Where the data set is to be had, and how large it is.
  public var dataSource: String?
  /// How long an evaluation takes, in words, with the machine it was measured on.
  public var cost: String?
  public var references: [String]
  /// As `BenchmarkTask.pixelRange`.
  public var pixelRange: ClosedRange<Float>?
  /// As `BenchmarkTask.scoreComparison`.
  public var scoreComparison: ScoreComparison?

  public init(
    version: Int? = nil, constants: ProtocolConstants? = nil, imageShape: Shape? = nil, classNames: [String] = [],
    dataSource: String? = nil, cost: String? = nil,
    references: [String] = [], pixelRange: ClosedRange<Float>? = nil, scoreComparison: ScoreComparison? = nil
  ) {
    self.version = version
    self.constants = constants
    self.imageShape = imageShape
    self.classNames = classNames
    self.dataSource = dataSource
    self.cost = cost
    self.references = references
    self.pixelRange = pixelRange
    self.scoreComparison = scoreComparison
  }
}

public struct TaskOptions: Sendable {
  /// `--data`.
  public var dataDirectory: URL?
  /// Where fitted mixtures are kept; nil to keep none.
  public var cacheDirectory: URL?
  public var threads: Int
  public var progress: any ProgressReporter

  public init(
    dataDirectory: URL? = nil, cacheDirectory: URL? = nil, threads: Int = 1,
    progress: any ProgressReporter = SilentProgress()
  ) {
    self.dataDirectory = dataDirectory
    self.cacheDirectory = cacheDirectory
    self.threads = threads
    self.progress = progress
  }
}
