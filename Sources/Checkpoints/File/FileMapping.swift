import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Maps regular files into memory.
enum FileMapping {
  /// The file's bytes, mapped privately and read-only; unmapped when the last copy of the data goes.
  ///
  /// The kind of file is asked of the open descriptor, not of the path, so that nothing can change in between, and
  /// the file is opened without blocking, so that a pipe without a writer is refused instead of waited for.
  static func map(_ path: String) throws(CheckpointError) -> Data {
    let name = URL(fileURLWithPath: path).lastPathComponent
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .cannotOpen(file: name, reason: errno == ENOENT ? "there is no file at \(path)" : systemMessage())
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotOpen(file: name, reason: systemMessage()) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR where DistributedCheckpoint.isFolder(path):
      throw .unsupported(
        file: name, feature: "is a checkpoint folder of torch.distributed.checkpoint",
        advice: DistributedCheckpoint.advice)
    case S_IFDIR:
      throw .cannotOpen(file: name, reason: "\(path) is a directory, expected a checkpoint file; name the file in it")
    case S_IFIFO: throw .cannotOpen(file: name, reason: "\(path) is a pipe, expected a regular file; save it first")
    default: throw .cannotOpen(file: name, reason: "\(path) is a device or socket, expected a regular file")
    }
    guard status.st_size > 0 else {
      throw .cannotOpen(file: name, reason: "the file is empty (0 bytes), expected a checkpoint; fetch it again")
    }
    let size = Int(status.st_size)
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw .cannotOpen(file: name, reason: "\(size) bytes cannot be mapped: \(systemMessage())")
    }
    let kept = dup(descriptor)
    mapped.withLock { $0[UInt(bitPattern: address)] = Mapped(size: size, descriptor: kept, written: status.written) }
    return Data(
      bytesNoCopy: address, count: size,
      deallocator: .custom { address, size in
        _ = mapped.withLock { $0.removeValue(forKey: UInt(bitPattern: address)) }
        if kept >= 0 { close(kept) }
        munmap(address, size)
      })
  }

  private struct Mapped {
    let size: Int
    /// Of the open file, whatever has its name now; negative where the system gave none.
    let descriptor: Int32
    /// When the file was last written to.
    let written: timespec
  }

  /// What is mapped, by address.
  private static let mapped = Mutex<[UInt: Mapped]>([:])

  /// Gives back the memory of bytes that will not be read again soon; whoever does finds them in the file. Only whole pages, and only of what
  /// is mapped here: other memory would be lost.
  static func release(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= leastRelease, let start = bytes.baseAddress else { return }
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let first = (UInt(bitPattern: start) + page - 1) / page * page
    let end = (UInt(bitPattern: start) + UInt(bytes.count)) / page * page
    guard first < end, let address = UnsafeMutableRawPointer(bitPattern: first) else { return }
    // Locked meanwhile, so that nobody unmaps it and maps something else there.
    mapped.withLock { mapped in
      if find(bytes, in: mapped) != nil { madvise(address, Int(end - first), Int32(MADV_DONTNEED)) }
    }
  }

  /// Whether nobody has written to the file of these bytes since it was mapped, where they are a file's.
  static func isUnchanged(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let file = mapped.withLock({ find(bytes, in: $0) }) else { return true }
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else { return true }
    return status.st_size == file.size && status.written.tv_sec == file.written.tv_sec
      && status.written.tv_nsec == file.written.tv_nsec
  }

  private static func find(_ bytes: UnsafeRawBufferPointer, in mapped: [UInt: Mapped]) -> Mapped? {
    let start = UInt(bitPattern: bytes.baseAddress)
    return mapped.first { $0.key <= start && start + UInt(bytes.count) <= $0.key + UInt($0.value.size) }?.value
  }

  /// Of less, asking the system costs more than it gives.
  private static let leastRelease = 1 << 18

  /// The system's words for the last failed call.
  static func systemMessage() -> String { String(cString: strerror(errno)) }
}

extension stat {
  /// When the file was last written to.
  fileprivate var written: timespec {
    #if canImport(Darwin)
      st_mtimespec
    #else
      st_mtim
    #endif
  }
}
