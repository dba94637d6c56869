import Checkpoints
import Foundation
import Synchronization

/// A file that is being fetched: only one process writes it, and it takes its name when it is whole.
final class PartFile: Sendable {
  private let url: URL
  private let descriptor: Int32
  private let size: Mutex<Int>

  var count: Int { size.withLock { $0 } }

  /// Opens the file, making it where it is missing, and waits until no other process has it.
  /// - Throws: `DownloadError.unwritable`.
  init(_ url: URL) throws {
    self.url = url
    try? FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else {
      throw DownloadError.unwritable(file: url.path, reason: String(cString: strerror(errno)))
    }
    flock(descriptor, LOCK_EX)
    let end = lseek(descriptor, 0, SEEK_END)
    size = Mutex(Int(max(0, end)))
  }

  func append(_ data: Data) throws {
    try size.withLock { size in
      var rest = data[...]
      while !rest.isEmpty {
        let written = rest.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(size)) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else {
          throw DownloadError.unwritable(file: url.path, reason: String(cString: strerror(errno)))
        }
        size += written
        rest = rest.dropFirst(written)
      }
    }
  }

  func truncate() throws {
    guard ftruncate(descriptor, 0) == 0 else {
      throw DownloadError.unwritable(file: url.path, reason: String(cString: strerror(errno)))
    }
    size.withLock { $0 = 0 }
  }

  /// Of its own bytes: nothing lies beside what is fetched.
  func sha256() throws -> String {
    CheckpointFile.sha256(of: try CheckpointFile.openWithoutDigest(url.path).data)
  }

  /// What the file looks like, for a message; nil where it is an ordinary one.
  func head() -> String? {
    guard let file = try? CheckpointFile.openWithoutDigest(url.path) else { return nil }
    let locations = file.externalLocations
    guard locations.isEmpty else { return SubmittedWeights.elsewhere(locations) }
    let probe = FileProbe(file)
    return probe.format == nil ? CheckpointFormat.describe(probe) : nil
  }

  /// Gives the file its name.
  func become(_ target: URL) throws {
    guard fsync(descriptor) == 0, rename(url.path, target.path) == 0 else {
      throw DownloadError.unwritable(file: target.path, reason: String(cString: strerror(errno)))
    }
  }

  func remove() { unlink(url.path) }

  /// Ends the work on it; an empty part is no use to anybody.
  func close() {
    if count == 0 { remove() }
    // Closing releases the lock.
    try? FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).close()
  }
}
