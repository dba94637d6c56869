import Checkpoints
import Foundation
import Tensor

/// A submission on a tiny data set in MNIST's format, so that the task's own images are few and evaluating takes a second.
enum SmallSubmission {
  static let imageCount = 40

  /// The data set's folder below the binary's.
  static func writeData(to binary: RealBinary) throws -> String {
    let folder = binary.folder.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (split, count, seed) in [("train", 80, UInt64(1)), ("t10k", imageCount, 2)] {
      let stream = RandomStream(seed: seed, name: "small submission")
      var (pixels, labels) = (Data(), Data())
      for index in 0..<count {
        let label = index % 10
        labels.append(UInt8(label))
        let draws = stream.normals(item: index, count: 784)
        pixels.append(
          contentsOf: (0..<784).map { pixel in
            let (x, y) = (Double(pixel % 28) / 28, Double(pixel / 28) / 28)
            let pattern = 0.5 + 0.3 * sin(Double(label + 1) * x + Double(label % 4) * y) + 0.05 * draws[pixel]
            return UInt8(max(0, min(255, 255 * pattern)))
          })
      }
      func idx(_ extents: [Int], _ bytes: Data) -> Data {
        let header: [UInt8] =
          [0, 0, 8, UInt8(extents.count)]
          + extents.flatMap { extent in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: extent >> $0) }
          }
        return Data(header) + bytes
      }
      try idx([count, 28, 28], pixels).write(to: folder.appendingPathComponent("\(split)-images-idx3-ubyte"))
      try idx([count], labels).write(to: folder.appendingPathComponent("\(split)-labels-idx1-ubyte"))
    }
    try "patterns made for the tests\n".write(
      to: folder.appendingPathComponent("own-data.txt"), atomically: true, encoding: .utf8)
    return folder.path
  }

  /// A checkpoint with random weights.
  static func checkpoint(seed: UInt64 = 5) throws -> Data {
    let random = RandomStream(seed: seed, name: "small submission")
    func tensor(_ name: String, _ shape: [Int], item: Int) -> TensorToWrite {
      let count = shape.reduce(1, *)
      return TensorToWrite(
        name: name, shape: shape, floats: random.normals(item: item, count: count).map { Float($0) * 0.2 })
    }
    return try SafetensorsWriter.encode([
      tensor("conv.weight", [4, 1, 3, 3], item: 0), tensor("conv.bias", [4], item: 1),
      tensor("fc.weight", [10, 4 * 7 * 7], item: 2), tensor("fc.bias", [10], item: 3),
    ])
  }

  static func description(id: String = "small", checkpoint: String = #"{"file": "small.safetensors"}"#) -> String {
    """
    {
      "id": "\(id)", "name": "Small", "task": "mnist", "checkpoint": \(checkpoint),
      "architecture": [
        {"type": "Conv2d", "name": "conv", "stride": 2, "padding": 1}, {"type": "ReLU"},
        {"type": "MaxPool2d", "kernelSize": 2}, {"type": "Flatten"}, {"type": "Linear", "name": "fc"}
      ],
      "preprocessing": {"mean": [0.5], "std": [0.3]}, "claims": {"accuracy": 0.01},
      "source": {"training": "none: random weights"}
    }
    """
  }

  /// - Returns: the submission's folder.
  static func write(
    to binary: RealBinary, name: String = "new", seed: UInt64 = 5, description: String = description()
  ) throws -> String {
    let folder = binary.folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try checkpoint(seed: seed).write(to: folder.appendingPathComponent("small.safetensors"))
    try description.write(to: folder.appendingPathComponent("model.json"), atomically: true, encoding: .utf8)
    return folder.path
  }
}
