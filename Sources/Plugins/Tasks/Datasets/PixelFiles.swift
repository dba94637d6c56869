import BenchCore
import Foundation
import Tensor

/// How a data set of labelled pixels lies in files: a format (`RecordFiles`, `IDXFiles`) with the names and sizes of one data set.
protocol PixelFiles: Sendable {
  /// In words, what `--data` must hold.
  var requirement: String { get }
  /// `[C, H, W]`.
  var imageShape: Shape { get }
  /// As they are published; a copy may come with names of its own.
  var classNames: [String] { get }
  /// - Parameter threads: that decode images, where the format has them to decode; the content does not depend on it.
  /// - Throws: `DatasetError`, `CompressionError`; where images are decoded `ImageError` and `CancellationError`.
  func load(_ directory: URL, threads: Int) throws -> PixelContent
}

extension PixelFiles {
  /// On one thread.
  func load(_ directory: URL) throws -> PixelContent { try load(directory, threads: 1) }
}

/// What is in the files.
struct PixelContent {
  let classNames: [String]
  /// Without images where there are none, and where they are only looked for on demand (`training`).
  let train: PixelDataset
  let test: PixelDataset
  /// What is not known of the data, in words; nil where they are the published ones.
  let remark: String?
  /// Of a data set whose training images are so many files that even to list them takes long.
  var findTraining: (@Sendable () throws -> PixelDataset)?

  /// - Throws: as `PixelFiles.load`.
  func training() throws -> PixelDataset { try findTraining?() ?? train }
}
