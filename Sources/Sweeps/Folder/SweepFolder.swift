import BenchCore
import Checkpoints
import Foundation
import JSON

/// A sweep's folder:
///
///     configuration.json      what all models have in common
///     <cell>/                 recipe.json, model.ckpt, and model.json once training is over
///     <cell>.json             the model's result file
///     <cell>.samples.safetensors  its samples, from which the rule is applied again once its standard is there
///     <cell>.failed.json      why there is none, where the last try failed
///     bayes.json              the task's own Bayes classifier, where it is known
///     sweep.json, sweep.csv, figure3.svg
package struct SweepFolder: Sendable {
  package let url: URL

  package init(_ url: URL) { self.url = url }

  package var configuration: URL { url.appendingPathComponent("configuration.json") }
  package var reference: URL { url.appendingPathComponent("bayes.json") }
  package var report: URL { url.appendingPathComponent("sweep.json") }
  package var table: URL { url.appendingPathComponent("sweep.csv") }
  package var figure: URL { url.appendingPathComponent("figure3.svg") }

  package func folder(of cell: SweepCell) -> URL { url.appendingPathComponent(cell.id) }
  package func checkpoint(of cell: SweepCell) -> URL { folder(of: cell).appendingPathComponent("model.ckpt") }
  package func recipe(of cell: SweepCell) -> URL { folder(of: cell).appendingPathComponent("recipe.json") }
  package func result(of cell: SweepCell) -> URL { url.appendingPathComponent("\(cell.id).json") }
  package func samples(of cell: SweepCell) -> URL { SampleFile.url(beside: result(of: cell)) }
  package func description(of cell: SweepCell) -> URL { folder(of: cell).appendingPathComponent("model.json") }
  func failure(of cell: SweepCell) -> URL { url.appendingPathComponent("\(cell.id).failed.json") }

  // MARK: Configuration

  /// Writes the configuration into a new folder; in an old one, checks that it is the same.
  /// - Throws: `SweepError.configurationDiffers`, naming every difference; `SweepError.otherContent` where a file is there that
  ///   the sweep would replace.
  package func establish(_ definition: SweepDefinition) throws {
    let wanted = try JSONDecoding.parse(try JSONEncoding.encode(definition), source: configuration.path)
    guard FileManager.default.fileExists(atPath: configuration.path) else {
      for file in [reference, report, table, figure] where FileManager.default.fileExists(atPath: file.path) {
        throw SweepError.otherContent(file: file.path, missing: configuration.lastPathComponent)
      }
      return try Self.write(definition, to: configuration)
    }
    let present = try Self.parse(configuration)
    let differences = JSONDifference.lines(from: present, to: wanted)
    guard differences.isEmpty else {
      throw SweepError.configurationDiffers(file: configuration.path, differences: differences)
    }
  }

  /// - Throws: `SweepError.notASweep` where the folder has no configuration.
  package func definition() throws -> SweepDefinition {
    guard FileManager.default.fileExists(atPath: configuration.path) else {
      throw SweepError.notASweep(folder: url.path, missing: configuration.lastPathComponent)
    }
    return try JSONDecoding.decode(
      SweepDefinition.self, from: try Self.read(configuration), source: configuration.path, rejectUnknownKeys: true)
  }

  // MARK: Files

  static func read(_ url: URL) throws(SweepError) -> Data {
    do {
      return try Data(contentsOf: url)
    } catch {
      throw .unreadable(file: url.path, reason: error.localizedDescription)
    }
  }

  static func parse(_ url: URL) throws -> JSONValue {
    try JSONDecoding.parse(try read(url), source: url.path)
  }

  static func write<T: Encodable>(_ value: T, to url: URL) throws {
    try write(try JSONEncoding.encode(value), to: url)
  }

  /// Writes the file whole or not at all, making its folder where it is missing.
  package static func write(_ data: Data, to url: URL) throws {
    try Folder.make(url.deletingLastPathComponent())
    try AtomicFile.write(data, to: url.path)
  }
}
