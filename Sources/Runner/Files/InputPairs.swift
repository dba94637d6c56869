import Checkpoints
import Foundation
import Tensor

/// Pairs of images that a user hands over in a safetensors file, as a metric takes them: `a` and `b`, both `[N, C, H, W]`.
struct InputPairs {
  let first: Tensor
  let second: Tensor

  /// - Throws: `InputPairsError`, `CheckpointError`.
  static func read(_ path: String) throws -> InputPairs {
    let file = try SafetensorsReader.read(CheckpointFile.open(path))
    func tensor(_ name: String) throws -> Tensor {
      guard let stored = file[name], stored.dtype == .float32, stored.shape.count == 4,
        let shape = Shape(checking: stored.shape), shape.count > 0
      else {
        throw InputPairsError.noImages(
          path, name, tensors: file.tensors.map { "\($0.name) \($0.dtype.rawValue) \($0.shape)" })
      }
      let tensor = Tensor(shape: shape, scalars: try stored.floats())
      if let bad = tensor.scalars.firstIndex(where: { !$0.isFinite }) {
        throw InputPairsError.notFinite(path, name, image: bad / tensor.stride)
      }
      return tensor
    }
    let pairs = InputPairs(first: try tensor("a"), second: try tensor("b"))
    guard pairs.first.shape == pairs.second.shape else {
      throw InputPairsError.shapes(path, pairs.first.shape, pairs.second.shape)
    }
    return pairs
  }

  /// What is to be said where numbers are not in [-1, 1]; nil where they are.
  func warning(file: String) -> String? {
    var (lowest, highest): (Float, Float) = (0, 0)
    for value in [first.scalars, second.scalars].joined() {
      (lowest, highest) = (min(lowest, value), max(highest, value))
    }
    guard lowest < -1.001 || highest > 1.001 else { return nil }
    return
      "WARNING: \(file): numbers from \(lowest) to \(highest); metrics take images in [-1, 1], 2 p - 1 of pixels p in [0, 1]"
  }
}

enum InputPairsError: Error, CustomStringConvertible {
  case noImages(String, String, tensors: [String])
  case notFinite(String, String, image: Int)
  case shapes(String, Shape, Shape)

  var description: String {
    switch self {
    case .noImages(let file, let name, let tensors):
      "\(file): expected float32 tensors `a` and `b` of shape [N, C, H, W] with at least one image, found no such `\(name)` but "
        + (tensors.isEmpty ? "no tensors" : tensors.joined(separator: ", "))
    case .notFinite(let file, let name, let image):
      "\(file): tensor `\(name)` holds NaN or infinity at image \(image); expected numbers in [-1, 1]"
    case .shapes(let file, let first, let second):
      "\(file): tensor `a` has shape \(first) and `b` \(second), expected the same for both: they are compared image by image"
    }
  }
}
