import BenchCore
import Foundation
import Tensor

/// The task on a data set of pixels: every one is a value of this type, with its files, constants and calibrations.
package struct PixelTaskPlugin: TaskPlugin {
  package let summary: String
  private let definition: PixelTask.Definition
  private let files: any PixelFiles
  private let dataSource: String?
  private let references: [String]

  /// - Parameters:
  ///   - summary: one sentence for lists.
  ///   - dataSource: where the files are to be had, and how large they are.
  ///   - references: literature.
  init(
    _ definition: PixelTask.Definition, files: any PixelFiles, summary: String, dataSource: String? = nil,
    references: [String] = []
  ) {
    self.definition = definition
    self.files = files
    self.summary = summary
    self.dataSource = dataSource
    self.references = references
  }

  package var id: String { definition.id }
  package var dataRequirement: String? { files.requirement }
  package var facts: TaskFacts {
    TaskFacts(
      version: definition.version, constants: definition.protocolConstants, imageShape: files.imageShape,
      classNames: files.classNames, dataSource: dataSource, references: references, pixelRange: 0...1,
      scoreComparison: definition.compared)
  }

  package func make(_ options: TaskOptions) throws -> any BenchmarkTask {
    try PixelTask(definition, content(options), options: options)
  }

  package func evaluationImages(_ options: TaskOptions, count: Int, seed: UInt64) throws -> ImageSet {
    try content(options).test.firstImages(count, task: id)
  }

  package func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? {
    let content = try content(options)
    return try split == .training
      ? PixelImages.training(content, count: count)
      : PixelImages(content.test, classCount: content.classNames.count, count: count, remark: content.remark)
  }

  private func content(_ options: TaskOptions) throws -> PixelContent {
    guard let directory = options.dataDirectory else {
      throw DatasetError.noDirectory(task: id, requirement: files.requirement)
    }
    do {
      return try files.load(directory, threads: options.threads)
    } catch let error as DatasetError {
      throw FolderForm.problem(at: directory, classNames: files.classNames)
        ?? ParquetFiles.explaining(error, at: directory)
    }
  }
}

/// The first images of a data set of bytes.
struct PixelImages: LabelledImages {
  let dataset: PixelDataset
  let classCount: Int
  let labels: [Int]
  let remark: String?

  /// - Throws: `EvaluationError.notEnoughImages`.
  init(_ dataset: PixelDataset, classCount: Int, count: Int?, remark: String?) throws {
    let count = count ?? dataset.count
    guard count <= dataset.count else {
      throw EvaluationError.notEnoughImages(task: dataset.name, requested: count, available: dataset.count)
    }
    self.dataset = dataset
    self.remark = remark
    self.classCount = classCount
    labels = Array(dataset.labels.prefix(count))
  }

  /// - Returns: nil where there are none.
  /// - Throws: `EvaluationError.notEnoughImages`, and what finding them throws.
  static func training(_ content: PixelContent, count: Int?) throws -> PixelImages? {
    let train = try content.training()
    guard train.count > 0 else { return nil }
    return try PixelImages(train, classCount: content.classNames.count, count: count, remark: content.remark)
  }

  var name: String { dataset.name }
  var imageShape: Shape { dataset.imageShape }

  func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) throws {
    try dataset.copyImage(index, to: output)
  }
}
