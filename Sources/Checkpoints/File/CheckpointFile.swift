import Digests
import Foundation
import Text

/// A checkpoint's bytes, memory-mapped, with the digest it is known by.
public struct CheckpointFile: Sendable {
  public let url: URL
  /// The whole file, memory-mapped; its indices start at 0.
  public let data: Data
  /// The last component of the path; error messages start with it.
  public let name: String
  /// SHA-256 of the content, 64 lower-case hexadecimal digits. Of an ONNX model with weights in files beside it that of a list of all
  /// their digests: what `sha256sum MODEL FILES... | sha256sum` prints in the model's folder, the model first, then the files in the order of their names.
  public let sha256: String
  /// Files beside an ONNX model that hold its weights, in the order of their names.
  public let externalFiles: [ExternalFile]

  /// A file that belongs to the model.
  public struct ExternalFile: Sendable, Equatable {
    /// Relative to the model's folder.
    public let name: String
    public let url: URL
    public let byteCount: Int
  }

  /// Of the file itself.
  public var byteCount: Int { data.count }
  /// With the files beside it.
  public var totalByteCount: Int { externalFiles.reduce(byteCount) { $0 + $1.byteCount } }

  /// Maps a regular file and computes its digest.
  /// - Throws: `CheckpointError.cannotOpen` for directories, pipes, devices, empty and unreadable files; `.unsupported` for an ONNX model
  ///   without the files that its weights lie in.
  public static func open(_ path: String) throws(CheckpointError) -> CheckpointFile {
    let (url, data) = (URL(fileURLWithPath: path), try FileMapping.map(path))
    let own = sha256(of: data)
    let locations = externalLocations(data, name: url.lastPathComponent)
    guard !locations.isEmpty else { return CheckpointFile(url: url, data: data, sha256: own) }
    let folder = url.deletingLastPathComponent()
    var files: [ExternalFile] = []
    var list = "\(own)  \(url.lastPathComponent)\n"
    // A file may be named in several ways.
    let places = Dictionary(
      locations.map { location in
        (location.split(separator: "/").filter { $0 != "." }.joined(separator: "/"), location)
      }, uniquingKeysWith: { first, _ in first })
    for (name, location) in places.sorted(by: { $0.key < $1.key }) {
      let problem: String
      if let place = ONNXExternalData.place(of: location, in: folder) {
        if let content = try? FileMapping.map(place.path) {
          files.append(ExternalFile(name: name, url: place, byteCount: content.count))
          list += "\(sha256(of: content))  \(name)\n"
          continue
        }
        problem = "`\(name)`, which is not there or cannot be read; put it into the model's folder"
      } else if ONNXExternalData.isBelow(location) {
        problem =
          "`\(location)`, which leads out of the model's folder by a link (as in the cache of a model hub); copy the file itself there"
      } else {
        problem =
          "`\(location)`, which leads out of the model's folder; save the model anew with its weights beside it "
          + "(onnx.save_model(model, FILE, save_as_external_data=True, location=NAME))"
      }
      throw .unsupported(
        file: url.lastPathComponent, feature: "its weights lie in the file \(problem)",
        advice: "without them it is no model")
    }
    return CheckpointFile(url: url, data: data, sha256: sha256(of: Data(list.utf8)), externalFiles: files)
  }

  /// Where an ONNX model says that its weights lie, whether there is anything or not; sorted, empty for all other files.
  package var externalLocations: [String] { Self.externalLocations(data, name: name) }

  private static func externalLocations(_ data: Data, name: String) -> [String] {
    let probe = FileProbe(name: name, byteCount: data.count, head: data.prefix(FileProbe.headBytes))
    return probe.format == .onnx ? ONNXExternalFiles(data).locations.sorted() : []
  }

  /// Maps a file whose content carries a digest of its own; `sha256` is empty.
  /// - Throws: as `open`.
  public static func openWithoutDigest(_ path: String) throws(CheckpointError) -> CheckpointFile {
    CheckpointFile(url: URL(fileURLWithPath: path), data: try FileMapping.map(path), sha256: "")
  }

  /// Bytes that are already in memory, as if they had been read from a file called `name`.
  public init(name: String, data: Data) {
    self.init(url: URL(fileURLWithPath: name), data: data, sha256: Self.sha256(of: data))
  }

  private init(url: URL, data: Data, sha256: String, externalFiles: [ExternalFile] = []) {
    self.externalFiles = externalFiles
    self.url = url
    self.data = data
    name = url.lastPathComponent
    self.sha256 = sha256
  }

  /// SHA-256 of `data` in lower-case hexadecimal, read in pieces so that a mapped file is never resident as a whole
  /// on account of its digest.
  public static func sha256(of data: Data) -> String {
    var hash = SHA256()
    data.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let end = min(offset + 1 << 20, bytes.count)
        let piece = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
        hash.update(bufferPointer: piece)
        FileMapping.release(piece)
        offset = end
      }
    }
    return hash.finalize().hexadecimal
  }
}
