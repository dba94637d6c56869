import CMemoryFile
import Foundation

/// Memory that this process and the worker both see, zeros at first.
///
/// A memory file has no name: nothing is left behind however the processes end. The worker opens it through
/// `/proc/<process>/fd/<descriptor>`. Its size is sealed, so that nobody can take this process down by truncating it.
final class SharedRegion {
  let bytes: Int
  let base: UnsafeMutableRawPointer
  private let descriptor: Int32

  /// - Returns: nil where the system does not give as much.
  init?(bytes: Int) {
    self.bytes = max(1, bytes)
    descriptor = memory_file_create("pags-bench-device")
    guard descriptor >= 0 else { return nil }
    // Reserved now: memory that turns out to be missing at a write would end the process.
    guard posix_fallocate(descriptor, 0, self.bytes) == 0, memory_file_seal(descriptor) == 0,
      let address = mmap(nil, self.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
    else {
      close(descriptor)
      return nil
    }
    base = address
  }

  deinit {
    munmap(base, bytes)
    close(descriptor)
  }

  var place: DeviceMessages.Memory { .init(path: "/proc/\(getpid())/fd/\(descriptor)", bytes: bytes) }

  /// Whole cache lines.
  static func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
}
