import Foundation
import Tensor

/// A folder with one folder of images for each class, as `torchvision.datasets.ImageFolder` reads.
struct ClassFolders {
  let folder: URL
  /// In the order of the labels.
  let classes: [String]

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
  func files() throws(DatasetError) -> [ImageFiles.File] {
    let found = try Self.names(in: folder)
    let (known, there) = (Set(classes), Set(found))
    let (missing, unknown) = (classes.filter { !there.contains($0) }, found.filter { !known.contains($0) })
    guard missing.isEmpty, unknown.isEmpty else {
      throw .otherClasses(folder: folder.path, missing: missing, unknown: unknown)
    }
    guard classes.count <= TaskDocument.classLimit.upperBound else {
      throw .tooManyClasses(folder: folder.path, count: classes.count, largest: TaskDocument.classLimit.upperBound)
    }
    var files: [ImageFiles.File] = []
    for (label, name) in classes.enumerated() {
      let place = folder.appendingPathComponent(name)
      let all = Self.files(below: place)
      if let other = all.first(where: ImageFitting.isOtherImage) {
        throw .otherImages(file: place.appendingPathComponent(other).path)
      }
      let images = all.filter(ImageFitting.isImage)
      guard !images.isEmpty else { throw .noImages(folder: place.path, found: DatasetFiles.listing(of: place)) }
      files += images.map {
        .init(
          url: place.appendingPathComponent($0), name: "\(folder.lastPathComponent)/\(name)/\($0)", label: label)
      }
    }
    return files
  }
}
