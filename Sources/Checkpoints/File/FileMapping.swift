import Foundation

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
    return Data(bytesNoCopy: address, count: size, deallocator: .custom { munmap($0, $1) })
  }

  /// The system's words for the last failed call.
  static func systemMessage() -> String { String(cString: strerror(errno)) }
}
