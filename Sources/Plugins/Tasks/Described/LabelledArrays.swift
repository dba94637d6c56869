import Checkpoints
import Foundation

/// Images and labels as arrays of a `.npz` file: bytes `[N, H, W]`, `[N, H, W, C]` or `[N, C, H, W]`, and integers `[N]` or `[N, 1]`.
struct LabelledArrays {
  private let file: String
  private let images: StoredTensor
  private let labels: StoredTensor
  /// `[C, H, W]`.
  let imageShape: [Int]
  private let channelsAreLast: Bool

  /// - Throws: `DatasetError`.
  init(_ arrays: NumPyFile, images name: String, labels labelName: String, file: String) throws(DatasetError) {
    guard let images = arrays.arrays[name], let labels = arrays.arrays[labelName] else {
      throw .missingArrays(file: file, expected: [name, labelName], found: arrays.arrays.keys.sorted())
    }
    (self.file, self.images, self.labels) = (file, images, labels)
    let shape = images.shape
    func isChannels(_ count: Int) -> Bool { count == 1 || count == 3 }
    switch (shape.count, shape.count == 4 && isChannels(shape[1]), shape.count == 4 && isChannels(shape[3])) {
    case (3, _, _): (imageShape, channelsAreLast) = ([1, shape[1], shape[2]], false)
    case (4, true, false): (imageShape, channelsAreLast) = (Array(shape[1...]), false)
    case (4, false, true): (imageShape, channelsAreLast) = ([shape[3], shape[1], shape[2]], true)
    default:
      throw .notImages(
        file: file, array: name,
        reason: "has shape \(shape), expected [N, H, W], [N, H, W, C] or [N, C, H, W] with 1 or 3 channels")
    }
    guard labels.shape == [shape[0]] || labels.shape == [shape[0], 1] else {
      throw .notImages(
        file: file, array: labelName,
        reason: "has shape \(labels.shape), expected one label for each of \(shape[0]) images")
    }
    guard shape[0] > 0 else { throw .empty(file: file) }
  }

  /// - Returns: class indices.
  /// - Throws: `CheckpointError` for numbers that are no integers, `DatasetError`.
  func classLabels() throws -> [Int] {
    try labels.integers().enumerated().map { index, label in
      guard let label = Int(exactly: label), (0..<TaskDocument.classLimit.upperBound).contains(label) else {
        throw DatasetError.labelOutOfRange(
          file: file, index: index, label: Int(clamping: label), classes: TaskDocument.classLimit.upperBound)
      }
      return label
    }
  }

  /// Planes, and a class index below `classes` for each image.
  /// - Throws: `CheckpointError` for pixels that are no bytes, `DatasetError`.
  func load(shape: [Int], classes: Int) throws -> (pixels: [UInt8], labels: [Int]) {
    guard shape == imageShape else {
      throw DatasetError.otherShape(file: "\(file), \(images.name)", expected: shape, actual: imageShape)
    }
    let labels = try classLabels()
    if let index = labels.firstIndex(where: { $0 >= classes }) {
      throw DatasetError.labelOutOfRange(file: file, index: index, label: labels[index], classes: classes)
    }
    let bytes = try images.bytes()
    guard channelsAreLast, imageShape[0] > 1 else { return (bytes, labels) }
    return (Planes.of(bytes, channels: imageShape[0], count: imageShape[1] * imageShape[2]), labels)
  }
}
