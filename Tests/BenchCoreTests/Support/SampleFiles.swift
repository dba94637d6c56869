import Foundation

@testable import BenchCore

enum SampleFiles {
  /// What a file with these bytes holds.
  static func read(_ data: Data) throws -> SampleFile {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).samples.safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try data.write(to: url)
    return try SampleFile.read(url)
  }
}
