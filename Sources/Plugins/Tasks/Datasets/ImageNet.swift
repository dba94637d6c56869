import BenchCore
import Foundation
import Tensor

/// The task `imagenet`: the validation images of ILSVRC 2012, as networks of 224 x 224 pixels see them.
///
/// As in the paper (figure 4) nothing is fitted to the images: gradients are compared with the score of a diffusion model that `--score`
/// names, of images of 64 x 64 pixels and of the true class, and there are no sensitivities.
enum ImageNet {
  static let task = PixelTaskPlugin(
    PixelTask.Definition(
      id: files.name, version: 1, protocolConstants: protocolConstants, calibration: .none, criteria: nil,
      settings: nil, compared: comparison),
    files: files,
    summary: "ImageNet validation images at 224 x 224; gradients compared at 64 x 64 with the score that --score names",
    dataSource: "ILSVRC 2012 validation images, 6.7 GB, https://www.image-net.org/download.php (an account is needed)",
    references: [reference])

  static let files = ImageNetFiles(
    name: "imagenet", fitting: ImageFitting(shape: [3, 224, 224], resize: 256, crop: [224, 224]))

  /// Sigma 1.2 of images in [-1, 1], the paper's; in pixel units half of it. Step sizes are for manifolds that a user names: CIFAR-10's,
  /// moved up by as many places of the grid as images of that size are longer.
  static let protocolConstants = constants(firstStep: 15)

  static func constants(firstStep: Int) -> ProtocolConstants {
    let steps = (firstStep..<firstStep + 4).map { pow(10, -3 + 5 * Double($0) / 19) }
    return ProtocolConstants(
      stepSizes: steps, wideStep: steps[1], smallStep: steps[0], scoreNoises: [0.6], alignmentNoises: [0.6],
      decisiveNoise: 0.6, robustnessNoise: 0.01)
  }

  static let comparison = ScoreComparison(shape: [3, 64, 64], ofTrueClass: true)

  static let reference = "Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, IJCV 2015"
}

/// ImageNet's validation images in one folder for each class, `val/n01440764/ILSVRC2012_val_00000293.JPEG`, and the training images beside
/// them, where they are. Classes are the sorted names of the folders, as torchvision and all networks count them.
struct ImageNetFiles: PixelFiles {
  /// The data set's: a part of its digest.
  var name: String
  /// Its shape is that of the images.
  var fitting: ImageFitting

  static let classCount = 1000
  private static let validationFolders = ["val", "validation", "ILSVRC/Data/CLS-LOC/val"]

  var requirement: String {
    "`val`, with one folder of JPEG files for each of the 1,000 classes (val/n01440764/*.JPEG)"
  }
  var imageShape: Shape { Shape(fitting.shape ?? []) }
  /// The folders say how they are called.
  var classNames: [String] { (1...Self.classCount).map(String.init) }

  func load(_ directory: URL, threads: Int) throws -> PixelContent {
    let validation = try validationFolder(directory)
    let classes = try ClassFolders.names(in: validation)
    guard classes.count == Self.classCount else {
      throw DatasetError.classFolders(
        folder: validation.path, expected: Self.classCount, found: classes.count, advice: Self.advice(classes.count))
    }
    let test = try split("test", validation, classes, threads: threads)
    return PixelContent(validation: test, of: "ImageNet", classNames: classes, in: directory) {
      // Beside the validation images. More than a million: only who trains looks for them.
      let folder = validation.deletingLastPathComponent().appendingPathComponent("train")
      return try split("train", folder, classes, threads: threads)
    }
  }

  private func split(_ split: String, _ folder: URL, _ classes: [String], threads: Int) throws -> PixelDataset {
    let files = ImageFiles(files: try ClassFolders(folder: folder, classes: classes).files(), fitting: fitting)
    // Never in memory: an evaluation takes some of them, once or twice.
    return try files.dataset(
      name: name, split: split, order: DescribedFiles.order(files.files.count, of: split), keeping: 0, threads: threads)
  }

  /// Below the data's folder, or that folder itself.
  private func validationFolder(_ directory: URL) throws -> URL {
    for path in Self.validationFolders {
      let folder = directory.appendingPathComponent(path)
      if DatasetFiles.isFolder(folder) { return folder }
    }
    guard try ClassFolders.names(in: directory).contains(where: Self.isWordNet) else {
      throw DatasetError.missingFile(
        directory: directory.path, expected: ["val/n01440764"], found: DatasetFiles.listing(of: directory))
    }
    return directory
  }

  /// Names of ImageNet's folders, numbers of nouns in WordNet.
  private static func isWordNet(_ name: String) -> Bool {
    name.count == 9 && name.first == "n" && name.dropFirst().allSatisfy(\.isNumber)
  }

  private static func advice(_ found: Int) -> String {
    found == 0
      ? "sort the images into one folder for each class, as torchvision.datasets.ImageNet and the script valprep.sh do"
      : "a part of the classes is a data set of its own: `pags-bench tasks describe` (docs/own-data.md)"
  }
}

extension PixelContent {
  private static let validationCount = 50_000

  /// Of ImageNet's images in any size: no digests of them are known, but how many there are.
  /// - Parameters:
  ///   - title: as people call the data set.
  ///   - directory: that `--data` named.
  ///   - training: finds the training images, where there are any.
  init(
    validation: PixelDataset, of title: String, classNames: [String], in directory: URL,
    training: @escaping @Sendable () throws -> PixelDataset
  ) {
    let isKnown = validation.count == Self.validationCount || PublishedData.ownData(in: directory) != nil
    self.init(
      classNames: classNames,
      train: PixelDataset(
        name: validation.name, split: "train", imageShape: validation.imageShape, pixels: [], labels: []),
      test: validation,
      remark: isKnown
        ? nil
        : "the data are not known to be \(title) (\(validation.count) validation images, where \(Self.validationCount) are published)",
      findTraining: training)
  }
}
