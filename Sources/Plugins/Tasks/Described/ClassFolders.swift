import Foundation
import Tensor

/// A folder with one folder of images for each class, as `torchvision.datasets.ImageFolder` reads.
struct ClassFolders {
  let folder: URL
  /// In the order of the labels.
  let classes: [String]
  let fitting: ImageFitting

  /// All images of a data set are in memory as bytes.
  static let largest = 1 << 32

  /// Folders that are not hidden, sorted as Python sorts names: by code points.
  static func names(in folder: URL) throws(DatasetError) -> [String] {
    try contents(of: folder).filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path, isDirectory: &isFolder)
        && isFolder.boolValue
    }
  }

  /// Regular files that are not hidden, in folders below too, sorted by their paths.
  private static func files(below folder: URL) -> [String] {
    (FileManager.default.subpaths(atPath: folder.path) ?? []).filter { path in
      var isFolder: ObjCBool = false
      return !path.split(separator: "/").contains { $0.hasPrefix(".") }
        && FileManager.default.fileExists(atPath: folder.appendingPathComponent(path).path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
  }

  private static func contents(of folder: URL) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
        .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    } catch {
      throw .notADirectory(path: folder.path)
    }
  }

  /// The images' files with their classes: class by class, files by name.
  /// - Throws: `DatasetError`.
  func files() throws(DatasetError) -> [(url: URL, name: String, label: UInt8)] {
    let found = try Self.names(in: folder)
    let (missing, unknown) = (classes.filter { !found.contains($0) }, found.filter { !classes.contains($0) })
    guard missing.isEmpty, unknown.isEmpty else {
      throw .otherClasses(folder: folder.path, missing: missing, unknown: unknown)
    }
    var files: [(url: URL, name: String, label: UInt8)] = []
    for (label, name) in classes.enumerated() {
      guard let label = UInt8(exactly: label) else {
        throw .tooManyClasses(folder: folder.path, count: classes.count, largest: TaskDocument.classLimit.upperBound)
      }
      let place = folder.appendingPathComponent(name)
      let all = Self.files(below: place)
      if let other = all.first(where: ImageFitting.isOtherImage) {
        throw .otherImages(file: place.appendingPathComponent(other).path)
      }
      let images = all.filter(ImageFitting.isImage)
      guard !images.isEmpty else { throw .noImages(folder: place.path, found: DatasetFiles.listing(of: place)) }
      files += images.map {
        (place.appendingPathComponent($0), "\(folder.lastPathComponent)/\(name)/\($0)", label)
      }
    }
    return files
  }

  /// - Throws: `DatasetError`, `ImageError`: of several images the first one's, and those after it are not read; `CancellationError`.
  func load(threads: Int) throws -> (pixels: [UInt8], labels: [UInt8]) {
    let files = try files()
    let size = fitting.shape?.reduce(1, *) ?? 0
    guard files.count <= Self.largest / max(1, size) else {
      throw DatasetError.tooLarge(
        place: folder.path, bytes: files.count.multipliedReportingOverflow(by: size).partialValue,
        largest: Self.largest)
    }
    let pixels = try [UInt8](unsafeUninitializedCapacity: files.count * size) { output, count in
      output.initialize(repeating: 0)
      nonisolated(unsafe) let places = output
      // One at a time: a photograph takes long, and whoever asks to stop waits for no more than one.
      try Workers.forEachBlock(of: files.count, blockSize: 1, threads: threads) { range, _ in
        for index in range {
          try Cancellation.current?.check()
          let planes = try fitting.planes(files[index].url, named: files[index].name)
          _ = UnsafeMutableBufferPointer(rebasing: places[(index * size)..<((index + 1) * size)]).update(
            fromContentsOf: planes)
        }
      }
      count = files.count * size
    }
    return (pixels, files.map(\.label))
  }
}
