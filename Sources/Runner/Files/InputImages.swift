import BenchCore
import Checkpoints
import Foundation
import Tensor

/// Images that a user hands over in a safetensors or NumPy file.
struct InputImages {
  /// `[N, C, H, W]`.
  let images: Tensor
  /// Empty where not asked for.
  let labels: [Int]

  /// Arrays of a `.npz` file have the tensors' names; the one of a `.npy` file is `images`.
  /// - Throws: `InputImagesError`, `CheckpointError`.
  static func read(_ path: String, needingLabels: Bool) throws -> InputImages {
    let tensors = try Self.tensors(path)
    guard let stored = tensors["images"], stored.shape.count == 4, let shape = Shape(checking: stored.shape),
      shape[0] > 0
    else { throw InputImagesError.noImages(path, tensors: tensors.values.map { "\($0.name) \($0.shape)" }.sorted()) }
    guard stored.dtype.isFloatingPoint else { throw InputImagesError.integers(path, type: stored.dtype.rawValue) }
    let images = Tensor(shape: shape, scalars: try stored.floats())
    guard images.scalars.allSatisfy(\.isFinite) else { throw InputImagesError.notFinite(path) }
    guard needingLabels else { return InputImages(images: images, labels: []) }
    guard let labels = tensors["labels"], labels.shape == [shape[0]] else {
      throw InputImagesError.noLabels(path, count: shape[0])
    }
    return InputImages(images: images, labels: try labels.integers().map(Int.init))
  }

  private static func tensors(_ path: String) throws -> [String: StoredTensor] {
    let file = try CheckpointFile.openWithoutDigest(path)
    guard NumPyFile.isNumPy(file.data) else {
      return Dictionary(
        try SafetensorsReader.read(file).tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
    let arrays = try NumPyFile(file.data, file: file.name).arrays
    return arrays[""].map { ["images": $0] } ?? arrays
  }

  /// Whether the pixels look like 0...255; attacked images may leave [0, 1] a little.
  var areOfBytes: Bool { (images.scalars.max() ?? 0) > 16 }

  func check(against classifier: any Classifier, file: String) throws {
    guard images.shape.droppingFirst == classifier.inputShape else {
      throw InputImagesError.shape(file, expected: classifier.inputShape, got: images.shape)
    }
    if let label = labels.first(where: { !(0..<classifier.classCount).contains($0) }) {
      throw InputImagesError.label(file, label: label, classes: classifier.classCount)
    }
  }
}

enum InputImagesError: Error, CustomStringConvertible {
  case noImages(String, tensors: [String])
  case integers(String, type: String)
  case notFinite(String)
  case noLabels(String, count: Int)
  case shape(String, expected: Shape, got: Shape)
  case label(String, label: Int, classes: Int)

  var description: String {
    switch self {
    case .noImages(let file, let tensors):
      "\(file): expected a tensor `images` of shape [N, C, H, W] with at least one image, "
        + "found \(tensors.isEmpty ? "no tensors" : tensors.joined(separator: ", "))"
    case .integers(let file, let type):
      "\(file): tensor `images` holds \(type), expected float32 with pixels in [0, 1]; save images.astype('float32') / 255"
    case .notFinite(let file): "\(file): tensor `images` holds NaN or infinity; expected pixels in [0, 1]"
    case .noLabels(let file, let count):
      "\(file): this gradient needs an integer tensor `labels` of shape [\(count)], which is not there"
    case .shape(let file, let expected, let got):
      "\(file): tensor `images` has shape \(got), the network takes [N, "
        + "\(expected.dimensions.map(String.init).joined(separator: ", "))]"
    case .label(let file, let label, let classes):
      "\(file): tensor `labels` holds \(label), the network has classes 0 to \(classes - 1)"
    }
  }
}
