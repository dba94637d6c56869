import BenchCore
import Foundation
import Tensor

/// A published data set as folders of image files, `train/cat/00000012.png`, as other programs unpack it and the Python package converts
/// Parquet files.
///
/// Sorted by their own names, whatever folder they are in, the files of a conversion have the published order; and then the images are those
/// of every other form, with the same digest. Files of other names are the same images in another order, which a remark says.
struct FolderForm {
  private let train: URL
  private let test: URL

  /// Nil where there are no such folders.
  /// - Parameter classNames: what the folders are called, in the order of the labels.
  init?(at place: URL, classNames: [String]) {
    let train = place.appendingPathComponent("train")
    let tests = TaskInspection.testNames.map(place.appendingPathComponent)
    guard DatasetFiles.isFolder(train.appendingPathComponent(classNames[0])),
      let test = tests.first(where: { DatasetFiles.isFolder($0.appendingPathComponent(classNames[0])) })
    else { return nil }
    (self.train, self.test) = (train, test)
  }

  /// What is the matter with folders of classes that are no data set, where nothing else was found: one split alone, or a split's own folder.
  static func problem(at place: URL, classNames: [String]) -> DatasetError? {
    func hasClasses(_ name: String) -> Bool {
      DatasetFiles.isFolder(place.appendingPathComponent(name).appendingPathComponent(classNames[0]))
    }
    let found = (["train"] + TaskInspection.testNames).filter(hasClasses)
    let (hasTraining, hasTest) = (found.contains("train"), found.contains { $0 != "train" })
    if hasTraining != hasTest, let split = found.first {
      return .oneSplit(folder: place.path, found: split, missing: hasTraining ? "test" : "train")
    }
    guard found.isEmpty, DatasetFiles.isFolder(place.appendingPathComponent(classNames[0])),
      SplitNames.all.contains(place.lastPathComponent.lowercased())
    else { return nil }
    return .splitFolder(folder: place.path, above: place.deletingLastPathComponent().path)
  }

  /// - Parameters:
  ///   - name: the data set's.
  ///   - title: as people call it.
  ///   - parts: of the published splits, whose images follow each other.
  /// - Throws: `DatasetError`, `ImageError`, `CancellationError`.
  func load(
    name: String, title: String, imageShape: Shape, classNames: [String],
    parts: (train: [PublishedPart], test: [PublishedPart]), in place: URL, threads: Int
  ) throws -> PixelContent {
    func split(
      _ split: String, _ folder: URL, _ parts: [PublishedPart]
    ) throws -> (images: PixelDataset, published: PublishedData.Split) {
      let files = try ClassFolders(folder: folder, classes: classNames).files().sorted {
        $0.url.lastPathComponent < $1.url.lastPathComponent
      }
      let images = try ImageFiles(files: files, fitting: ImageFitting(shape: imageShape.dimensions)).dataset(
        name: name, split: split, order: Array(files.indices), threads: threads)
      return (
        images,
        try PublishedData.Split(
          name: split, of: images, title: title, parts: parts, file: folder.path, classNames: classNames)
      )
    }
    let (train, test) = (try split("train", train, parts.train), try split("test", test, parts.test))
    return PixelContent(
      classNames: classNames, train: train.images, test: test.images,
      remark: PublishedData.remark(title, [train.published, test.published], in: place))
  }
}
