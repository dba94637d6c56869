import BenchCore
import Checkpoints
import Foundation
import Networks
import Tensor

/// Checkpoints and references that `Tests/Fixtures/models/generate.py` makes, and files handed over beside the repository.
package enum ModelFixtures {
  package static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  package static let directory = packageRoot.appendingPathComponent("Tests/Fixtures/models")

  /// `../shared` beside the package, or beside the folder of its work trees; nil on other machines.
  package static let shared: URL? = ["../shared", "../../shared"]
    .map { packageRoot.appendingPathComponent($0).standardizedFileURL }
    .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("models").path) }

  package static func checkpoint(_ name: String) throws -> CheckpointFile {
    try CheckpointFile.open(directory.appendingPathComponent("\(name).pt").path)
  }

  package static let goldens = Result {
    try CheckpointReader.stateDict(
      of: CheckpointFile.open(directory.appendingPathComponent("goldens.safetensors").path))
  }

  package static func golden(_ name: String) throws -> Tensor {
    try tensor(goldens.get().tensor(name))
  }

  /// The first images of a shape, in [0, 1].
  package static func images(_ shape: Shape, count: Int) throws -> Tensor {
    let bytes = try golden("images/" + shape.dimensions.map(String.init).joined(separator: "x"))
    return Tensor(shape: bytes.shape, scalars: bytes.scalars.map { $0 / 255 })[batch: 0..<count]
  }

  package static func tensor(_ stored: StoredTensor) throws -> Tensor {
    Tensor(shape: Shape(stored.shape), scalars: try stored.floats())
  }

  /// A checkpoint's tensors, to be changed and written again.
  package static func tensors(_ name: String) throws -> [TensorToWrite] {
    try CheckpointReader.stateDict(of: checkpoint(name)).tensors
      .filter { !$0.name.hasSuffix("num_batches_tracked") }
      .map { TensorToWrite(name: $0.name, shape: $0.shape, floats: try $0.floats()) }
  }

  package static func write(_ tensors: [TensorToWrite], name: String = "test.pt") throws -> CheckpointFile {
    CheckpointFile(name: name, data: try PyTorchZipWriter.encode(tensors))
  }

  package static func load(
    _ file: CheckpointFile, _ description: ModelDescription? = nil, architecture: String? = nil,
    images: Shape? = nil, preprocessing: Preprocessing? = nil, batch: Int = 32, threads: Int = 1
  ) throws -> LoadedModel {
    try StateDictPlugin().load(
      file, description,
      LoadOptions(
        architecture: architecture, preprocessing: preprocessing, batch: batch, threads: threads, imageShape: images))
  }

  /// The message of the `ModelError` or `PreprocessingError` that `body` throws, nil for another error or none.
  package static func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch let error as ModelError { return "\(error)" } catch let error as PreprocessingError {
      return "\(error)"
    } catch { return nil }
  }
}
