import Checkpoints
import Tensor

/// What manifolds, scores, second references and metrics have in common that can be asked for by name: they are made from
/// options and files, `--manifold ID=FILE`, `--metric ID`.
public protocol ReferencePlugin: Sendable {
  /// Name on the command line and in results, such as `"autoencoder"`.
  static var id: String { get }
  /// One sentence for lists.
  static var summary: String { get }
  /// The files that it is made from, in the order of the command line; the optional ones last. One file by default.
  static var files: [ReferenceFileRole] { get }
  /// What is read where `path` is named: the file itself, by default; of a format of several files in a folder, those, at least one,
  /// always as many and in the same order.
  /// - Throws: where it is no folder of the format, or one of them is missing.
  static func filesRead(at path: String) throws -> [String]
}

/// What a file is to a plugin.
public struct ReferenceFileRole: Sendable, Equatable {
  /// In capitals, as in usages: `"FILE"`.
  public let name: String
  public let isOptional: Bool

  public init(_ name: String, isOptional: Bool = false) {
    self.name = name
    self.isOptional = isOptional
  }
}

/// What one name on the command line stands for: a file, or the files that are read of a folder; and the description found for it.
public struct ReferenceFile: Sendable {
  public let checkpoint: CheckpointFile
  /// The others of a folder, as the plugin's `filesRead(at:)` orders them.
  public let further: [CheckpointFile]
  public let description: ModelDescription?

  public init(_ checkpoint: CheckpointFile, further: [CheckpointFile] = [], _ description: ModelDescription? = nil) {
    self.checkpoint = checkpoint
    self.further = further
    self.description = description
  }
}

extension ReferencePlugin {
  public static var files: [ReferenceFileRole] { [ReferenceFileRole("FILE")] }

  public static func filesRead(at path: String) throws -> [String] { [path] }

  /// Such as `denoiser=FILE`, `cosine` or `lpips-alex=BACKBONE[,HEADS]`.
  package static var usage: String {
    var text = id
    for (index, role) in files.enumerated() {
      let part = (index == 0 ? "=" : ",") + role.name
      text += role.isOptional ? "[\(part)]" : part
    }
    return text
  }

  /// The paths that `ID=TEXT` names: a comma separates them only where several are taken, so that it may stand in a path.
  /// - Parameter text: nil where only the id was given.
  /// - Throws: `EvaluationError.invalidConfiguration`.
  package static func paths(_ text: String?, option: String) throws(EvaluationError) -> [String] {
    guard let text else {
      try check(count: 0, option: option)
      return []
    }
    let paths =
      files.count > 1 ? text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) : [text]
    guard !paths.contains("") else {
      throw .invalidConfiguration(option: option, expected: usage, got: "\(id)=\(text), with an empty name")
    }
    try check(count: paths.count, option: option)
    return paths
  }

  /// - Throws: `EvaluationError.invalidConfiguration` for more or fewer files than the plugin takes.
  public static func check(count: Int, option: String? = nil) throws(EvaluationError) {
    let required = files.count { !$0.isOptional }
    guard (required...files.count).contains(count) else {
      throw .invalidConfiguration(
        option: option ?? id, expected: usage, got: count == 1 ? "1 file" : "\(count) files")
    }
  }
}

/// How a checkpoint becomes a task's manifold: `evaluate --manifold ID=FILE`.
public protocol ManifoldPlugin: ReferencePlugin {
  /// - Throws: where a checkpoint is damaged, its description says something else, or it is not made for such images.
  static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any Manifold
}

/// How a checkpoint becomes a task's score: `evaluate --score ID=FILE`.
public protocol ScorePlugin: ReferencePlugin {
  /// - Returns: the score, and the noise levels it is defined at, in pixel units.
  /// - Throws: where a checkpoint is damaged, its description says something else, or it is not made for such images.
  static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double])
}

/// How a checkpoint becomes a second reference: `evaluate --reference ID=FILE`.
public protocol PosteriorScorePlugin: ReferencePlugin {
  /// - Throws: where a checkpoint is damaged, its description says something else, or it is not made for such images.
  static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any PosteriorScore
}

/// How a metric is made: `evaluate --metric ID[=FILE]`.
public protocol MetricPlugin: ReferencePlugin {
  /// - Throws: where a checkpoint is damaged or is not made for such images.
  static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any AlignmentMetric
}

/// What a learned manifold, score, second reference or metric is wanted for.
public struct ReferenceOptions: Sendable {
  /// The task's id; nil for images that are given without one.
  public var task: String?
  /// `[C, H, W]` of its images.
  public var imageShape: Shape
  public var classCount: Int
  /// Results do not depend on it.
  public var threads: Int
  /// The noise levels of the task's score, in pixel units, for a score that is defined at any level.
  public var scoreNoises: [Double]
  /// The level at which references decide, for a second reference that is defined at any.
  public var decisiveNoise: Double?

  public init(
    task: String?, imageShape: Shape, classCount: Int, threads: Int = 1, scoreNoises: [Double] = [],
    decisiveNoise: Double? = nil
  ) {
    self.task = task
    self.imageShape = imageShape
    self.classCount = classCount
    self.threads = threads
    self.scoreNoises = scoreNoises
    self.decisiveNoise = decisiveNoise
  }

  /// What the images are of, in words.
  package var subject: String { task ?? "the given images" }
}
