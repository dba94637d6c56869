import Foundation
import ONNXSchema

/// Tensors whose elements lie in files beside the model, as exporters write models of more than 2 GB.
///
/// A model comes from strangers, so the name of such a file is a relative path that stays inside the model's folder, also
/// after symbolic links are followed.
struct ONNXExternalData {
  let file: String
  /// The model's folder; nil for a model that is in memory only.
  let folder: URL?
  private var mapped: [String: Data] = [:]

  init(file: String, folder: URL?) {
    self.file = file
    self.folder = folder
  }

  mutating func region(
    _ entries: [ProtoStringEntry], tensor: String, byteCount: Int
  ) throws(CheckpointError) -> ByteRegion {
    func entry(_ key: String) -> String? { entries.last { $0.key == key }?.value }
    func invalid(_ problem: String) -> CheckpointError {
      .invalidTensor(file: file, tensor: tensor, problem: problem)
    }
    guard let location = entry("location"), !location.isEmpty else {
      throw invalid("is in an external file that is not named")
    }
    let offset = entry("offset").map { Int($0) } ?? 0
    let length = entry("length").map { Int($0) } ?? byteCount
    guard let offset, let length, offset >= 0, length == byteCount else {
      throw invalid(
        "has offset `\(entry("offset") ?? "0")` and length `\(entry("length") ?? "")` in `\(location)`, expected "
          + "numbers and a length of \(byteCount) bytes")
    }
    let data = try contents(of: location, tensor: tensor)
    guard let region = ByteRegion(data).part(offset: offset, count: length) else {
      throw .truncated(
        file: file, part: "tensor `\(tensor)` in `\(location)`", offset: offset, expectedBytes: length,
        availableBytes: max(0, data.count - offset))
    }
    return region
  }

  private mutating func contents(of location: String, tensor: String) throws(CheckpointError) -> Data {
    if let known = mapped[location] { return known }
    guard let folder else {
      throw .unsupported(
        file: file, feature: "tensor `\(tensor)` lies in the external file `\(location)`, but the model has no folder",
        advice: "load it by its path")
    }
    guard let place = Self.place(of: location, in: folder) else { throw outside(location, tensor) }
    do {
      let data = try FileMapping.map(place.path)
      mapped[location] = data
      return data
    } catch {
      // Whoever evaluates many models has to see which one it belongs to.
      throw .invalidTensor(
        file: file, tensor: tensor, problem: "lies in an external file, expected beside the model: \(error)")
    }
  }

  /// The file that a relative path means, links followed.
  /// - Returns: nil where it does not lie in the folder.
  static func place(of location: String, in folder: URL) -> URL? {
    guard isBelow(location) else { return nil }
    let root = folder.resolvingSymlinksInPath().standardizedFileURL.path
    let target = folder.appendingPathComponent(location).resolvingSymlinksInPath().standardizedFileURL
    return target.path.hasPrefix(root.hasSuffix("/") ? root : root + "/") ? target : nil
  }

  /// Whether a name means a place below the folder that it is taken from, as long as no link leads elsewhere.
  static func isBelow(_ location: String) -> Bool {
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    return !parts.allSatisfy { $0 == "." } && !parts.contains("") && !parts.contains("..") && !location.contains("\0")
      && !location.contains("\\")
  }

  private func outside(_ location: String, _ tensor: String) -> CheckpointError {
    .invalidTensor(
      file: file, tensor: tensor,
      problem: "names the external file `\(location)`, expected a relative path inside the model's folder; "
        + "the file is damaged or hostile")
  }
}
