import BenchCore
import Checkpoints
import Foundation

/// Fetched checkpoints, kept by their SHA-256: `checkpoints/<sha256>/<name>` below the cache folder.
package struct CheckpointStore: Sendable {
  package let folder: URL

  /// - Parameter cache: the program's cache folder.
  package init(cache: URL) { folder = cache.appendingPathComponent("checkpoints") }

  /// The file with this digest under this name, fetched where it is not here yet.
  /// - Throws: `DownloadError`, `CheckpointError`, `CancellationError`; `SubmissionError.weightsElsewhere` for an ONNX model that is
  ///   nothing without other files.
  package func file(
    _ name: String, from url: URL, bytes: Int, sha256: String, progress: any ProgressReporter
  ) throws -> CheckpointFile {
    let digest = sha256.lowercased()
    let place = folder.appendingPathComponent("\(digest)/\(name)")
    if let kept = try kept(place, digest: digest) { return kept }
    try Download(url: url, bytes: bytes, sha256: digest).run(to: place, progress: progress)
    let locations = try CheckpointFile.openWithoutDigest(place.path).externalLocations
    guard locations.isEmpty else {
      try? FileManager.default.removeItem(at: place)
      throw SubmissionError.weightsElsewhere(url.absoluteString, locations: locations)
    }
    return try CheckpointFile.open(place.path)
  }

  /// What is here already, under this name or another; a file that was damaged meanwhile is removed.
  private func kept(_ place: URL, digest: String) throws -> CheckpointFile? {
    let manager = FileManager.default
    let folder = place.deletingLastPathComponent()
    for name in (try? manager.contentsOfDirectory(atPath: folder.path))?.sorted() ?? [] where !name.hasSuffix(".part") {
      let path = folder.appendingPathComponent(name)
      guard let file = try? CheckpointFile.open(path.path), file.sha256 == digest else {
        try? manager.removeItem(at: path)
        continue
      }
      if name == place.lastPathComponent { return file }
      try? manager.linkItem(at: path, to: place)
      if let linked = try? CheckpointFile.open(place.path) { return linked }
    }
    return nil
  }
}

extension Submission {
  /// The checkpoint: the file beside `model.json`, or else what the URL gives.
  /// - Parameter mirror: a folder, `file://` or on the web, to fetch the file from by its name instead of from its own URL;
  ///   the digest is checked all the same.
  /// - Returns: nil where the model is a program without a checkpoint.
  /// - Throws: `SubmissionError` where it is not the file that is stated, and what `CheckpointStore` throws.
  package func checkpoint(
    _ store: CheckpointStore, mirror: URL? = nil, progress: any ProgressReporter
  ) throws -> CheckpointFile? {
    guard let stated = description.checkpoint else { return nil }
    let file: CheckpointFile
    if let name = stated.file, files.contains(name) {
      file = try CheckpointFile.open(folder.appendingPathComponent(name).path)
    } else {
      guard let text = stated.url, let url = URL(string: text), let bytes = stated.bytes, let sha256 = stated.sha256
      else {
        throw SubmissionError.missingFile(stated.file ?? "checkpoint", folder: folder.path)
      }
      let name = stated.file ?? Self.name(of: url)
      let place = mirror.map { $0.appendingPathComponent(name) } ?? url
      file = try store.file(name, from: place, bytes: bytes, sha256: sha256, progress: progress)
    }
    if let bytes = stated.bytes, bytes != file.byteCount {
      throw SubmissionError.size(file: file.name, expected: bytes, got: file.byteCount)
    }
    if let sha256 = stated.sha256?.lowercased(), sha256 != file.sha256 {
      throw SubmissionError.digest(file: file.name, expected: sha256, got: file.sha256)
    }
    return file
  }

  /// The last part of an address as the name of a file.
  private static func name(of url: URL) -> String {
    let mapped = url.lastPathComponent.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character)) ? character : "-"
    }
    let name = String(mapped.drop { !($0.isLetter || $0.isNumber) }.prefix(100))
    return name.isEmpty ? "checkpoint" : name
  }
}
