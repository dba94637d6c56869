import Attacks
import BenchCore
import Checkpoints
import Foundation
import Networks
import Plugins
import Tensor

/// Directions for the objective `alignment` from the ways to other classes: opposite to the shortest of them, because along it the label's
/// log-odds are to fall.
///
/// With two classes this is the direction paper's penalty: its cosine is that of grad(z_other - z_label) with the way. With more, the paper takes
/// the class at the smallest linearised distance of the network as it is, anew in every step; here it is the class whose closest point is nearest.
struct ClosestPointDirections {
  private let points: DirectionEstimators
  private let classCount: Int
  private let threads: Int

  /// - Throws: what `DirectionSettings.estimators` throws, `TrainingError.invalidOption` for another file than the recipe's.
  init(_ direction: AlignmentDirection, of task: any BenchmarkTask, threads: Int) throws {
    var settings = DirectionSettings([direction.source.rawValue])
    if let file = direction.file {
      _ = try direction.openedFile()
      settings.generator = file
    }
    points = try settings.estimators(of: task, threads: 1)
    classCount = task.classCount
    self.threads = max(1, threads)
  }

  var directions: Directions {
    { images, labels in
      let ranges = stride(from: 0, to: labels.count, by: 16).map { $0..<min(labels.count, $0 + 16) }
      let blocks = try Workers.map(ranges.count, threads: threads) { index in
        try opposite(images[batch: ranges[index]], Array(labels[ranges[index]]))
      }
      return Tensor(shape: images.shape, scalars: blocks.flatMap { $0 })
    }
  }

  private func opposite(_ images: Tensor, _ labels: [Int]) throws -> [Float] {
    var shortest = [(square: Double, way: [Float])](repeating: (.infinity, []), count: labels.count)
    // The k-th class after each image's own.
    for step in 1..<classCount {
      let ways = try points.directions(from: images, towards: labels.map { ($0 + step) % classCount })[0]
      for image in labels.indices {
        let way = ways.item(image)
        let square = way.reduce(0.0) { $0 + Double($1) * Double($1) }
        if square < shortest[image].square { shortest[image] = (square, way.map { -$0 }) }
      }
    }
    return shortest.flatMap(\.way)
  }
}

/// Ways to other classes that a user computed: a tensor `directions`, `[N, C, H, W]`, of the first N training images.
struct DirectionFile {
  private let ways: Tensor

  /// - Throws: `TrainingError.invalidOption`, `CheckpointError`.
  init(
    _ direction: AlignmentDirection, of images: any LabelledImages, _ configuration: TrainingConfiguration
  ) throws {
    func refused(_ value: String, _ expected: String) -> TrainingError {
      .invalidOption(option: "objective.direction", value: value, expected: expected)
    }
    let file = try direction.openedFile()
    guard configuration.augmentation.isNone, images.count * images.imageShape.count <= BatchLoader.largestFixed else {
      throw refused(
        file.name,
        "no file for augmented images, and at most \(BatchLoader.largestFixed) numbers: they are of the images as they are"
      )
    }
    let stored = try CheckpointReader.stateDict(of: file)
    guard let tensor = stored["directions"] else { throw refused(file.name, "a file with a tensor `directions`") }
    guard let shape = Shape(checking: tensor.shape), shape.rank == 4, shape.droppingFirst == images.imageShape,
      shape[0] >= images.count
    else {
      let sizes = images.imageShape.dimensions.map(String.init).joined(separator: ", ")
      throw refused(
        "\(file.name) with `directions` of shape \(tensor.shape)",
        "[N, \(sizes)] with N of at least \(images.count), one for each training image")
    }
    let values = try tensor.floats()
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw refused("\(file.name) with \(values[bad]) for image \(bad / images.imageShape.count)", "finite numbers")
    }
    ways = Tensor(
      shape: images.imageShape.prepending(images.count),
      scalars: values.prefix(images.count * images.imageShape.count).map { -$0 })
  }

  /// Of all images together, as `BatchLoader` asks for them where nothing is augmented.
  var directions: Directions { { _, _ in ways } }
}

extension AlignmentDirection {
  /// The file, which must be that of the recipe.
  fileprivate func openedFile() throws -> CheckpointFile {
    let opened = try CheckpointFile.open(file ?? "")
    guard sha256 == nil || sha256 == opened.sha256 else {
      throw TrainingError.invalidOption(
        option: "objective.direction.file", value: "\(opened.name) with SHA-256 \(opened.sha256)",
        expected: "\(sha256 ?? "") as in the recipe")
    }
    return opened
  }
}
