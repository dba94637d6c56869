import Checkpoints
import Digests
import Foundation
import Tensor
import Text

/// What was measured of some images, as a file keeps it bit by bit: columns of a value an image, and arrays of an item an image.
package struct Part: Sendable {
  package var columns: SampleTable
  /// By name; `[rows, ...]` each.
  package var arrays: [String: Tensor]

  package init(columns: SampleTable = SampleTable(), arrays: [String: Tensor] = [:]) {
    self.columns = columns
    self.arrays = arrays
  }

  /// A column by name, of a part that is known to hold it.
  /// - Throws: `PartError.damaged`: somebody made the file by hand.
  package func column(_ name: String, _ place: String) throws(PartError) -> [Double] {
    guard let values = columns[name] else { throw .damaged(file: place, problem: "has no column `\(name)`") }
    return values
  }

  /// - Throws: `PartError.damaged`.
  package func array(_ name: String, _ place: String) throws(PartError) -> Tensor {
    guard let values = arrays[name] else { throw .damaged(file: place, problem: "has no array `\(name)`") }
    return values
  }

  private static let columnPrefix = "column/"
  private static let arrayPrefix = "array/"
  private static let digestKey = "digest"

  /// A safetensors file, with a digest of its content, for a disk that filled up or lost power.
  func encoded(_ metadata: [String: String]) throws -> Data {
    let tensors =
      columns.namedColumns.map { name, values in
        TensorToWrite(
          name: Self.columnPrefix + name, dtype: .float64, shape: [values.count],
          data: values.withUnsafeBytes { Data($0) })
      }
      + arrays.sorted { $0.key < $1.key }.map { name, tensor in
        TensorToWrite(name: Self.arrayPrefix + name, shape: tensor.shape.dimensions, floats: tensor.scalars)
      }
    var metadata = metadata
    metadata[Self.digestKey] = digest
    return try SafetensorsWriter.encode(tensors, metadata: metadata)
  }

  /// - Returns: nil for a file that is not there or not sound.
  static func read(_ url: URL, rows: Int) -> (part: Part, metadata: [String: String])? {
    guard FileManager.default.fileExists(atPath: url.path),
      let file = try? CheckpointFile.openWithoutDigest(url.path), let content = try? SafetensorsReader.read(file)
    else { return nil }
    var part = Part()
    for tensor in content.tensors {
      guard tensor.shape.first == rows, let shape = Shape(checking: tensor.shape) else { return nil }
      if tensor.name.hasPrefix(columnPrefix) {
        guard tensor.dtype == .float64, shape.rank == 1, let values = try? tensor.doubles() else { return nil }
        part.columns.append(String(tensor.name.dropFirst(columnPrefix.count)), values)
      } else if tensor.name.hasPrefix(arrayPrefix) {
        guard tensor.dtype == .float32, shape.rank > 1, let scalars = try? tensor.floats() else { return nil }
        part.arrays[String(tensor.name.dropFirst(arrayPrefix.count))] = Tensor(shape: shape, scalars: scalars)
      } else {
        return nil
      }
    }
    guard content.metadata[digestKey] == part.digest else { return nil }
    return (part, content.metadata)
  }

  private var digest: String {
    var hash = SHA256()
    for (name, values) in columns.namedColumns {
      hash.update(data: Data("\(name) \(values.count)\n".utf8))
      values.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    for (name, tensor) in arrays.sorted(by: { $0.key < $1.key }) {
      hash.update(data: Data("\(name) \(tensor.shape)\n".utf8))
      tensor.scalars.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    return hash.finalize().hexadecimal
  }
}
