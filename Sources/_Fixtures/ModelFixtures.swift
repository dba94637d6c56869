import BenchCore
import Checkpoints
import Foundation
import Tensor

@testable import Plugins

/// Checkpoints and references that `Tests/Fixtures/models/generate.py` makes, and files handed over beside the repository.
enum ModelFixtures {
  static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let directory = packageRoot.appendingPathComponent("Tests/Fixtures/models")

  /// `../shared` beside the package, or beside the folder of its work trees; nil on other machines.
  static let shared: URL? = ["../shared", "../../shared"]
    .map { packageRoot.appendingPathComponent($0).standardizedFileURL }
    .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("models").path) }

  static func checkpoint(_ name: String) throws -> CheckpointFile {
    try CheckpointFile.open(directory.appendingPathComponent("\(name).pt").path)
  }

  static let goldens = Result {
    try CheckpointReader.stateDict(
      of: CheckpointFile.open(directory.appendingPathComponent("goldens.safetensors").path))
  }

  static func golden(_ name: String) throws -> Tensor {
    try tensor(goldens.get().tensor(name))
  }

  /// The first images of a shape, in [0, 1].
  static func images(_ shape: Shape, count: Int) throws -> Tensor {
    let bytes = try golden("images/" + shape.dimensions.map(String.init).joined(separator: "x"))
    return Tensor(shape: bytes.shape, scalars: bytes.scalars.map { $0 / 255 })[batch: 0..<count]
  }

  static func tensor(_ stored: StoredTensor) throws -> Tensor {
    Tensor(shape: Shape(stored.shape), scalars: try stored.floats())
  }

  /// A checkpoint's tensors, to be changed and written again.
  static func tensors(_ name: String) throws -> [TensorToWrite] {
    try CheckpointReader.stateDict(of: checkpoint(name)).tensors
      .filter { !$0.name.hasSuffix("num_batches_tracked") }
      .map { TensorToWrite(name: $0.name, shape: $0.shape, floats: try $0.floats()) }
  }

  static func write(_ tensors: [TensorToWrite], name: String = "test.pt") throws -> CheckpointFile {
    CheckpointFile(name: name, data: try PyTorchZipWriter.encode(tensors))
  }

  static func load(
    _ file: CheckpointFile, _ description: ModelDescription? = nil, architecture: String? = nil,
    images: Shape? = nil, preprocessing: Preprocessing? = nil, batch: Int = 32, threads: Int = 1
  ) throws -> LoadedModel {
    try StateDictPlugin().load(
      file, description,
      LoadOptions(
        architecture: architecture, preprocessing: preprocessing, batch: batch, threads: threads, imageShape: images))
  }

  /// The message of the `ModelError` that `body` throws, nil for another error or none.
  static func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch let error as ModelError { return "\(error)" } catch { return nil }
  }
}

/// How far a classifier is from references.
struct Agreement {
  /// Largest |logit - reference| / (1e-4 + 1e-4 |reference|).
  private(set) var logitError = 0.0
  /// Of each image.
  private(set) var relativeErrors: [Double] = []
  private(set) var cosines: [Double] = []

  init(_ classifier: any Classifier, images: Tensor, logits: Tensor, target: GradientTarget, gradient: Tensor) throws {
    let result = try classifier.inputGradient(target, at: images)
    for (got, want) in zip(result.logits.scalars, logits.scalars) {
      let error = abs(Double(got) - Double(want)) / (1e-4 + 1e-4 * abs(Double(want)))
      logitError = max(logitError, error.isNaN ? .infinity : error)
    }
    for image in 0..<images.batch {
      let (got, want) = (result.gradient.item(image).map(Double.init), gradient.item(image).map(Double.init))
      func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      relativeErrors.append(norm(zip(got, want).map { $0 - $1 }) / norm(want))
      cosines.append(zip(got, want).reduce(0) { $0 + $1.0 * $1.1 } / (norm(got) * norm(want)))
    }
  }

  var medianRelativeError: Double { relativeErrors.sorted()[relativeErrors.count / 2] }
  var smallestCosine: Double { cosines.map { $0.isNaN ? -1 : $0 }.min() ?? -1 }
}
