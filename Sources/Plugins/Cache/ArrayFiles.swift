import BenchCore
import Checkpoints
import Digests
import Foundation
import Networks
import Tensor
import Text

/// Numbers on disk, so that only the first model of a task pays for them: one safetensors file for what belongs to a block of
/// images.
///
/// A file is written completely or not at all and carries the digest of its own tensors; reading maps it into memory.
/// Several processes may read and write at once: whoever writes last replaces a file by its equal.
package struct ArrayFiles: ArrayArchive {
  /// Raised whenever the numbers or the file change meaning within a version of the tool.
  static let formatVersion = 3

  let directory: URL
  /// What decides how numbers are rounded, those of networks and all others: a home directory may be shared by machines, and
  /// outlive a version of the tool.
  private let machine: String

  /// - Parameters:
  ///   - directory: made when the first file is written.
  ///   - toolVersion: another version's numbers are not used.
  package init(directory: URL, toolVersion: String) {
    self.directory = directory
    machine = "\(Self.formatVersion)\n\(toolVersion)\n\(Engine.backend.rounding)\n\(BLAS.implementation)\n"
  }

  package func read(_ key: ArrayKey) -> [KeptArray]? { try? readChecked(key) }

  package func write(_ numbers: [KeptArray], for key: ArrayKey) {
    let tensors = numbers.enumerated().map { index, numbers in
      switch numbers {
      case .floats(let tensor):
        TensorToWrite(name: "\(index)", shape: tensor.shape.dimensions, floats: tensor.scalars)
      case .doubles(let matrix):
        TensorToWrite(
          name: "\(index)", dtype: .float64, shape: [matrix.rows, matrix.columns],
          data: matrix.scalars.withUnsafeBytes { Data($0) })
      }
    }
    do {
      try Folder.make(directory)
      try SafetensorsWriter.write(
        tensors, metadata: ["key": fullKey(key), "digest": digest(numbers)], to: file(key).path,
        durably: false)
    } catch {
      // Costs the next run time, and nobody else anything.
    }
  }

  /// Nil where there is no file, or none of this key that is sound.
  private func readChecked(_ key: ArrayKey) throws -> [KeptArray]? {
    let file = file(key)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let content = try SafetensorsReader.read(CheckpointFile.openWithoutDigest(file.path))
    guard content.metadata["key"] == fullKey(key) else { return nil }
    var numbers: [KeptArray] = []
    for index in content.tensors.indices {
      guard let stored = content["\(index)"], let shape = Shape(checking: stored.shape) else { return nil }
      switch stored.dtype {
      case .float32: numbers.append(.floats(Tensor(shape: shape, scalars: try stored.floats())))
      case .float64 where shape.rank == 2:
        numbers.append(.doubles(Matrix(rows: shape[0], columns: shape[1], scalars: try stored.doubles())))
      default: return nil
      }
    }
    return content.metadata["digest"] == digest(numbers) ? numbers : nil
  }

  private func file(_ key: ArrayKey) -> URL {
    directory.appendingPathComponent("\(key.kind)-\(fullKey(key).prefix(32)).safetensors")
  }

  private func fullKey(_ key: ArrayKey) -> String {
    SHA256.hash(data: Data((machine + key.kind + "\n" + key.digest).utf8)).hexadecimal
  }

  private func digest(_ numbers: [KeptArray]) -> String {
    var hash = SHA256()
    for numbers in numbers {
      switch numbers {
      case .floats(let tensor):
        hash.update(data: Data("\(tensor.shape)\n".utf8))
        tensor.scalars.withUnsafeBytes { hash.update(bufferPointer: $0) }
      case .doubles(let matrix):
        hash.update(data: Data("\(matrix.rows) x \(matrix.columns)\n".utf8))
        matrix.scalars.withUnsafeBytes { hash.update(bufferPointer: $0) }
      }
    }
    return hash.finalize().hexadecimal
  }
}
