import BenchCore
import Digests
import Foundation
import Text

/// The task of a data set of the user's own, which a `task.json` describes.
package struct DescribedTask: TaskPlugin {
  private let plugin: PixelTaskPlugin
  /// That its paths are relative to.
  private let folder: URL

  /// Whether a name that is no built-in task's means a description.
  package static func isPath(_ name: String) -> Bool {
    name.contains("/") || name.hasSuffix(".json") || FileManager.default.fileExists(atPath: "\(name)/task.json")
  }

  /// - Parameters:
  ///   - path: the description, or the folder that holds it as `task.json`.
  ///   - tasks: those that are known by name.
  /// - Throws: `TaskDocumentError`, `DatasetError`, `JSONError`.
  package init(_ path: String, beside tasks: [any TaskPlugin]) throws {
    var url = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      url.appendPathComponent("task.json")
    }
    let data = try DatasetFiles.read(url)
    let document = try TaskDocument.read(data, file: url.path, beside: tasks)
    folder = url.deletingLastPathComponent()
    let digest = SHA256.hash(data: data).hexadecimal
    let files = DescribedFiles(
      document: document,
      remark: "a task of one's own, described by \(url.lastPathComponent) of SHA-256 \(digest.prefix(12))")
    plugin = PixelTaskPlugin(
      PixelTask.Definition(
        id: document.id, version: document.version, protocolConstants: document.protocolConstants, calibration: .none,
        criteria: nil, settings: document.mixture.settings),
      files: files,
      summary: "\(document.title); manifold, score and reference from a mixture fitted to the training images")
  }

  package var id: String { plugin.id }
  package var summary: String { plugin.summary }
  /// The description says where they are.
  package var dataRequirement: String? { nil }
  package var facts: TaskFacts { plugin.facts }

  package func make(_ options: TaskOptions) throws -> any BenchmarkTask { try plugin.make(located(options)) }

  package func evaluationImages(_ options: TaskOptions, count: Int, seed: UInt64) throws -> ImageSet {
    try plugin.evaluationImages(located(options), count: count, seed: seed)
  }

  package func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? {
    try plugin.images(split, located(options), count: count, seed: seed)
  }

  private func located(_ options: TaskOptions) -> TaskOptions {
    var options = options
    if options.dataDirectory == nil { options.dataDirectory = folder }
    return options
  }
}
