import ArgumentParser
import Foundation

/// The files that this program keeps in its cache folder, and no others.
struct CacheContent {
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case references, mixtures, checkpoints

    var summary: String {
      switch self {
      case .references: "perturbation directions, scores, tangent spaces; computed again in seconds"
      case .mixtures: "mixtures fitted to training images; fitted again in minutes"
      case .checkpoints: "checkpoints of submissions; fetched again"
      }
    }
  }

  struct File {
    let url: URL
    let bytes: Int
  }

  let folder: URL

  /// The files of a part, none where there is no folder.
  /// - Throws: where a folder cannot be read.
  func files(_ part: Part) throws -> [File] {
    switch part {
    // Files of unfinished writes, whose names begin with a dot, belong to the part too.
    case .references: try files(in: CacheFolder.references(in: folder)) { $0.contains(".safetensors") }
    case .mixtures:
      try files(in: folder) { $0.contains(".safetensors") && ($0.hasPrefix("mixture-") || $0.hasPrefix(".mixture-")) }
    case .checkpoints:
      try subfolders(of: folder.appendingPathComponent("checkpoints")).flatMap { try files(in: $0) { _ in true } }
    }
  }

  /// Removes a file, and its folder where nothing is left in it. That another process was faster is no error.
  func remove(_ file: File) throws {
    do {
      try FileManager.default.removeItem(at: file.url)
    } catch CocoaError.fileNoSuchFile {}
    let parent = file.url.deletingLastPathComponent()
    if parent.path != folder.path, try names(in: parent).isEmpty { rmdir(parent.path) }
  }

  private func subfolders(of folder: URL) throws -> [URL] {
    try names(in: folder).map { folder.appendingPathComponent($0) }.filter {
      try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true
    }
  }

  private func files(in folder: URL, _ isOurs: (String) -> Bool) throws -> [File] {
    try names(in: folder).filter(isOurs).compactMap { name in
      let url = folder.appendingPathComponent(name)
      let values = try url.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
      return values.isRegularFile == true ? File(url: url, bytes: values.fileSize ?? 0) : nil
    }
  }

  private func names(in folder: URL) throws -> [String] {
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }
}
