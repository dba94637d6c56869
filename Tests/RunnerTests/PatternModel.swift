import Checkpoints
import Foundation
import Tensor

/// A linear network on the data of `SmallSubmission` that knows how they are made, and so classifies them.
enum PatternModel {
  /// One checkpoint and its description in a folder of their own.
  /// - Parameters:
  ///   - factor: on all logits; 0 for a network that says nothing.
  ///   - noise: added to the weights, relative to them.
  ///   - claims: a member of the description, such as `"claims": {}`.
  /// - Returns: the checkpoint's path.
  static func write(
    to binary: RealBinary, _ id: String, factor: Double = 0.1, noise: Double = 0,
    preprocessing: String? = #""preprocessing": {"mean": [0.5], "std": [0.3]}"#, claims: String? = nil
  ) throws -> String {
    let folder = binary.folder.appendingPathComponent(id)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let random = RandomStream(seed: 5, name: id)
    var (weights, biases): ([Float], [Float]) = ([], [])
    for label in 0..<10 {
      let normals = random.normals(item: label, count: 784)
      // The nearest mean: w = m, b = -|m|^2 / 2, of normalised pixels.
      let mean = (0..<784).map { pixel -> Double in
        let (x, y) = (Double(pixel % 28) / 28, Double(pixel / 28) / 28)
        return sin(Double(label + 1) * x + Double(label % 4) * y)
      }
      let square = mean.reduce(0) { $0 + $1 * $1 }
      weights += zip(mean, normals).map { Float(factor * ($0 + noise * $1)) }
      biases.append(Float(-0.5 * factor * square))
    }
    let checkpoint = folder.appendingPathComponent("\(id).safetensors")
    try SafetensorsWriter.write(
      [
        TensorToWrite(name: "fc.weight", shape: [10, 784], floats: weights),
        TensorToWrite(name: "fc.bias", shape: [10], floats: biases),
      ], to: checkpoint.path)
    let members = [
      #""id": "\#(id)", "name": "Pattern", "task": "mnist", "checkpoint": {"file": "\#(id).safetensors"}"#,
      #""architecture": [{"type": "Flatten"}, {"type": "Linear", "name": "fc"}]"#, preprocessing, claims,
    ].compactMap { $0 }
    try "{\(members.joined(separator: ", "))}".write(
      to: folder.appendingPathComponent("model.json"), atomically: true, encoding: .utf8)
    return checkpoint.path
  }
}
