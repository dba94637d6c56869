import Text

/// Why a data set could not be used. Every message starts with the file or folder.
public enum DatasetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No `--data`.
  case noDirectory(task: String, requirement: String)
  case notADirectory(path: String)
  /// `found` is some of what is there instead.
  case missingFile(directory: String, expected: [String], found: [String] = [])
  /// A file where there is a folder or an archive.
  case notAnArchive(file: String)
  case unreadable(file: String, reason: String)
  /// Fewer bytes than the format's header.
  case headerTruncated(file: String, expectedBytes: Int, actualBytes: Int)
  case wrongMagic(file: String, expected: UInt32, actual: UInt32, what: String)
  case wrongDimensions(file: String, expected: [Int], actual: [Int])
  /// The header's own numbers cannot be true.
  case absurdHeader(file: String, reason: String)
  case wrongLength(file: String, expectedBytes: Int, actualBytes: Int)
  case countMismatch(imagesFile: String, images: Int, labelsFile: String, labels: Int)
  case notWholeRecords(file: String, recordBytes: Int, actualBytes: Int)
  case labelOutOfRange(file: String, index: Int, label: Int, classes: Int)
  case empty(file: String)
  /// A pickle that holds something else than images and their labels.
  case notABatch(file: String, reason: String)
  /// A file of arrays without those that were named.
  case missingArrays(file: String, expected: [String], found: [String])
  /// An array that holds no images, or no labels of them.
  case notImages(file: String, array: String, reason: String)
  /// `[C, H, W]` each.
  case otherShape(file: String, expected: [Int], actual: [Int])
  /// Folders of classes that are not those of the task.
  case otherClasses(folder: String, missing: [String], unknown: [String])
  /// A class that no density can be fitted to.
  case tooFewImages(classID: String, count: Int, isNumbered: Bool)
  case tooManyClasses(folder: String, count: Int, largest: Int)
  /// A folder of a class without images that are read.
  case noImages(folder: String, found: [String])
  /// Images in a format that is not read.
  case otherImages(file: String)
  /// A PNG file of 16 bits a channel, which libraries reduce to 8 in different ways.
  case sixteenBits(file: String)
  /// Folders of classes, but not as many as the data set has.
  case classFolders(folder: String, expected: Int, found: Int, advice: String)
  /// Folders of classes in the folder of one split, and no folder of the other.
  case oneSplit(folder: String, found: String, missing: String)
  /// The folder of one split where that of both is expected.
  case splitFolder(folder: String, above: String)
  /// Apache Parquet, which the Python package converts.
  case parquet(file: String, source: String)
  /// A data set that is published under another name.
  case otherDataset(file: String, expected: String, found: String)
  /// The published images with other labels; `renamed` in words, where only the classes' names are others.
  case otherLabels(file: String, dataset: String, renamed: String?)
  /// The published images with other channels than planes red, green, blue.
  case otherChannels(file: String, dataset: String, found: String)
  /// More drawn images than this process may hold.
  case tooManyImages(task: String, count: Int, largest: Int)

  public var description: String {
    switch self {
    case .noDirectory(let task, let requirement):
      "task \(task) needs data; pass --data DIR with \(requirement)"
    case .notADirectory(let path):
      "\(path): not a directory; pass --data with the folder that holds the data set's files"
    case .missingFile(let directory, let expected, let found):
      "\(directory): found none of \(expected.joined(separator: ", "))"
        + (found.isEmpty ? "" : ", but \(found.joined(separator: ", "))")
        + "; pass --data with the folder that holds it"
    case .notAnArchive(let file):
      "\(file): is no .tar.gz archive and no .npz file; pass --data with the data set's folder or its archive"
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)"
    case .headerTruncated(let file, let expected, let actual):
      "\(file): has \(actual) bytes, expected a header of \(expected); the file is incomplete, fetch it again"
    case .wrongMagic(let file, let expected, let actual, let what):
      "\(file): begins with 0x\(actual.hexadecimal), expected 0x\(expected.hexadecimal) (\(what)); is it another file?"
    case .wrongDimensions(let file, let expected, let actual):
      "\(file): images are \(actual), expected \(expected) (height, width); is it another data set?"
    case .absurdHeader(let file, let reason):
      "\(file): \(reason); the header is damaged, fetch the file again"
    case .wrongLength(let file, let expected, let actual):
      "\(file): has \(actual) bytes, expected \(expected) by its header; the file is damaged, fetch it again"
    case .countMismatch(let imagesFile, let images, let labelsFile, let labels):
      "\(labelsFile): has \(labels) labels, expected \(images), one for each image of \(imagesFile); "
        + "use files of the same split"
    case .notWholeRecords(let file, let record, let actual):
      "\(file): has \(actual) bytes, expected a multiple of \(record) (labels and pixels of an image); "
        + "the file is incomplete or of another data set"
    case .notABatch(let file, let reason):
      "\(file): \(reason), expected a batch of images and labels; is it another file?"
    case .missingArrays(let file, let expected, let found):
      "\(file): has no arrays \(expected.joined(separator: " and ")), but "
        + (found.isEmpty ? "none" : found.joined(separator: ", "))
    case .notImages(let file, let array, let reason): "\(file): array `\(array)` \(reason)"
    case .otherShape(let file, let expected, let actual):
      "\(file): images are \(actual), expected \(expected) (channels, height, width); "
        + (expected.dropFirst() == actual.dropFirst()
          ? "where some images have colours, `imageShape` has 3 channels"
          : "of a folder, `resize` and `crop` bring them to one size") + " (docs/own-data.md)"
    case .otherClasses(let folder, let missing, let unknown):
      "\(folder): "
        + [("has no folder of", missing), ("holds folders that are no class's:", unknown)].filter { !$0.1.isEmpty }.map
      {
        "\($0.0) \($0.1.prefix(DatasetFiles.listed).joined(separator: ", "))"
      }.joined(separator: "; ") + "; expected one folder for each class"
    case .tooFewImages(let name, let count, let isNumbered):
      "class \(name) has \(count) training image\(count == 1 ? "" : "s"), expected at least 2 of each class"
        + (isNumbered ? "; labels are numbered from 0 without gaps" : "")
    case .tooManyClasses(let folder, let count, let largest):
      "\(folder): has folders of \(count) classes, expected at most \(largest)"
    case .noImages(let folder, let found):
      "\(folder): holds no .png or .jpg files, but \(found.isEmpty ? "nothing" : found.joined(separator: ", "))"
    case .otherImages(let file):
      "\(file): is in a format that is not read, and leaving it out would change the data set; save the images as .png"
    case .sixteenBits(let file):
      "\(file): has 16 bits a channel, which libraries reduce to 8 in different ways; save it with 8"
    case .labelOutOfRange(let file, let index, let label, let classes):
      "\(file): image \(index) has label \(label), expected 0 to \(classes - 1)"
    case .empty(let file):
      "\(file): holds no images, expected at least one"
    case .classFolders(let folder, let expected, let found, let advice):
      "\(folder): has folders of \(found) classes, expected \(expected); \(advice)"
    case .parquet(let file, let source):
      "\(file): is a Parquet file, which is not read; convert the folder with the files of both splits with the Python package "
        + "(pip install 'pags_bench[parquet]'), its images unchanged: `python -m pags_bench parquet '\(source)' --output images`, "
        + "then pass `--data images`"
    case .oneSplit(let folder, let found, let missing):
      "\(folder): holds the folder `\(found)` with one folder for each class, and no `\(missing)`; both are needed, for references are "
        + "fitted to the training images and models are measured on the test images"
    case .splitFolder(let folder, let above):
      "\(folder): is the folder of one split; pass --data with the folder above it, \(above), which holds `train` and `test`"
    case .otherDataset(let file, let expected, let found):
      "\(file): belongs to \(found), expected \(expected); pass --data with the folder of \(expected)"
    case .otherLabels(let file, let dataset, let renamed):
      "\(file): holds the images of \(dataset) with other labels than the published ones"
        + (renamed.map { ": \($0)" } ?? "") + "; every number would be wrong, fetch the file again"
    case .otherChannels(let file, let dataset, let found):
      "\(file): holds the images of \(dataset) as \(found), expected planes red, green, blue; every number would be wrong, "
        + "fetch the file again"
    case .tooManyImages(let task, let count, let largest):
      "task \(task): \(count) images are more than memory holds, which are \(largest); lower --images"
    }
  }
}
