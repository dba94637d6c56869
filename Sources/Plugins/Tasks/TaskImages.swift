import BenchCore
import Foundation
import Tensor

// What `train` takes from each task.

extension GlyphsPlugin {
  /// As many as the study trained with.
  static let trainingImageCount = 8000

  /// Training images are drawn from streams of their own: none is an evaluation image of any seed.
  public static func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? {
    let task = try GlyphsTask(threads: options.threads, progress: options.progress)
    switch split {
    case .training:
      return TensorImages(
        try task.sample(split: .training, count: count ?? trainingImageCount, seed: seed), classCount: task.classCount)
    case .evaluation:
      return TensorImages(
        try task.evaluationImages(count: count ?? task.defaultImageCount, seed: seed), classCount: task.classCount)
    }
  }
}

extension MNISTTask {
  public static func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? {
    guard let directory = options.dataDirectory else {
      throw DatasetError.noDirectory(task: id, requirement: MNISTFiles.requirement)
    }
    let content = try MNISTFiles.load(directory)
    return try PixelImages(
      split == .training ? content.train : content.test, classCount: MNISTFiles.classNames.count, count: count,
      remark: content.remark)
  }
}

extension CIFAR10Task {
  public static func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? {
    guard let directory = options.dataDirectory else {
      throw DatasetError.noDirectory(task: id, requirement: CIFAR10Files.requirement)
    }
    let content = try CIFAR10Files.load(directory)
    return try PixelImages(
      split == .training ? content.train : content.test, classCount: content.classNames.count, count: count,
      remark: content.remark)
  }
}

/// The first images of a data set that is kept as bytes.
struct PixelImages: LabelledImages {
  let dataset: PixelDataset
  let classCount: Int
  let labels: [Int]
  let remark: String?

  /// - Throws: `EvaluationError.notEnoughImages`.
  init(_ dataset: PixelDataset, classCount: Int, count: Int?, remark: String? = nil) throws {
    let count = count ?? dataset.count
    guard count <= dataset.count else {
      throw EvaluationError.notEnoughImages(task: dataset.name, requested: count, available: dataset.count)
    }
    self.dataset = dataset
    self.remark = remark
    self.classCount = classCount
    labels = dataset.labels.prefix(count).map(Int.init)
  }

  var name: String { dataset.name }
  var imageShape: Shape { dataset.imageShape }

  func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) { dataset.copyImage(index, to: output) }
}
