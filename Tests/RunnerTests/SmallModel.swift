import Checkpoints
import Foundation
import Tensor

/// A network of a few hundred parameters on `glyphs`-sized images, with its description.
enum SmallModel {
  /// - Returns: the paths of checkpoint and description.
  static func write(to binary: RealBinary) throws -> (checkpoint: String, description: String) {
    let random = RandomStream(seed: 5, name: "small model")
    func tensor(_ name: String, _ shape: [Int], item: Int) -> TensorToWrite {
      let count = shape.reduce(1, *)
      return TensorToWrite(
        name: name, shape: shape, floats: random.normals(item: item, count: count).map { Float($0) * 0.3 })
    }
    let checkpoint = binary.path("small.pt")
    try PyTorchZipWriter.write(
      [
        tensor("conv.weight", [4, 1, 3, 3], item: 0), tensor("conv.bias", [4], item: 1),
        tensor("fc.weight", [10, 4 * 5 * 10], item: 2), tensor("fc.bias", [10], item: 3),
      ], to: checkpoint)
    let description = binary.path("model.json")
    try """
    {
      "id": "small", "name": "Small", "task": "glyphs", "checkpoint": {"file": "small.pt"},
      "architecture": [
        {"type": "Conv2d", "name": "conv", "stride": 2, "padding": 1}, {"type": "ReLU"},
        {"type": "MaxPool2d", "kernelSize": 2}, {"type": "Flatten"}, {"type": "Linear", "name": "fc"}
      ],
      "preprocessing": {"mean": [0.0], "std": [1.0]}
    }
    """.write(toFile: description, atomically: true, encoding: .utf8)
    return (checkpoint, description)
  }
}
