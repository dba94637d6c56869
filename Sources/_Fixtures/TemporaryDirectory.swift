import Foundation

/// A directory that is removed with its last reference.
package final class TemporaryDirectory {
  package let url: URL
  package init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("pags-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }
  package func write(_ bytes: [UInt8], _ name: String) throws {
    try Data(bytes).write(to: url.appendingPathComponent(name))
  }
  deinit { try? FileManager.default.removeItem(at: url) }
}
