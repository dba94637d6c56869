import BenchCore
import Checkpoints
import Foundation
import JSON
import Mixtures
import Tensor

/// Finds a data set of the user's own and chooses the constants of a task on it, by the procedures by which those of `cifar10` and `mnist`
/// were chosen (docs/own-data.md).
package struct TaskInspection {
  /// A folder, or a `.npz` file.
  let place: URL
  let resize: Int?
  let crop: [Int]?
  private let tasks: [any TaskPlugin]

  /// - Parameter tasks: those that are known by name.
  package init(_ place: URL, resize: Int? = nil, crop: [Int]? = nil, beside tasks: [any TaskPlugin]) {
    (self.place, self.resize, self.crop, self.tasks) = (place, resize, crop, tasks)
  }

  /// What was found, before anything is chosen.
  package struct Found: Sendable {
    var train: TaskDocument.Part
    var test: TaskDocument.Part
    var classes: [String]
    /// `[C, H, W]`.
    var imageShape: [Int]
  }

  // MARK: Finding

  static let testNames = ["test", "val", "valid", "validation"]

  /// - Throws: `TaskDocumentError.nothingFound`, `DatasetError`, `CheckpointError`, `ImageError`.
  package func find() throws -> Found {
    guard FileManager.default.fileExists(atPath: place.path) else {
      throw TaskDocumentError.missing(place: place.path)
    }
    do {
      return try found()
    } catch {
      throw ParquetFiles.explaining(error, at: place)
    }
  }

  private func found() throws -> Found {
    guard DatasetFiles.isFolder(place) else { return try inOneFile(place) }
    let names = DatasetFiles.names(in: place)
    func first(_ suffix: String) -> String? { Self.testNames.map { $0 + suffix }.first(where: names.contains) }
    if names.contains("train.npz"), let test = first(".npz") { return try inTwoFiles("train.npz", test) }
    if names.contains("train"), let test = first("") { return try inFolders("train", test) }
    let archives = names.filter { $0.hasSuffix(".npz") }
    guard archives.count == 1 else {
      throw TaskDocumentError.nothingFound(place: place.path, found: DatasetFiles.listing(of: place))
    }
    return try inOneFile(place.appendingPathComponent(archives[0]))
  }

  private func arrays(_ url: URL) throws -> NumPyFile {
    try NumPyFile(DatasetFiles.read(url), file: url.lastPathComponent)
  }

  /// Names that are in use for a split's arrays: those of Keras, of MedMNIST and of their like.
  private static func names(of split: String) -> [(images: String, labels: String)] {
    [
      ("x_\(split)", "y_\(split)"), ("X_\(split)", "y_\(split)"), ("\(split)_images", "\(split)_labels"),
      ("images_\(split)", "labels_\(split)"), ("\(split)_x", "\(split)_y"), ("\(split)_data", "\(split)_labels"),
    ]
  }

  private static let namesOfOne = [
    ("images", "labels"), ("x", "y"), ("X", "y"), ("data", "labels"), ("data", "label"), ("arr_0", "arr_1"),
  ]

  private func inOneFile(_ url: URL) throws -> Found {
    let arrays = try arrays(url)
    let (train, test) = try Self.parts(of: arrays, file: url.lastPathComponent)
    return try found(train, test, train: arrays, test: arrays)
  }

  /// Both splits in one file.
  static func parts(
    of arrays: NumPyFile, file: String
  ) throws(DatasetError) -> (train: TaskDocument.Part, test: TaskDocument.Part) {
    (
      try part(names(of: "train"), of: arrays, file: file),
      try part(testNames.flatMap(names), of: arrays, file: file)
    )
  }

  private func inTwoFiles(_ train: String, _ test: String) throws -> Found {
    let (first, second) = (
      try arrays(place.appendingPathComponent(train)), try arrays(place.appendingPathComponent(test))
    )
    return try found(
      Self.part(Self.namesOfOne, of: first, file: train), Self.part(Self.namesOfOne, of: second, file: test),
      train: first, test: second)
  }

  private static func part(
    _ names: [(images: String, labels: String)], of arrays: NumPyFile, file: String
  ) throws(DatasetError) -> TaskDocument.Part {
    guard
      let pair = names.first(where: { arrays.arrays[$0.images] != nil && arrays.arrays[$0.labels] != nil })
    else {
      throw .missingArrays(
        file: file, expected: [names[0].images, names[0].labels], found: arrays.arrays.keys.sorted())
    }
    return TaskDocument.Part(file: file, images: pair.images, labels: pair.labels)
  }

  private func found(
    _ train: TaskDocument.Part, _ test: TaskDocument.Part, train first: NumPyFile, test second: NumPyFile
  ) throws -> Found {
    guard resize == nil, crop == nil else {
      throw DatasetError.notImages(
        file: train.file ?? "", array: train.images ?? "",
        reason: "is taken as it is; --resize and --crop are of folders")
    }
    func labelled(_ part: TaskDocument.Part, _ arrays: NumPyFile) throws -> LabelledArrays {
      try LabelledArrays(arrays, images: part.images ?? "", labels: part.labels ?? "", file: part.file ?? "")
    }
    let training = try labelled(train, first)
    let classes = try (training.classLabels() + labelled(test, second).classLabels()).max() ?? 0
    return Found(
      train: train, test: test, classes: (0...classes).map(String.init), imageShape: training.imageShape)
  }

  /// Images of each class that are opened for their number of channels.
  private static let lookedAt = 20

  private func inFolders(_ train: String, _ test: String) throws -> Found {
    let folder = place.appendingPathComponent(train)
    let classes = try ClassFolders.names(in: folder)
    let fitting = ImageFitting(resize: resize, crop: crop)
    let files = try ClassFolders(folder: folder, classes: classes).files()
    guard let first = files.first else {
      throw TaskDocumentError.nothingFound(place: folder.path, found: DatasetFiles.listing(of: folder))
    }
    // Grey and coloured images may stand side by side: three channels where any of those that are looked at has colours.
    var channels = 1
    for label in classes.indices where channels == 1 {
      let members = files.filter { $0.label == label }
      for place in stride(from: 0, to: members.count, by: max(1, members.count / Self.lookedAt)) where channels == 1 {
        try Cancellation.current?.check()
        channels = try fitting.image(members[place].url, named: members[place].name).channels
      }
    }
    let image = try fitting.image(first.url, named: first.name)
    return Found(
      train: .init(folder: train), test: .init(folder: test), classes: classes,
      imageShape: [channels, image.height, image.width])
  }

  /// From the name of a folder or file.
  package static func id(from name: String) -> String {
    ResultValidation.identifier(from: name.hasSuffix(".npz") ? String(name.dropLast(4)) : name) ?? "own-data"
  }

  // MARK: Choosing

  /// The constants, from the training images alone.
  /// - Parameters:
  ///   - id: of the task.
  ///   - options: threads and progress.
  /// - Throws: as `find`, and `TaskDocumentError.invalid`, `MixtureError`, `LinearAlgebraError`.
  package func document(_ found: Found, id: String, title: String, options: TaskOptions) throws -> TaskDocument {
    var document = TaskDocument(
      id: id, title: title, version: 1, classes: found.classes, imageShape: found.imageShape, train: found.train,
      test: found.test, resize: resize, crop: crop, stepSizes: [1, 2, 3, 4],
      mixture: .init(
        imagesPerComponent: 450, maximumComponents: 12, factors: 1, tangentDimension: 1, priorImages: 500))
    // A document that no task can be made of is refused before the work.
    _ = try TaskDocument.read(JSONEncoding.encode(document), file: place.lastPathComponent, beside: tasks)
    let folder =
      place.hasDirectoryPath || ((try? place.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false)
      ? place : place.deletingLastPathComponent()
    let train = try DescribedFiles(document: document, remark: "").load(folder, threads: options.threads).train
    document.stepSizes = try Self.stepSizes(train)
    try choose(&document.mixture, trials: &document.trials, train: train, classes: found.classes, options: options)
    return document
  }

  /// Four of the grid of the paper, `logspace(-3, 2, 20)`: those of CIFAR-10, moved by as many places as the images are shorter.
  static func stepSizes(_ train: PixelDataset) throws -> [Double] {
    let count = min(1000, train.count)
    var sum = 0.0
    for index in 0..<count {
      let image = try train.images(index..<index + 1)
      sum += image.scalars.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    let norm = sum / Double(max(1, count))
    let places = norm > 0 ? (log10(cifar10Norm / norm) / (5.0 / 19)).rounded() : 0
    return (12...15).map { pow(10, -3 + 5 * (Double($0) - min(max(places, -12), 12)) / 19) }
  }

  /// Mean L2 norm of its images, pixels in [0, 1].
  private static let cifar10Norm = 29.5

  /// Factors, then the weight of the prior, by the likelihood of every fifth training image of each class under a mixture fitted to the
  /// others. More factors, which take longer, are tried as long as they are better. Classes of a few images tell nothing of that: they get few
  /// factors and the prior of the middle.
  private func choose(
    _ mixture: inout TaskDocument.Mixture, trials: inout [TaskDocument.Trial]?, train: PixelDataset, classes: [String],
    options: TaskOptions
  ) throws {
    let members = train.indices(classCount: classes.count)
    if let few = members.firstIndex(where: { $0.count < 2 }) {
      throw DatasetError.tooFewImages(
        classID: classes[few], count: members[few].count, isNumbered: classes == classes.indices.map(String.init))
    }
    let smallest = members.map(\.count).min() ?? 0
    let most = max(1, min(train.imageShape.count / 2, smallest / 4))
    func set(factors: Int) {
      mixture.factors = factors
      // CIFAR-10 counts 60 of 100 factors as directions of the manifold.
      mixture.tangentDimension = max(1, factors * 6 / 10)
    }
    set(factors: most)
    guard smallest >= Self.smallestClass else { return }
    let images = min(Self.trialImages, Self.trialNumbers / train.imageShape.count)
    let used = members.map { $0.prefix(max(Self.smallestClass, images / classes.count)) }
    func part(_ isOfIt: (Int) -> Bool) throws -> PixelDataset {
      try train.choosing(used.flatMap { $0.enumerated().filter { isOfIt($0.offset) }.map(\.element) }.sorted())
        .inMemory(threads: options.threads)
    }
    let (fitted, aside) = (try part { $0 % 5 != 4 }, try part { $0 % 5 == 4 })
    let candidates = [20, 40, 60, 100].filter { $0 <= most }
    let factors = candidates.isEmpty ? [most] : candidates
    let priors = [100.0, 2000]
    options.progress.note(
      "choosing the mixture: up to \(factors.count + priors.count) are fitted to \(fitted.count) training images and tried on "
        + "\(aside.count) others")
    var all: [TaskDocument.Trial] = []
    /// The mean log-likelihood; nil where there is none.
    func trial(_ factors: Int, _ prior: Double) throws -> Double? {
      var settings = mixture.settings
      (settings.factors, settings.tangentDimension, settings.priorImages) = (factors, 1, prior)
      let likelihood = try MixtureFit(
        train: fitted, test: aside, classNames: classes, settings: settings, threads: options.threads,
        progress: options.progress
      ).fitted().heldOutLogLikelihood
      guard likelihood.isFinite else { return nil }
      all.append(.init(factors: factors, priorImages: prior, logLikelihood: likelihood))
      options.progress.note(
        "  \(factors) factors, prior worth \(Int(prior)) images: \(significant(likelihood)) nats for each image held out"
      )
      return likelihood
    }
    func best() -> TaskDocument.Trial? { all.max { $0.logLikelihood < $1.logLikelihood } }
    var last = -Double.infinity
    for count in factors {
      guard let likelihood = try trial(count, 500), likelihood > last else { break }
      last = likelihood
    }
    if let chosen = best() { for prior in priors { _ = try trial(chosen.factors, prior) } }
    guard let chosen = best() else { return }
    set(factors: chosen.factors)
    mixture.priorImages = chosen.priorImages
    trials = all
  }

  /// Of all classes together; more do not change what is best, and cost time.
  private static let trialImages = 10_000
  /// Of them all: 1,783 images of 224 x 224, which are in memory as bytes.
  private static let trialNumbers = 1 << 28
  private static let smallestClass = 10
}
