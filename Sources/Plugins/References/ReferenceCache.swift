import BenchCore
import Checkpoints
import Crypto
import Foundation
import JSON
import Kernels
import Tensor

/// Tangent spaces and scores of learned references on disk, so that only the first model of a task pays for them: one
/// safetensors file for each network, noise level and block of images, found by a digest of all three.
///
/// A file is written completely or not at all and carries the digest of its own tensors; reading maps it into memory. A cache
/// that cannot be read or written costs time, never the result, so nothing is said of it.
public struct ReferenceCache: Sendable {
  /// Raised whenever the numbers or the file change meaning.
  static let formatVersion = 1

  let directory: URL
  /// All that decides the values beside the images and the noise level: checkpoint and description.
  private let owner: [String]

  /// - Parameters:
  ///   - directory: made when the first file is written.
  ///   - checkpoint: which the network was read from, with its description.
  /// - Throws: `JSONError` never in practice: descriptions hold no numbers that are not finite.
  public init(directory: URL, checkpoint: CheckpointFile, description: ModelDescription?) throws {
    self.directory = directory
    owner = [
      checkpoint.sha256,
      try description.map { String(decoding: try JSONEncoding.encodeCompact($0), as: UTF8.self) } ?? "",
    ]
  }

  /// The cached tensors, or those of `compute`, which are then kept.
  /// - Parameter kind: begins the file's name.
  func tensors(
    _ kind: String, noise: Double? = nil, images: Tensor, _ compute: () throws -> [Tensor]
  ) rethrows -> [Tensor] {
    let key = key([kind, noise.map { "\($0)" } ?? ""] + owner, images)
    let file = directory.appendingPathComponent("\(kind)-\(key.prefix(32)).safetensors")
    if let cached = try? read(file, key) { return cached }
    let computed = try compute()
    try? write(computed, to: file, key)
    return computed
  }

  /// Instruction sets round differently, and a home directory may be shared by machines.
  private func key(_ parts: [String], _ images: Tensor) -> String {
    var hash = SHA256()
    let header = ["\(Self.formatVersion)", InstructionSet.best.rawValue, "\(images.shape)"] + parts
    hash.update(data: Data((header.joined(separator: "\n") + "\n").utf8))
    images.scalars.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
  }

  private func digest(_ tensors: [Tensor]) -> String {
    var hash = SHA256()
    for tensor in tensors {
      hash.update(data: Data("\(tensor.shape)\n".utf8))
      tensor.scalars.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    return hash.finalize().hexadecimal
  }

  /// Nil where there is no file, or none of this key that is sound.
  private func read(_ file: URL, _ key: String) throws -> [Tensor]? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let content = try SafetensorsReader.read(CheckpointFile.open(file.path))
    guard content.metadata["key"] == key else { return nil }
    var tensors: [Tensor] = []
    for index in content.tensors.indices {
      guard let stored = content["\(index)"], stored.dtype == .float32, let shape = Shape(checking: stored.shape)
      else { return nil }
      tensors.append(Tensor(shape: shape, scalars: try stored.floats()))
    }
    return content.metadata["digest"] == digest(tensors) ? tensors : nil
  }

  private func write(_ tensors: [Tensor], to file: URL, _ key: String) throws {
    try Folder.make(directory)
    try SafetensorsWriter.write(
      tensors.enumerated().map { TensorToWrite(name: "\($0)", shape: $1.shape.dimensions, floats: $1.scalars) },
      metadata: ["key": key, "digest": digest(tensors)], to: file.path)
  }
}
