import Foundation

/// Parquet files in the place of a data set: they are not read, but told from what is nothing at all.
enum ParquetFiles {
  private static let magic = Data("PAR1".utf8)

  /// What was thrown where no data set was found, or what to do with the Parquet files that are there.
  /// - Parameter place: that `--data` named.
  static func explaining(_ error: any Error, at place: URL) -> any Error {
    found(at: place).map { DatasetError.parquet(file: $0.path, source: source(of: place).path) } ?? error
  }

  /// The folder that is to be converted: a file holds one split, and the folder that it lies in, or the one above a folder of one split, both.
  private static func source(of place: URL) -> URL {
    let folder = DatasetFiles.isFolder(place) ? place : place.deletingLastPathComponent()
    let holdsFiles = DatasetFiles.names(in: folder).contains { $0.hasSuffix(".parquet") }
    return holdsFiles && SplitNames.all.contains(folder.lastPathComponent.lowercased())
      ? folder.deletingLastPathComponent() : folder
  }

  /// The place itself, or the first one in the folder or a folder below.
  private static func found(at place: URL) -> URL? {
    guard DatasetFiles.isFolder(place) else { return isParquet(place) ? place : nil }
    let below = DatasetFiles.names(in: place).map(place.appendingPathComponent).filter(DatasetFiles.isFolder)
    for folder in [place] + below.prefix(100) {
      let files = DatasetFiles.names(in: folder).lazy.map(folder.appendingPathComponent)
      if let file = files.first(where: { $0.pathExtension == "parquet" && isParquet($0) }) { return file }
    }
    return nil
  }

  private static func isParquet(_ file: URL) -> Bool {
    guard DatasetFiles.exists(file), let handle = try? FileHandle(forReadingFrom: file) else { return false }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: magic.count)) == magic
  }
}
